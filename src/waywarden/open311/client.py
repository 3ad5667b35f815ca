"""Asks an Open311 server, and judges what came (open311.md 2 and 4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from waywarden.kernel import clock
from waywarden.kernel.http import Answer, LostReply, NotReached, TooLarge, Way
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import documents, filters, params, types
from waywarden.open311.documents import Source
from waywarden.open311.errors import Fault, NotOpen311, Unreachable
from waywarden.open311.noting import Noting
from waywarden.open311.pages import Listing, pages_of

T = TypeVar("T")
Deviations = list[types.Deviation] | None

#: What the reader says of a row that it leaves out.
UNUSABLE = ("row-without-id", "row-with-token-only", "not-an-object")
LONGEST_WAIT = timedelta(days=1)
"""A `Retry-After` beyond this is taken for this."""


class Client:
    """One endpoint, under one jurisdiction. Safe between threads.

    Every method raises only Fault (the server said no), NotOpen311 (what came is no Open311) and
    Unreachable (nothing came; `was_sent` tells whether it may have arrived). Methods that read
    take `deviations`, a list for what was forgiven. Lists of requests and updates are streamed:
    their errors come while the rows are consumed.

    `endpoint` is the base URL; a query string in it goes with every call. `zone` is for dates
    that have none. `key_on_get` sends the key on every GET, not only on updates. `extra` are
    further parameters of every call. `attribute_style` is `repeat` or `brackets`. With
    `is_projected`, `lat` and `long` hold northing and easting in the projection's metres.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        endpoint: str,
        *,
        way: Way,
        jurisdiction_id: str = "",
        api_key: str = "",
        key_on_get: bool = False,
        format: str = "xml",  # noqa: A002 - the protocol's own word
        zone: tzinfo = UTC,
        attribute_style: str = "repeat",
        extra: Mapping[str, str] | None = None,
        is_projected: bool = False,
    ) -> None:
        self._endpoint = urlsplit(endpoint.strip())
        self._way, self._format, self._zone = way, format, zone
        self._jurisdiction_id, self._api_key = jurisdiction_id, api_key
        self._key_on_get = key_on_get
        self._attribute_style, self._is_projected = attribute_style, is_projected
        self._extra = tuple((extra or {}).items())

    def url(self, *path: str) -> str:
        """The address of a method: each part percent-encoded, slashes too."""
        parts = "/".join(quote(part, safe="") for part in path)
        base = self._endpoint.path.rstrip("/")
        return urlunsplit(self._endpoint._replace(path=f"{base}/{parts}.{self._format}"))

    def discovery(self, *, deviations: Deviations = None) -> types.Discovery:
        """GET discovery."""
        return self._ask(documents.read_discovery, "discovery", deviations=deviations)

    def services(self, *, deviations: Deviations = None) -> list[types.Service]:
        """GET services."""
        return list(self._stream(documents.read_services, "services", deviations=deviations))

    def service_definition(
        self, service_code: str, *, deviations: Deviations = None
    ) -> types.ServiceDefinition:
        """GET services/CODE."""

        def read(data: bytes, source: Source) -> types.ServiceDefinition:
            return documents.read_definition(data, service_code, source)

        return self._ask(read, "services", service_code, deviations=deviations)

    def create_request(
        self, new: types.NewRequest, *, deviations: Deviations = None
    ) -> types.Receipt:
        """POST requests. A success holds an id or a token; anything less raises."""
        return self._post(
            documents.read_receipt,
            "requests",
            pairs=params.request_pairs(new, style=self._attribute_style),
            uploads=new.uploads,
            key=new.idempotency_key,
            deviations=deviations,
        )

    def create_update(
        self, new: types.NewUpdate, *, deviations: Deviations = None
    ) -> types.UpdateReceipt:
        """POST servicerequestupdates. A success holds an id or a token; anything less raises."""
        return self._post(
            documents.read_update_receipt,
            "servicerequestupdates",
            pairs=params.update_pairs(new, style=self._attribute_style),
            uploads=new.uploads,
            key=new.idempotency_key,
            deviations=deviations,
        )

    def token(self, token: str, *, deviations: Deviations = None) -> types.TokenAnswer:
        """GET tokens/TOKEN; the id is "" while it is not ready (404 says so too)."""
        return self._token(documents.read_token, "tokens", token, deviations)

    def update_token(self, token: str, *, deviations: Deviations = None) -> types.TokenAnswer:
        """GET update_tokens/TOKEN; the id is "" while it is not ready (404 says so too)."""
        return self._token(documents.read_update_token, "update_tokens", token, deviations)

    def requests(
        self, query: types.RequestQuery | None = None, *, deviations: Deviations = None
    ) -> Iterator[types.ServiceRequest]:
        """GET requests, streamed."""
        return self._stream(
            documents.read_requests,
            "requests",
            pairs=filters.request_filter_pairs(query or types.RequestQuery()),
            deviations=deviations,
        )

    def all_requests(
        self,
        query: types.RequestQuery,
        listing: Listing,
        *,
        most: int = filters.MOST_ROWS,
        deviations: Deviations = None,
    ) -> Iterator[types.ServiceRequest]:
        """GET requests, streamed, page after page where the server has pages.

        `listing` tells afterwards whether the list was cut at `most` rows. With an `etag` in it
        a server that has nothing new answers so, and no row comes.
        """

        def ask(pairs: list[params.Pair]) -> Iterator[types.ServiceRequest]:
            return self._stream(
                documents.read_requests,
                "requests",
                pairs=pairs,
                listing=listing,
                deviations=deviations,
            )

        yield from pages_of(ask, query, listing, most=most)

    def request(
        self, service_request_id: str, *, deviations: Deviations = None
    ) -> types.ServiceRequest:
        """GET requests/ID. Raises Fault 404 when it is unknown, an empty list included."""
        rows = self._stream(
            documents.read_requests, "requests", service_request_id, deviations=deviations
        )
        for row in rows:
            return row
        message = "The server knows no such request."
        raise Fault(message, status=404)

    def updates(
        self, query: types.UpdateQuery | None = None, *, deviations: Deviations = None
    ) -> Iterator[types.ServiceRequestUpdate]:
        """GET servicerequestupdates, streamed."""
        return self._stream(
            documents.read_updates,
            "servicerequestupdates",
            pairs=filters.update_filter_pairs(query or types.UpdateQuery()),
            with_key=True,
            deviations=deviations,
        )

    def _shared(self, *, with_key: bool) -> list[params.Pair]:
        pairs = [("jurisdiction_id", self._jurisdiction_id), *self._extra]
        if with_key or self._key_on_get:
            pairs.append(("api_key", self._api_key))
        return [(name, value) for name, value in pairs if value]

    def _source(self, deviations: Deviations, status: int) -> Source:
        return Source(
            zone=self._zone,
            noting=Noting(deviations),
            status=status,
            format=self._format,
            is_projected=self._is_projected,
        )

    def _ask(self, read: Callable[[bytes, Source], T], *path: str, deviations: Deviations) -> T:
        with _translated():
            answer = self._way.get(self.url(*path), params=self._shared(with_key=False))
        return self._read(answer, read, deviations)

    def _read(
        self, answer: Answer, read: Callable[[bytes, Source], T], deviations: Deviations
    ) -> T:
        if not 200 <= answer.status < 300:
            raise self._fault(answer.status, answer.headers, answer.body)
        with _at_status(answer.status):
            return read(answer.body, self._source(deviations, answer.status))

    def _token(
        self,
        read: Callable[[bytes, str, Source], types.TokenAnswer],
        place: str,
        token: str,
        deviations: Deviations,
    ) -> types.TokenAnswer:
        try:
            return self._ask(
                lambda data, source: read(data, token, source), place, token, deviations=deviations
            )
        except Fault as fault:
            if fault.status != 404:
                raise
            return types.TokenAnswer(token=token)

    def _stream(
        self,
        read: Callable[[Iterable[bytes], Source], Iterator[T]],
        *path: str,
        pairs: Iterable[params.Pair] = (),
        with_key: bool = False,
        listing: Listing | None = None,
        deviations: Deviations,
    ) -> Iterator[T]:
        shared = self._shared(with_key=with_key)
        names = {name for name, _value in shared}
        asked = [*shared, *(pair for pair in pairs if pair[0] not in names)]
        headers = {"If-None-Match": listing.etag} if listing is not None and listing.etag else {}
        url = self.url(*path)
        with _translated(), self._way.stream(url, params=asked, headers=headers) as reply:
            if listing is not None:
                listing.is_unchanged = bool(headers) and reply.status == 304
                if listing.is_unchanged:
                    return
                listing.etag = reply.headers.get("ETag", "")
                listing.link = reply.headers.get("Link", "")
            if not 200 <= reply.status < 300:
                raise self._fault(reply.status, reply.headers, reply.read())
            source = self._source(deviations, reply.status)
            with _at_status(reply.status):
                yield from read(reply.chunks(), source)
            if listing is not None:
                listing.unusable = sum(source.noting.counts[code] for code in UNUSABLE)

    def _post(
        self,
        read: Callable[[bytes, Source], T],
        path: str,
        *,
        pairs: list[params.Pair],
        uploads: tuple[types.Upload, ...],
        key: str,
        deviations: Deviations,
    ) -> T:
        headers = {"Idempotency-Key": key} if key else {}
        form = [*self._shared(with_key=True), *pairs]
        with _translated():
            answer = self._way.post(self.url(path), form=form, uploads=uploads, headers=headers)
        return self._read(answer, read, deviations)

    def _fault(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        items = documents.read_errors(body, Source(status=status))
        told = next((item.description for item in items if item.description), "")
        message = f"The server answered {status}"
        if told:
            message += f": {shorten(one_line(told), 300)}"
        wait = retry_after(headers.get("Retry-After", ""), now=clock.now())
        return Fault(message, status=status, items=items, retry_after=wait)


def retry_after(header: str, *, now: datetime) -> timedelta | None:
    """The wait that a `Retry-After` asks for, in seconds or as a date; None when it says none."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, IndexError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_WAIT)


@contextmanager
def _translated() -> Iterator[None]:
    """The errors of the way out, as those of the protocol."""
    try:
        yield
    except NotReached as error:
        raise Unreachable(str(error), was_sent=False) from error
    except LostReply as error:
        raise Unreachable(str(error), was_sent=True) from error
    except TooLarge as error:
        raise NotOpen311(str(error)) from error


@contextmanager
def _at_status(status: int) -> Iterator[None]:
    """Tells what could not be read with which HTTP status it came."""
    try:
        yield
    except NotOpen311 as error:
        if error.status is None:
            error.status = status
        raise
