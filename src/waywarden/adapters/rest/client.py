"""Calls as the file describes them, and what stands in their answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urljoin

from waywarden.adapters.calling import answered
from waywarden.adapters.rest.auth import Credentials
from waywarden.adapters.rest.options import Call, Paging
from waywarden.adapters.rest.reading import decoded, rows_of
from waywarden.adapters.rest.templating import Templates, Values, found
from waywarden.kernel.errors import BadReply, Misconfigured, WaywardenError
from waywarden.kernel.http import Answer, Way

MOST_PAGES = 10_000
NOT_FOUND = 404
_NO_CALLER = 401


class RestClient:
    """One system. Threads may share it."""

    def __init__(
        self, way: Way, url: str, *, credentials: Credentials, templates: Templates
    ) -> None:
        self._way, self._url = way, url.rstrip("/")
        self._credentials, self._templates = credentials, templates

    def send(self, call: Call, values: Values, *, also: Iterable[int] = ()) -> Answer:
        """Makes a call that changes something."""
        body = self._templates.filled(call.body, values) if call.body else None
        given = {name: self._templates.text(one, values) for name, one in call.headers.items()}
        address = self.address(call.path, call.query, values)

        def ask(headers: Mapping[str, str]) -> Answer:
            headers = {**headers, **given}
            if call.method == "GET":
                return self._way.get(address, headers=headers)
            return self._way.post(
                address, json={} if body is None else body, headers=headers, method=call.method
            )

        with _named(call.method, address):
            return self._asked(ask, also=also)

    def read(self, address: str, *, also: Iterable[int] = ()) -> Answer:
        """Asks for an address."""
        with _named("GET", address):
            return self._asked(lambda headers: self._way.get(address, headers=headers), also=also)

    def address(self, path: str, query: Mapping[str, str], values: Values) -> str:
        """A path and its parameters; empty parameters are left out."""
        filled = {name: self._templates.text(one, values) for name, one in query.items()}
        return self.with_query(
            self._url + self._templates.path(path, values),
            {name: one for name, one in filled.items() if one},
        )

    def with_query(self, address: str, query: Mapping[str, str]) -> str:
        """An address with further parameters."""
        if not query:
            return address
        return address + ("&" if "?" in address else "?") + urlencode(query)

    def pages(
        self, address: str, paging: Paging, path: str, *, start: str = ""
    ) -> Iterator[tuple[Any, str]]:
        """The JSON of each page of a list, its rows at `path`, and what tells the next page.

        `start` is a cursor to go on from. Raises BadReply for circles.
        """
        seen: set[str] = set()
        mark = str(paging.first) if paging.kind in ("page", "offset") else start
        here = address
        for _turn in range(MOST_PAGES):
            asked = self._page_address(here, paging, mark)
            if asked in seen:
                break
            seen.add(asked)
            plain = decoded(self.read(asked))
            after = self._next_mark(paging, mark, plain, path)
            yield plain, after
            is_last = paging.kind == "cursor" and after == mark and not rows_of(plain, path)
            if not after or is_last:  # some name the last cursor again when there is no more
                return
            mark = after
            if paging.kind == "link":
                here = urljoin(asked, mark)
        message = "The system's list leads in circles."
        raise BadReply(message)

    def _page_address(self, address: str, paging: Paging, mark: str) -> str:
        query = {}
        if paging.size_parameter and paging.kind != "link":
            query[paging.size_parameter] = str(paging.size)
        if mark and paging.kind in ("page", "offset", "cursor"):
            query[paging.parameter] = mark
        return self.with_query(address, query)

    def _next_mark(self, paging: Paging, mark: str, plain: Any, path: str) -> str:
        """What tells the next page, "" when this was the last. Its rows are at `path`."""
        if paging.kind in ("cursor", "link"):
            return str(found(paging.next, plain) or "")
        rows = len(rows_of(plain, path))
        if paging.kind == "none" or not rows or rows < paging.size:
            return ""
        return str(int(mark) + (1 if paging.kind == "page" else rows))

    def _asked(
        self, ask: Callable[[Mapping[str, str]], Answer], *, also: Iterable[int] = ()
    ) -> Answer:
        """Asks; once more with another token when the system did not take the first."""
        allowed = [*also, _NO_CALLER]
        answer = answered(lambda: ask(self._credentials.headers()), also=allowed)
        if answer.status == _NO_CALLER and self._credentials.forget():
            answer = answered(lambda: ask(self._credentials.headers()), also=allowed)
        if answer.status == _NO_CALLER and _NO_CALLER not in also:
            message = "The system does not accept this adapter's key."
            raise Misconfigured(message)
        return answer


@contextmanager
def _named(method: str, address: str) -> Iterator[None]:
    """Notes for the operator which call it was that failed."""
    try:
        yield
    except WaywardenError as error:
        error.add_note(f"({method} {address.partition('?')[0]})")
        raise
