"""A small Open311 server with a memory and switches, for tests and demonstrations."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waywarden.kernel import clock
from waywarden.open311 import statuses, types
from waywarden.open311.provider import Call, ProviderError
from waywarden.open311.server import Open311App

PREFIX = "/open311/v2"


@dataclass(slots=True)
class Switches:
    """How the server misbehaves; what is done all the same stands at each."""

    slow: float = 0.0
    """Seconds before each answer."""
    refuses: int = 0
    """Every POST is refused with this HTTP status and a reason; nothing is done."""
    down: bool = False
    """503 to everything; nothing is done."""
    garbage: bool = False
    """It is done; the answer to a POST is no document."""
    html: bool = False
    """Nothing is done; a proxy's login page comes with 200."""
    lost_reply: bool = False
    """It is done; a gateway answers 504 to a POST."""
    token: bool = False
    """A POST answers a token; the id comes when `settle` is called."""
    token_for_updates: bool = False
    """The same of updates."""
    already_exists: bool = False
    """A POST is refused, with the words that the report already exists."""
    forgets_key: bool = False
    """A repeated key makes a new request: most servers know nothing of keys."""
    lists_nothing: bool = False
    """GET requests is 404."""
    list_fails: bool = False
    """GET requests is 500."""
    lists_most: int = 0
    """GET requests is cut after so many rows, newest first; 0: it lists all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that the server holds, and how it came."""

    id: str
    new: types.NewRequest
    at: datetime
    status: str = "open"


@dataclass(slots=True)
class Memory:
    """What the server holds."""

    requests: dict[str, Kept] = field(default_factory=dict)
    updates: list[types.ServiceRequestUpdate] = field(default_factory=list)
    updates_in: list[types.NewUpdate] = field(default_factory=list)
    by_key: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Token → id; the id is told once it is in `settled`."""
    settled: set[str] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)


class FakeProvider:
    """The memory as a Provider. `api_key`, when given, guards everything that writes."""

    def __init__(
        self, services: Iterable[types.Service], switches: Switches, *, api_key: str = ""
    ) -> None:
        self.memory, self.switches = Memory(), switches
        self._services, self._api_key = tuple(services), api_key

    def discovery(self, call: Call) -> types.Discovery:
        """Says that it is there."""
        _ = call
        return types.Discovery(contact="A server for tests.")

    def services(self, call: Call) -> Iterable[types.Service]:
        """What it was made with."""
        _ = call
        return self._services

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition:
        """No questions."""
        _ = call
        self._need_service(service_code)
        return types.ServiceDefinition(service_code=service_code)

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        """Keeps a request; a repeated key answers as before, unless it forgets keys."""
        self._let_in(call)
        self._need_service(new.service_code)
        known = None if self.switches.forgets_key else self.memory.by_key.get(call.idempotency_key)
        kept_id = known or self._keep(new, call.idempotency_key)
        if self.switches.token:
            token = f"T{kept_id}"
            self.memory.tokens[token] = kept_id
            return types.Receipt(token=token)
        return types.Receipt(service_request_id=kept_id)

    def _keep(self, new: types.NewRequest, key: str) -> str:
        kept = Kept(id=str(4711 + len(self.memory.requests)), new=new, at=clock.now())
        self.memory.requests[kept.id] = kept
        self.memory.by_key[key] = kept.id
        return kept.id

    def requests(self, call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        """What it holds, by id or by date."""
        _ = call
        if self.switches.lists_nothing:
            raise ProviderError(404, "There is no such address here.")
        if self.switches.list_fails:
            raise ProviderError(500, "The list is broken.")
        rows = [row for row in map(_row, self._held()) if _fits(row, query)]
        most = self.switches.lists_most
        return iter(rows[::-1][:most] if most else rows)

    def _held(self) -> list[Kept]:
        return list(self.memory.requests.values())

    def token(self, call: Call, token: str) -> types.TokenAnswer:
        """The id, once it is settled."""
        _ = call
        if token not in self.memory.tokens:
            raise ProviderError(404, "token is not known.")
        settled = token in self.memory.settled
        return types.TokenAnswer(token=token, id=self.memory.tokens[token] if settled else "")

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterable[types.ServiceRequestUpdate]:
        """The updates that were put in, by date."""
        self._let_in(call)
        return [
            update
            for update in self.memory.updates
            if _within(update.updated_datetime, query.start_date, query.end_date)
        ]

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        """Keeps an update; the same `update_id` again is the same update."""
        self._let_in(call)
        if new.service_request_id not in self.memory.requests:
            raise ProviderError(404, "service_request_id is not known.")
        ids = [update.update_id for update in self.memory.updates_in]
        if new.update_id not in ids:
            self.memory.updates_in.append(new)
        if self.switches.token_for_updates:
            self.memory.tokens[f"TU{new.update_id}"] = f"U{new.update_id}"
            return types.UpdateReceipt(token=f"TU{new.update_id}")
        return types.UpdateReceipt(update_id=f"U{new.update_id}")

    def update_token(self, call: Call, token: str) -> types.TokenAnswer:
        """The same of an update's."""
        return self.token(call, token)

    def _let_in(self, call: Call) -> None:
        if self._api_key and call.api_key != self._api_key:
            raise ProviderError(403, "The api_key is not known.")

    def _need_service(self, code: str) -> None:
        if code not in {service.service_code for service in self._services}:
            raise ProviderError(404, "service_code is not known.")


