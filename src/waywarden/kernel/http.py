"""The one way out: guarded, bounded, recorded HTTP. No other module opens a connection to others.

Guarded: only http and https; the address a name leads to is checked and that very address is
connected to, so a name cannot be pointed elsewhere between the check and the call. Bounded: time
to connect, time for each read and for all reads together, bytes before and after decompression.
Recorded: each call once, masked. Proxies named in the environment are ignored.
"""

import http.client
import json as stdlib_json
import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import (
    HTTPError,
)
from urllib3.filepost import encode_multipart_formdata

from waywarden.kernel import clock, guard
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.guard import ForbiddenAddress, Limits, LostReply, NotReached, TooLarge
from waywarden.kernel.secrets import MASK, is_secret_name, masked_json, masked_url, without_values
from waywarden.kernel.text import without_control_characters

__all__ = [
    "Answer",
    "Exchange",
    "File",
    "ForbiddenAddress",
    "HeldBack",
    "Limits",
    "LostReply",
    "NotReached",
    "Reply",
    "TooLarge",
    "Way",
]

KEPT_CHARACTERS = 20_000
"""How much of a request and of an answer a record keeps."""
REDIRECTS = 5
PIECE = 65_536
USUAL_LIMITS = Limits()
OWN_HEADERS = {"User-Agent": "Waywarden", "Accept-Encoding": "gzip"}
PORTS = {"http": 80, "https": 443}
REDIRECTING = frozenset({301, 302, 303, 307, 308})

Pairs = Iterable[tuple[str, str]] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and what came, masked, for a person to read."""

    method: str
    url: str
    request: str
    """Headers, a blank line, the form; files are named and not included."""
    status: int | None
    response: str
    started_at: datetime
    seconds: float
    error: str
    clock_ahead: float | None = None
    """Seconds that the other side's clock is ahead of ours, by the Date of its answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` is case-insensitive; `url` is where redirects led."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Bearer(Protocol):
    """Gives the token of calls; one that is not taken is forgotten and asked for anew, once."""

    def token(self) -> str: ...
    def forget(self, token: str) -> None: ...


class HeldBack(WaywardenError):
    """A rehearsal: it was made ready, and did not go out."""


