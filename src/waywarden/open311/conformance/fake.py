"""A small Open311 server for trying the checks: it is good until one of its faults is switched on.

Each fault is named for the check that must find it (`faults.FAULTS`). All dates are made from the
moment it is built, so that its lists always lie in the windows that are asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waywarden.kernel import clock
from waywarden.open311 import types
from waywarden.open311.conformance.faults import FAULTS, Answered, Fault
from waywarden.open311.provider import Call, ProviderError
from waywarden.open311.server import Open311App

KEY = "open sesame"
JURISDICTION = "example"
ASKING = "a/b c"
"""The service that asks questions; its code must be percent-encoded in a path."""


class FakeProvider:
    """A body's system in memory. `broken` holds the names of what it does not do right."""

    def __init__(self, *, services: int = 3, broken: frozenset[str] = frozenset()) -> None:
        self.broken = broken
        self.now = clock.now().replace(microsecond=0)
        self.numbers = count(100)
        self.answers: dict[object, types.Receipt | types.UpdateReceipt] = {}
        self.services_list = _services(services)
        self.attributes = _attributes()
        self.requests_list = [self._request(number) for number in range(1, 5)]
        self.updates_list = [self._update(number) for number in range(1, 5)]

    def _request(self, number: int) -> types.ServiceRequest:
        made = self.now - timedelta(days=5 - number, hours=2)
        return types.ServiceRequest(
            str(number),
            status="closed" if number % 2 else "open",
            service_name="Potholes",
            service_code="001",
            description=f"Hole {number} – deep & wide",
            requested_datetime=made,
            updated_datetime=made + timedelta(hours=1),
            lat=60.17 + number / 1000,
            long=24.94,
            media_urls=("https://example.org/photo.jpg",),
        )

    def _update(self, number: int) -> types.ServiceRequestUpdate:
        return types.ServiceRequestUpdate(
            f"U{number}",
            str(number),
            "closed" if number % 2 else "in_progress",
            updated_datetime=self.now - timedelta(days=5 - number, hours=1),
            description=f"Seen by the inspector, visit {number}.",
        )

    def discovery(self, _call: Call) -> types.Discovery:
        formats = ("text/xml", "application/json")
        endpoint = types.Endpoint(
            "http://wiki.open311.org/GeoReport_v2",
            "https://example.org/v2",
            self.now,
            "test",
            formats,
        )
        return types.Discovery(self.now, "The roads desk", "Write to the roads desk.", (endpoint,))

    def services(self, call: Call) -> Iterable[types.Service]:
        if call.jurisdiction_id not in ("", JURISDICTION):
            raise ProviderError(404, "jurisdiction_id is not known.")
        return self.services_list

    def service_definition(self, _call: Call, service_code: str) -> types.ServiceDefinition:
        if service_code not in {service.service_code for service in self.services_list}:
            raise ProviderError(404, "There is no service with this service_code.")
        if service_code == ASKING:
            return types.ServiceDefinition(service_code, self.attributes)
        return types.ServiceDefinition(service_code)

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        self._check_key(call)
        codes = {service.service_code for service in self.services_list}
        if new.service_code not in codes and "any-service" not in self.broken:
            raise ProviderError(400, "There is no service with this service_code.")
        key = ("request", call.idempotency_key)
        known = self.answers.get(key)
        if call.idempotency_key and isinstance(known, types.Receipt) and not self._forgets():
            return known
        number = str(next(self.numbers))
        self.requests_list.append(
            replace(
                self._request(4),
                service_request_id=number,
                description=new.description.encode("ascii", "replace").decode()
                if "ascii-only" in self.broken
                else new.description,
                requested_datetime=clock.now(),
            )
        )
        gives_token = "tokens" in self.broken or "token-lost" in self.broken
        answer = types.Receipt(token=f"T{number}") if gives_token else types.Receipt(number)
        self.answers[key] = answer
        return answer

    def _check_key(self, call: Call) -> None:
        if call.api_key != KEY and "any-key" not in self.broken:
            raise ProviderError(403, "api_key is not known.")

    def _forgets(self) -> bool:
        return "forgets" in self.broken

    def token(self, _call: Call, token: str) -> types.TokenAnswer:
        numbers = {row.service_request_id for row in self.requests_list}
        if token.removeprefix("T") in numbers and "token-lost" not in self.broken:
            return types.TokenAnswer(token, token.removeprefix("T"))
        if "token-lost" in self.broken and token.startswith("T"):
            return types.TokenAnswer("another", "1")
        raise ProviderError(404, "token is not known.")

    def requests(self, _call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        for row in self.requests_list:
            if self._is_asked_for(row, query):
                yield row

    def _is_asked_for(self, row: types.ServiceRequest, query: types.RequestQuery) -> bool:
        ids = query.service_request_ids
        if ids:
            ids = ids[:1] if "one-id" in self.broken else ids
            return row.service_request_id in ids or "ids" in self.broken
        made, changed = row.requested_datetime, row.updated_datetime
        start, end, after = query.start_date, query.end_date, query.updated_after
        wrong = (
            made and start and made < start,
            made and end and made > end and "request-window" not in self.broken,
            query.statuses and row.status not in query.statuses and "status" not in self.broken,
            changed and after and changed < after and "updated-after" not in self.broken,
        )
        return not any(wrong)

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterator[types.ServiceRequestUpdate]:
        self._check_key(call)
        start, end = query.start_date, query.end_date
        shift = timedelta(hours=1) if "shifted" in self.broken else timedelta()
        for row in self.updates_list:
            made = row.updated_datetime
            if made and start and made + shift < start and "window-start" not in self.broken:
                continue
            if made and end and made + shift > end and "window-end" not in self.broken:
                continue
            yield row

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        self._check_key(call)
        key = ("update", new.update_id)
        known = self.answers.get(key)
        if isinstance(known, types.UpdateReceipt) and not self._forgets():
            return known
        if "no-updates" in self.broken:
            raise ProviderError(405, "Updates are not taken.")
        answer = types.UpdateReceipt(f"N{next(self.numbers)}")
        self.answers[key] = answer
        return answer

    def update_token(self, _call: Call, _token: str) -> types.TokenAnswer:
        raise ProviderError(404, "token is not known.")


def _services(number: int) -> list[types.Service]:
    first = [
        types.Service("001", "Potholes", "Holes in the road", keywords=("road", "hole")),
        types.Service(ASKING, "Trees & hedges", metadata=True, group="Green"),
        types.Service("slow", "Slow things", type="batch"),
    ]
    more = [types.Service(f"S{at:05}", f"Service number {at}") for at in range(4, number + 1)]
    return first + more


def _attributes() -> tuple[types.Attribute, ...]:
    choices = (types.AttributeValue("oak", "Oak"), types.AttributeValue("elm", "Elm"))
    return (
        types.Attribute(
            "KIND",
            datatype="singlevaluelist",
            required=True,
            order=1,
            description="Which tree is it?",
            values=choices,
        ),
        types.Attribute("HEIGHT", datatype="number", order=2, description="How high is it?"),
    )


def build(fault: str = "", *, services: int = 3) -> WSGIApplication:
    """The server as a WSGI application, with the fault of this name (none when "")."""
    switched = FAULTS[fault] if fault else Fault()
    provider = FakeProvider(services=switched.services or services, broken=switched.broken)
    if switched.data:
        switched.data(provider)
    app = Open311App(provider)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = app.answer(environ)
        body = response.beginning + b"".join(response.rest)
        came = Answered(response.status, dict(response.headers)["Content-Type"], body)
        if switched.answer:
            came = switched.answer(_asked(environ), came)
        headers = [("Content-Type", came.content_type), ("Content-Length", str(len(came.body)))]
        start_response(f"{came.status} As it is", headers)
        return [came.body]

    return answer


def _asked(environ: WSGIEnvironment) -> str:
    """Such as `GET /services.xml?start_date=…`."""
    query = environ.get("QUERY_STRING", "")
    path = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    return f"{path}?{query}" if query else path