def _row(kept: Kept) -> types.ServiceRequest:
    new = kept.new
    return types.ServiceRequest(
        service_request_id=kept.id,
        status=kept.status,
        service_code=new.service_code,
        description=new.description,
        requested_datetime=kept.at,
        updated_datetime=kept.at,
        lat=new.lat,
        long=new.long,
        extras={code: values[0] for code, values in new.attributes.items() if "_id" in code},
    )


def _fits(row: types.ServiceRequest, query: types.RequestQuery) -> bool:
    if query.service_request_ids:
        return row.service_request_id in query.service_request_ids
    return _within(row.requested_datetime, query.start_date, query.end_date)


def _within(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    if at is None:
        return False
    return (start is None or at >= start) and (end is None or at <= end + timedelta(seconds=1))


class FakeServer:
    """The server as a WSGI application under `/open311/v2`, with its switches and its memory."""

    def __init__(
        self,
        services: Iterable[types.Service] = (),
        *,
        api_key: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.switches = Switches()
        self._provider = FakeProvider(services, self.switches, api_key=api_key)
        self._app = Open311App(self._provider, prefix=PREFIX)
        self._sleep = sleep

    @property
    def memory(self) -> Memory:
        """What it holds."""
        return self._provider.memory

    def settle(self) -> None:
        """Every token given so far has its id from now on."""
        self.memory.settled.update(self.memory.tokens)

    def answer_report(self, request_id: str, *, status: str, text: str = "") -> None:
        """The body says something of a request: it is changed, and an update can be fetched."""
        kept = self.memory.requests[request_id]
        wire = statuses.folded(status)
        self.memory.requests[request_id] = replace(kept, status=wire)
        update = types.ServiceRequestUpdate(
            update_id=f"{request_id}-{len(self.memory.updates) + 1}",
            service_request_id=request_id,
            status=wire,
            updated_datetime=clock.now(),
            description=text,
        )
        self.memory.updates.append(update)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.memory.calls.append((method, path))
        if self.switches.slow:
            self._sleep(self.switches.slow)
        early = self._before(method)
        if early is not None:
            return _plain(start_response, *early)
        if method == "POST" and (self.switches.garbage or self.switches.lost_reply):
            _done(self._app, environ)
            if self.switches.garbage:
                return _plain(start_response, 200, "text/xml", "\x00\x01 <<< not a document")
            return _plain(start_response, 504, "text/html", "<h1>Gateway timeout</h1>")
        return self._app(environ, start_response)

    def _before(self, method: str) -> tuple[int, str, str] | None:
        """The answer of a server that does nothing: status, type, text."""
        if self.switches.down:
            return 503, "text/html", "<h1>Service unavailable</h1>"
        if self.switches.html:
            return 200, "text/html", "<!doctype html><title>Sign in</title><form>Password</form>"
        if method != "POST":
            return None
        if self.switches.already_exists:
            return 400, "text/xml", _errors(400, "This report already exists.")
        if self.switches.refuses:
            text = _errors(self.switches.refuses, "We do not take this.")
            return self.switches.refuses, "text/xml", text
        return None


def _errors(code: int, words: str) -> str:
    return f"<errors><error><code>{code}</code><description>{words}</description></error></errors>"


def _done(app: WSGIApplication, environ: WSGIEnvironment) -> None:
    """Does what is asked, and throws the answer away."""
    for _piece in app(environ, lambda *_args: lambda _data: None):
        pass


def _plain(start_response: StartResponse, status: int, kind: str, text: str) -> list[bytes]:
    body = text.encode()
    start_response(f"{status} Answer", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
