"""Answers Open311 calls for any Provider: a WSGI application (open311.md 2, 4 and 6)."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain, islice
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import filters, forms, pages, params, types, writing
from waywarden.open311.params import Fields
from waywarden.open311.provider import Call, Placed, Provider, ProviderError, Revised

log = logging.getLogger(__name__)

MAX_BODY = 64_000_000
"""Bytes of a POST: a handful of photos."""
WHOLE_BYTES = 65_536
"""An answer up to this is sent with its length; a longer one is streamed."""

CONTENT_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}

_PATH = re.compile(
    r"/(?P<method>discovery|services|requests|tokens|update_tokens|servicerequestupdates)"
    r"(?:/(?P<item>.+))?\.(?P<format>xml|json)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One call on its way to the provider."""

    call: Call
    fields: Fields
    item: str
    format: str
    path: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """What goes back with the answer; handlers add to it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back: its beginning, and the rest when that was not all."""

    status: int
    headers: list[tuple[str, str]]
    beginning: bytes
    rest: Iterator[bytes]


Handler = Callable[[Provider, Asked], Iterator[str]]


def _discovery(provider: Provider, asked: Asked) -> Iterator[str]:
    return writing.write_discovery(provider.discovery(asked.call), asked.format)


def _services(provider: Provider, asked: Asked) -> Iterator[str]:
    place = filters.place_of(asked.fields)
    if place is not None and isinstance(provider, Placed):
        return writing.write_services(provider.services_at(asked.call, *place), asked.format)
    return writing.write_services(provider.services(asked.call), asked.format)


def _definition(provider: Provider, asked: Asked) -> Iterator[str]:
    found = provider.service_definition(asked.call, asked.item)
    return writing.write_definition(found, asked.format)


def _requests(provider: Provider, asked: Asked) -> Iterator[str]:
    query = filters.request_filter_of(asked.fields)
    rows = iter(provider.requests(asked.call, query))
    beginning = list(islice(rows, query.page_size or filters.MOST_ROWS))
    links = pages.links_of(asked.path, asked.fields.pairs, query, rows=len(beginning))
    if links:
        asked.headers.append(("Link", links))
    return writing.write_requests(chain(beginning, rows), asked.format)


def _request(provider: Provider, asked: Asked) -> Iterator[str]:
    query = types.RequestQuery(service_request_ids=(asked.item,))
    for found in provider.requests(asked.call, query):
        return writing.write_requests([found], asked.format)
    raise ProviderError(404, "service_request_id is not known.")


def _create_request(provider: Provider, asked: Asked) -> Iterator[str]:
    new = params.request_of(asked.fields, idempotency_key=asked.call.idempotency_key)
    return writing.write_receipt(provider.create_request(asked.call, new), asked.format)


def _updates(provider: Provider, asked: Asked) -> Iterator[str]:
    query = filters.update_filter_of(asked.fields)
    return writing.write_updates(provider.updates(asked.call, query), asked.format)


def _create_update(provider: Provider, asked: Asked) -> Iterator[str]:
    new = params.update_of(asked.fields, idempotency_key=asked.call.idempotency_key)
    return writing.write_update_receipt(provider.create_update(asked.call, new), asked.format)


def _token(provider: Provider, asked: Asked) -> Iterator[str]:
    return writing.write_token(provider.token(asked.call, asked.item), asked.format)


def _update_token(provider: Provider, asked: Asked) -> Iterator[str]:
    return writing.write_update_token(provider.update_token(asked.call, asked.item), asked.format)


ROUTES: dict[tuple[str, bool], dict[str, Handler]] = {
    ("discovery", False): {"GET": _discovery},
    ("services", False): {"GET": _services},
    ("services", True): {"GET": _definition},
    ("requests", False): {"GET": _requests, "POST": _create_request},
    ("requests", True): {"GET": _request},
    ("tokens", True): {"GET": _token},
    ("update_tokens", True): {"GET": _update_token},
    ("servicerequestupdates", False): {"GET": _updates, "POST": _create_update},
}
"""Method of the protocol, and whether an item is named → HTTP method → handler."""


class _RefusedError(ProviderError):
    """Refused before the provider was asked."""

    def __init__(self, status: int, description: str, *headers: tuple[str, str]) -> None:
        super().__init__(status, description)
        self.headers = headers


