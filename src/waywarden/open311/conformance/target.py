"""The server that is judged: asks it, each thing once, and keeps what came."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from waywarden.kernel import clock
from waywarden.kernel.http import Answer, LostReply, NotReached, TooLarge, Way
from waywarden.kernel.secrets import masked_url
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import documents, types
from waywarden.open311.client import Client
from waywarden.open311.dates import write_date
from waywarden.open311.documents import Source
from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.noting import Noting

T = TypeVar("T")
Params = tuple[tuple[str, str], ...]

REQUESTS_BACK = timedelta(days=89)
"""GET requests takes at most 90 days at once."""
UPDATES_BACK = timedelta(days=30)
SAMPLED = 5
"""Definitions that are looked at."""
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as it came; `status` is None when none did, and `trouble` says why."""

    asked: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the HTTP status says that it worked."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The media type with its parameters, lower case."""
        return self.headers.get("Content-Type", "").lower()

    @property
    def short(self) -> str:
        """What came, in one line."""
        if self.status is None:
            return self.trouble
        begin = shorten(one_line(self.body[:1000].decode(errors="replace")), 160)
        return f"HTTP {self.status}: {begin}" if begin else f"HTTP {self.status}, empty"


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A document that was read. `values` is None when it could not be, and `trouble` says why."""

    heard: Heard
    values: tuple[T, ...] | None = None
    deviations: tuple[types.Deviation, ...] = ()
    trouble: str = ""

    @property
    def asked(self) -> str:
        """What was asked."""
        return self.heard.asked

    @property
    def rows(self) -> tuple[T, ...]:
        """The values, none when it could not be read."""
        return self.values or ()


class Target:
    """One endpoint, asked in the name of one caller; every question is asked once.

    `may_write` allows test reports to be posted; they are placed at `place` (latitude and
    longitude), else where a request is known.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        way: Way,
        jurisdiction_id: str = "",
        api_key: str = "",
        may_write: bool = False,
        place: tuple[float, float] | None = None,
    ) -> None:
        self.way, self.jurisdiction_id, self.api_key = way, jurisdiction_id, api_key
        self.endpoint, self.may_write, self.place = endpoint, may_write, place
        self.now = clock.now()
        self.memory: dict[str, Any] = {}
        """What checks keep for each other: a report that was posted is posted once."""
        self._heard: dict[tuple[object, ...], Heard] = {}
        self._gone = ""
        self._clients = {kind: self._client(kind) for kind in ("xml", "json")}

    def _client(self, kind: str) -> Client:
        return Client(
            self.endpoint,
            way=self.way,
            jurisdiction_id=self.jurisdiction_id,
            api_key=self.api_key,
            format=kind,
        )

    @property
    def client(self) -> Client:
        """A client in the format that the server speaks."""
        return self._clients[self.kind]

    @cached_property
    def kind(self) -> str:
        """`xml` where it can be read, else `json` where that can."""
        if self._services("xml").values is None and self._services("json").values is not None:
            return "json"
        return "xml"

    @property
    def heard(self) -> tuple[Heard, ...]:
        """Every answer so far."""
        return tuple(self._heard.values())

    def ask(
        self,
        *path: str,
        params: Params = (),
        kind: str = "",
        with_key: bool = False,
        jurisdiction_id: str | None = None,
    ) -> Heard:
        """GET; the same question is not asked twice."""
        asked = (path, params, kind or self.kind, with_key, jurisdiction_id)
        if asked not in self._heard:
            place = self.jurisdiction_id if jurisdiction_id is None else jurisdiction_id
            shared = [("jurisdiction_id", place)] if place else []
            if with_key and self.api_key:
                shared.append(("api_key", self.api_key))
            url = self._clients[kind or self.kind].url(*path)
            pairs = [*shared, *params]
            self._heard[asked] = self._hear(
                "GET", url, pairs, lambda: self.way.get(url, params=pairs)
            )
        return self._heard[asked]

    def post(self, *path: str, form: Params, api_key: str | None = None) -> Heard:
        """POST of a form; asked anew each time."""
        key = self.api_key if api_key is None else api_key
        shared = [("jurisdiction_id", self.jurisdiction_id), ("api_key", key)]
        pairs = [*((name, value) for name, value in shared if value), *form]
        url = self.client.url(*path)
        return self._hear("POST", url, pairs, lambda: self.way.post(url, form=pairs))

    def _hear(
        self, method: str, url: str, pairs: Iterable[tuple[str, str]], call: Callable[[], Answer]
    ) -> Heard:
        query = "&".join(f"{name}={value}" for name, value in pairs)
        asked = f"{method} {masked_url(f'{url}?{query}' if query else url)}"
        if method == "POST":
            asked = f"POST {masked_url(url)}"
        if self._gone:
            return Heard(asked, trouble=self._gone)
        began = time.monotonic()
        try:
            answer = call()
        except (NotReached, LostReply, TooLarge) as error:
            if isinstance(error, NotReached) and not self._heard:
                # Nobody is there: asking sixty times more would only take long.
                self._gone = str(error)
            return Heard(asked, seconds=time.monotonic() - began, trouble=str(error))
        return Heard(
            asked,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            seconds=time.monotonic() - began,
        )

    def read(
        self, heard: Heard, reader: Callable[[bytes, Source], Iterable[T]], kind: str = ""
    ) -> Read[T]:
        """Reads an answer tolerantly, keeping what had to be forgiven."""
        if not heard.is_good:
            return Read(heard, trouble=heard.short)
        noting = Noting()
        source = Source(noting=noting, status=heard.status, format=kind or self.kind)
        try:
            values = tuple(reader(heard.body, source))
        except (Fault, NotOpen311) as error:
            return Read(heard, deviations=tuple(noting.deviations), trouble=str(error))
        return Read(heard, values, tuple(noting.deviations))

    def _services(self, kind: str) -> Read[types.Service]:
        return self.read(self.ask("services", kind=kind), documents.read_services, kind)

    @cached_property
    def services(self) -> Read[types.Service]:
        """GET services, in the server's format."""
        return self._services(self.kind)

    @cached_property
    def json_services(self) -> Read[types.Service]:
        """GET services.json."""
        return self._services("json")

    @cached_property
    def discovery(self) -> Read[types.Discovery]:
        """GET discovery."""
        return self.read(
            self.ask("discovery"), lambda data, source: [documents.read_discovery(data, source)]
        )

    def definition(self, code: str) -> Read[types.ServiceDefinition]:
        """GET services/CODE."""
        return self.read(
            self.ask("services", code),
            lambda data, source: [documents.read_definition(data, code, source)],
        )

    @cached_property
    def definitions(self) -> tuple[tuple[types.Service, Read[types.ServiceDefinition]], ...]:
        """A few definitions, of the oddest codes first."""
        asking = [service for service in self.services.rows if service.metadata]
        asking.sort(key=lambda service: set(service.service_code) <= PLAIN)
        return tuple((one, self.definition(one.service_code)) for one in asking[:SAMPLED])

    def requests_within(self, *params: tuple[str, str]) -> Read[types.ServiceRequest]:
        """GET requests with these parameters."""
        return self.read(self.ask("requests", params=params), documents.read_requests)

    @cached_property
    def requests(self) -> Read[types.ServiceRequest]:
        """GET requests of the last 89 days."""
        return self.requests_within(*window(self.now - REQUESTS_BACK, self.now))

    def updates_within(self, start: datetime, end: datetime) -> Read[types.ServiceRequestUpdate]:
        """GET servicerequestupdates between two moments."""
        heard = self.ask("servicerequestupdates", params=window(start, end), with_key=True)
        return self.read(heard, documents.read_updates)

    @cached_property
    def updates(self) -> Read[types.ServiceRequestUpdate]:
        """GET servicerequestupdates of the last 30 days."""
        return self.updates_within(self.now - UPDATES_BACK, self.now)

    def reads(self) -> Iterator[Read[Any]]:
        """Every document that was read well enough to be judged."""
        yield from (self.services, self.discovery)
        yield from (read for _, read in self.definitions)
        yield from (self.requests, self.updates)
        if self.json_services.values is not None:
            yield self.json_services


def window(start: datetime, end: datetime) -> Params:
    """The parameters of a span of time."""
    return (("start_date", write_date(start) or ""), ("end_date", write_date(end) or ""))