class File(Protocol):
    """A file that travels as a multipart part."""

    @property
    def name(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Reply:
    """An answer being read. Read it inside the `with` that gave it."""

    def __init__(self, response: urllib3.BaseHTTPResponse, *, url: str, max_bytes: int) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self.kept = bytearray()
        self._response, self._left = response, max_bytes

    def chunks(self) -> Iterator[bytes]:
        """The rest of the body, decompressed, piece by piece. Raises LostReply, TooLarge."""
        while piece := self.read(PIECE):
            yield piece

    def read(self, amount: int = -1) -> bytes:
        """Up to `amount` bytes, all when negative; b"" at the end. Raises LostReply, TooLarge."""
        if amount < 0:
            return b"".join(self.chunks())
        try:
            piece = self._response.read1(amount)
        except (HTTPError, OSError, http.client.HTTPException) as error:
            raise LostReply(guard.reading_trouble(error)) from error
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge
        if len(self.kept) < KEPT_CHARACTERS:
            self.kept += piece[:KEPT_CHARACTERS]
        return piece

    def close(self) -> None:
        """Lets go of the connection; one that was not read to its end is closed."""
        self._response.close()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    shown: str
    """The body for the record, not masked by value yet."""
    hidden: tuple[str, ...]
    """Values that must not be seen in a record."""


class Way:
    """How calls for one connection go out. Safe between threads; connections are kept and shared.

    `allowed_private`: what may be reached though private (`host`, `host:port`, address, network).
    `record` gets every call once. `masked` are secret values to hide in records. In a rehearsal
    each call is recorded and raises HeldBack instead. With `hosts` only these may be called.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        *,
        limits: Limits = USUAL_LIMITS,
        allowed_private: Iterable[str] = frozenset(),
        record: Callable[[Exchange], None] | None = None,
        headers: Mapping[str, str] | None = None,
        basic_auth: tuple[str, str] | None = None,
        proxy: str = "",
        client_cert: str = "",
        masked: tuple[str, ...] = (),
        is_rehearsal: bool = False,
        hosts: Iterable[str] = (),
        bearer: Bearer | None = None,
    ) -> None:
        self.limits = limits
        self._hosts = frozenset(host.lower() for host in hosts)
        self._allowed = frozenset(entry.strip().lower() for entry in allowed_private)
        self._record = record
        self._proxy, self._client_cert = proxy, client_cert
        self.is_rehearsal, self._bearer = is_rehearsal, bearer
        self._headers = dict(headers or {})
        if basic_auth:
            login = b64encode(":".join(basic_auth).encode()).decode()
            self._headers["Authorization"] = f"Basic {login}"
        hidden = (*masked, basic_auth[1] if basic_auth else "", urlsplit(proxy).password or "")
        self._masked = tuple(value for value in hidden if value)

    def get(
        self, url: str, *, params: Pairs = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Asks and reads it all. Raises NotReached, LostReply, TooLarge; never for a status."""
        with self.stream(url, params=params, headers=headers) as reply:
            return Answer(reply.status, reply.headers, reply.read(), reply.url)

    def post(
        self,
        url: str,
        *,
        form: Pairs = (),
        uploads: Iterable[File] = (),
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> Answer:
        """Sends a form (multipart when there are uploads), JSON, or bytes. Never redirected."""
        fields, files = _pairs(form), tuple(uploads)
        if json is not None:
            body, kind = stdlib_json.dumps(json).encode(), "application/json; charset=utf-8"
            shown = stdlib_json.dumps(masked_json(json), ensure_ascii=False)
        elif body is not None:
            kind, shown = "application/octet-stream", body.decode(errors="replace")
        else:
            body, kind = _form_body(fields, files)
            shown = _shown_form(fields, files)
        given = _merged({"Content-Type": kind}, headers or {})
        request = self._request(method, url, given, body=body, shown=shown, fields=fields)
        with self._exchange(request) as reply:
            return Answer(reply.status, reply.headers, reply.read(), reply.url)

    def stream(
        self, url: str, *, params: Pairs = (), headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Reply]:
        """Asks, and gives a Reply to read bit by bit: `with way.stream(url) as reply`."""
        fields = _pairs(params)
        if fields:
            url += ("&" if "?" in url else "?") + urlencode(fields)
        return self._exchange(self._request("GET", url, headers or {}, fields=fields))

    def hold_back(self, method: str, url: str, text: str) -> NoReturn:
        """In a rehearsal, records what would leave by another way than HTTP (a mail), too."""
        self.note(method, url, text, began=clock.now())
        raise HeldBack

    def note(
        self, method: str, url: str, text: str, *, began: datetime, came: str = "", error: str = ""
    ) -> None:
        """Records what left by another way than HTTP, and what came of it until now."""
        if self._record is not None:
            request = _Request(method, url, {}, None, text, self._masked)
            took = (clock.now() - began).total_seconds()
            self._record(replace(_exchange_of(request, None, began, took, error), response=came))

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        fields: list[tuple[str, str]],
        body: bytes | None = None,
        shown: str = "",
    ) -> _Request:
        whole = _merged(OWN_HEADERS, self._headers, headers)
        named = [*fields, *whole.items(), *parse_qsl(url.partition("?")[2])]
        # A short value would blot out half of a record; its own field is masked all the same.
        hidden = {value for name, value in named if is_secret_name(name) and len(value) > 5}
        return _Request(method, url, whole, body, shown, (*self._masked, *hidden))

    @contextmanager
    def _exchange(self, request: _Request) -> Iterator[Reply]:
        """One call: sent, read by the caller, closed, and recorded exactly once."""
        started_at, began = clock.now(), time.monotonic()
        reply: Reply | None = None
        trouble = ""
        try:
            if self.is_rehearsal:
                raise HeldBack
            reply = self._send(request)
            yield reply
        except Exception as error:
            trouble = str(error) if isinstance(error, WaywardenError) else type(error).__name__
            raise
        finally:
            if reply is not None:
                reply.close()
            if self._record is not None:
                seconds = time.monotonic() - began
                self._record(_exchange_of(request, reply, started_at, seconds, trouble))

    def _send(self, request: _Request) -> Reply:
        if self._bearer is None:
            return self._follow(request, request.headers)
        for is_last in (False, True):
            token = self._bearer.token()
            reply = self._follow(request, {**request.headers, "Authorization": f"Bearer {token}"})
            if reply.status != 401 or is_last:
                break
            reply.close()
            self._bearer.forget(token)
        return reply

    def _follow(self, request: _Request, headers: Mapping[str, str]) -> Reply:
        url = request.url
        for _ in range(REDIRECTS + 1):
            response = self._send_once(request, url, headers)
            target = response.headers.get("Location", "")
            if request.method != "GET" or response.status not in REDIRECTING or not target:
                return Reply(response, url=url, max_bytes=self.limits.max_bytes)
            response.close()
            url, before = urljoin(url, target), url
            if _origin(url) != _origin(before):
                # Another host must not learn the credentials of this one.
                headers = OWN_HEADERS
        message = "The other side redirects in circles."
        raise LostReply(message)

    def _send_once(
        self, request: _Request, url: str, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        guard.calling.limits, guard.calling.went_out = self.limits, False
        timeout = urllib3.Timeout(self.limits.connect_seconds, self.limits.read_seconds)
        try:
            self._check(url)
            return guard.pool_for(
                os.getpid(), self._allowed, self._proxy, self._client_cert
            ).urlopen(
                request.method,
                url,
                body=request.body,
                headers=headers,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            if guard.calling.went_out:
                raise LostReply(guard.reading_trouble(error)) from error
            raise NotReached(guard.reaching_trouble(error)) from error

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            message = "Only http and https addresses can be called."
            raise ForbiddenAddress(message)
        if self._hosts and parts.hostname not in self._hosts:
            raise ForbiddenAddress(f"{parts.hostname} is none of the hosts that may be called.")
        if self._proxy:  # the proxy connects, so what can be told is told before asking it
            port = parts.port or PORTS[parts.scheme]
            try:
                guard.checked_addresses(parts.hostname, port, self._allowed)
            except guard.UnknownHost:
                return  # only the proxy knows the name


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _merged(*parts: Mapping[str, str]) -> dict[str, str]:
    """Headers of several sources, the later win; names ignore case."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        found.update({name.lower(): (name, value) for name, value in part.items()})
    return dict(found.values())


def _pairs(given: Pairs) -> list[tuple[str, str]]:
    return list(given.items() if isinstance(given, Mapping) else given)


def _form_body(fields: list[tuple[str, str]], files: tuple[File, ...]) -> tuple[bytes, str]:
    if not files:
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    parts = [(file.name, (file.filename, file.data, file.content_type)) for file in files]
    return encode_multipart_formdata([*fields, *parts])


def _shown_form(fields: list[tuple[str, str]], files: tuple[File, ...]) -> str:
    lines = [f"{name}={MASK if is_secret_name(name) else value}" for name, value in fields]
    lines += [f"{f.name}: {f.filename}, {f.content_type}, {len(f.data)} bytes" for f in files]
    return "\n".join(lines)


def _exchange_of(
    request: _Request, reply: Reply | None, started_at: datetime, seconds: float, trouble: str
) -> Exchange:
    heads = "\n".join(
        f"{name}: {MASK if is_secret_name(name) else value}"
        for name, value in request.headers.items()
    )
    came = bytes(reply.kept).decode(errors="replace") if reply else ""
    return Exchange(
        method=request.method,
        url=without_values(request.hidden, masked_url(request.url)),
        request=without_values(request.hidden, f"{heads}\n\n{request.shown}")[:KEPT_CHARACTERS],
        status=reply.status if reply else None,
        response=without_values(request.hidden, without_control_characters(came))[:KEPT_CHARACTERS],
        started_at=started_at,
        seconds=seconds,
        error=without_values(request.hidden, trouble),
        clock_ahead=clock.seconds_ahead(reply.headers, since=started_at) if reply else None,
    )