class Open311App:
    """A WSGI application that speaks Open311 for a provider.

    `prefix` is the part of the path before the methods, such as `/open311/v2`. Every failure is
    an errors document in the asked format (XML when none was asked) without internals.
    """

    def __init__(self, provider: Provider, *, prefix: str = "", max_body: int = MAX_BODY) -> None:
        self._provider = provider
        self._prefix = prefix.rstrip("/")
        self._max_body = max_body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self.answer(environ)
        start_response(f"{response.status} {_reason(response.status)}", response.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return chain([response.beginning], response.rest)

    def answer(self, environ: WSGIEnvironment) -> Response:
        """The response to a WSGI request. Only reading its `rest` may raise."""
        path = _path_of(environ)
        found = _PATH.fullmatch(path.removeprefix(self._prefix))
        if not path.startswith(self._prefix):
            found = None
        kind = found["format"] if found else _wished_format(path, environ)
        try:
            if found is None:
                return _failed(kind, _RefusedError(404, "There is no such address here."))
            handler = _handler_for(found["method"], found["item"], environ["REQUEST_METHOD"])
            asked = self._asked(environ, item=found["item"] or "", kind=kind)
            if environ["REQUEST_METHOD"] != "POST" and isinstance(self._provider, Revised):
                mark = _mark(asked, self._provider)
                if pages.is_held(mark, environ.get("HTTP_IF_NONE_MATCH", "")):
                    return Response(304, [("ETag", mark)], b"", iter(()))
                # What a key shows is for its holder: no cache on the way may keep it.
                kept = "private, no-cache" if asked.call.api_key else "no-cache"
                asked.headers.extend([("ETag", mark), ("Cache-Control", kept)])
            return _response(200, kind, handler(self._provider, asked), asked.headers)
        except RuleBroken as error:
            return _failed(kind, ProviderError(400, str(error)))
        except ProviderError as error:
            return _failed(kind, error)
        except Exception:  # the server's rim: what a provider did not foresee must not leak
            log.exception("A provider failed on %s", environ.get("PATH_INFO", ""))
            return _failed(kind, ProviderError(500, "Something went wrong here; it was noted."))

    def _asked(self, environ: WSGIEnvironment, *, item: str, kind: str) -> Asked:
        fields, body = forms.read_query(environ.get("QUERY_STRING", "")), b""
        if environ["REQUEST_METHOD"] == "POST":
            body = self._body(environ)
            form = forms.read_form(body, environ.get("CONTENT_TYPE", ""))
            fields = Fields([*fields.pairs, *form.pairs], form.uploads)
        call = Call(
            jurisdiction_id=fields.text("jurisdiction_id"),
            api_key=fields.text("api_key"),
            idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY", "").strip(),
            body_bytes=len(body),
        )
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return Asked(
            call=call,
            fields=fields,
            item=item,
            format=kind,
            path=quote(path.encode("latin-1", "replace")),
        )

    def _too_large(self) -> _RefusedError:
        return _RefusedError(413, f"The body is larger than {self._max_body} bytes.")

    def _body(self, environ: WSGIEnvironment) -> bytes:
        length = environ.get("CONTENT_LENGTH") or ""
        if length and not (length.isascii() and length.isdigit() and len(length) < 16):
            message = "Content-Length is no number."
            raise RuleBroken(message)
        if not length and not environ.get("wsgi.input_terminated"):
            return b""
        if length and int(length) > self._max_body:
            raise self._too_large()
        body: bytes = environ["wsgi.input"].read(int(length) if length else self._max_body + 1)
        if len(body) > self._max_body:
            raise self._too_large()
        if length and len(body) < int(length):
            message = "The body is cut off."
            raise RuleBroken(message)
        return body


def _mark(asked: Asked, provider: Revised) -> str:
    """The ETag. The revision is read before the rows: a change in between makes it too old only."""
    return pages.etag_of(asked.path, asked.fields.pairs, provider.revision(asked.call))


def _handler_for(method: str, item: str | None, verb: str) -> Handler:
    handlers = ROUTES.get((method, bool(item)))
    if handlers is None:
        raise _RefusedError(404, "There is no such address here.")
    handler = handlers.get("GET" if verb == "HEAD" else verb)
    if handler is None:
        allowed = ", ".join(handlers)
        raise _RefusedError(405, f"Only {allowed} is possible here.", ("Allow", allowed))
    return handler


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _path_of(environ: WSGIEnvironment) -> str:
    path: str = environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _wished_format(path: str, environ: WSGIEnvironment) -> str:
    """The format of an error where the path is none of ours."""
    if path.endswith(".json") or "json" in environ.get("HTTP_ACCEPT", ""):
        return "json"
    return "xml"


def _response(
    status: int, kind: str, pieces: Iterator[str], headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """Takes the beginning now, so that a provider's early error still becomes a status."""
    beginning, is_whole = _first_of(pieces)
    sent = [("Content-Type", CONTENT_TYPES[kind]), *headers]
    if is_whole:
        sent.append(("Content-Length", str(len(beginning))))
    return Response(status, sent, beginning, iter(()) if is_whole else _blocks(pieces))


def _failed(kind: str, error: ProviderError) -> Response:
    headers = list(error.headers) if isinstance(error, _RefusedError) else []
    if error.retry_after is not None:
        headers.append(("Retry-After", str(max(int(error.retry_after.total_seconds()), 1))))
    items = [types.ErrorItem(str(error.status), error.description)]
    return _response(error.status, kind, writing.write_errors(items, kind), headers)


def _first_of(pieces: Iterator[str]) -> tuple[bytes, bool]:
    """The beginning of an answer, and whether that is all of it."""
    taken: list[bytes] = []
    size = 0
    for piece in pieces:
        taken.append(piece.encode())
        size += len(taken[-1])
        if size > WHOLE_BYTES:
            return b"".join(taken), False
    return b"".join(taken), True


def _blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """Gathers small pieces. An error now breaks the document off, so that nobody takes it whole."""
    while True:
        block, is_finished = _first_of(pieces)
        if block:
            yield block
        if is_finished:
            return
