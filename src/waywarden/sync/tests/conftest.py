"""A county with one body, its connection to a system in memory, and a report that was sent."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
import shapely

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.backends.contract import Backend, Capability, Mapped, Notes, Span
from waywarden.bodies.models import Body, Category
from waywarden.connections import services as connections
from waywarden.connections.models import Connection
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import Refused
from waywarden.open311.types import (
    Service,
    ServiceDefinition,
    ServiceRequest,
    ServiceRequestUpdate,
)
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sync import polling, queries
from waywarden.sync.models import Cursor, PollRun, What
from waywarden.sync.rows import Counts
from waywarden.sync.updates import take_in_updates
from waywarden.users.services import create_update_user

MINUTE = timedelta(minutes=1)
STATES = {
    "open": "confirmed",
    "in_progress": "in progress",
    "investigating": "investigating",
    "fixed": "fixed - council",
    "closed": "closed",
    "unchanged": "",
}


class MemoryBackend(Backend):
    """A body's system in memory: what its lists hold decides what it answers."""

    kind = "memory"
    label = "In memory"
    capabilities = frozenset(Capability)
    updates: list[Any] = []
    reports: list[Any] = []
    services: list[Any] = []
    definitions: dict[str, ServiceDefinition] = {}
    spans: list[Span | None] = []
    notes: list[Notes] = []

    def state_for(self, status: str) -> Mapped:
        if status == "spam":
            return Mapped(is_ignored=True)
        if status not in STATES:
            return Mapped(is_known=False)
        return Mapped(state=STATES[status])

    def fetch_updates(self, span: Span, notes: Notes) -> Iterable[ServiceRequestUpdate]:
        type(self).spans.append(span)
        type(self).notes.append(notes)
        yield from self._stream(self.updates)

    def fetch_reports(self, span: Span | None, notes: Notes) -> Iterable[ServiceRequest]:
        type(self).spans.append(span)
        type(self).notes.append(notes)
        yield from self._stream(self.reports)

    def list_services(self, notes: Notes) -> Iterable[Service]:
        type(self).notes.append(notes)
        yield from self._stream(self.services)

    def describe_service(self, service_code: str, notes: Notes) -> ServiceDefinition:
        type(self).notes.append(notes)
        if service_code not in self.definitions:
            message = f"There is no definition of {service_code}."
            raise Refused(message)
        return self.definitions[service_code]

    @staticmethod
    def _stream(items: list[Any]) -> Iterable[Any]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> type[MemoryBackend]:
    """The body's system; give it rows by its lists. An exception in a list is raised there."""
    for name in ("updates", "reports", "services", "spans", "notes"):
        monkeypatch.setattr(MemoryBackend, name, [])
    monkeypatch.setattr(MemoryBackend, "definitions", {})
    monkeypatch.setattr(connections, "backend_class", lambda _kind: MemoryBackend)
    return MemoryBackend


def make_area(*, code: str = "county", west: float = -2, south: float = 51) -> Area:
    """A square of one degree."""
    box = shapely.box(west, south, west + 1, south + 1)
    area = Area.objects.create(
        name=code.title(), kind="county", code=code, boundary=shapely.to_wkb(box),
        west=west, south=south, east=west + 1, north=south + 1,
    )  # fmt: skip
    forget_shapes()
    return area


def make_body(*, name: str = "Borsetshire County Council", connection: Connection) -> Body:
    """A body that is fetched through a connection."""
    return Body.objects.create(
        name=name, slug=name.lower().replace(" ", "-"), sending_connection=connection
    )


@pytest.fixture
def connection(db: None, system: type[MemoryBackend]) -> Connection:
    """The body's connection, with an update user."""
    user = create_update_user(name="Borsetshire County Council", email="updates@example.org")
    return Connection.objects.create(
        name="Works", kind="memory", update_user=user, fetches_updates=True, fetches_reports=True
    )


@pytest.fixture
def body(connection: Connection) -> Body:
    """The body, answering for one square degree."""
    body = make_body(connection=connection)
    body.areas.add(make_area())
    return body


@pytest.fixture
def category(body: Body) -> Category:
    """A category of the body's."""
    return Category.objects.create(
        body=body, name="Potholes", slug="potholes", service_code="POT", groups=["Roads"]
    )


MakeReport = Callable[..., Report]


@pytest.fixture
def make_report(body: Body, category: Category) -> MakeReport:
    """Makes a confirmed report that was sent an hour ago and has a reference at the body."""

    def make(*, external_id: str = "4711", state: str = "confirmed", **fields: Any) -> Report:
        at = clock.now() - timedelta(hours=2)
        here = fields.pop("body", body)
        sent_at: datetime | None = fields.pop("sent_at", at + timedelta(hours=1))
        values = {
            "title": "Deep pothole", "category_name": "Potholes", "group": "Roads",
            "lat": 51.5, "lon": -1.5, "cell": Point(51.5, -1.5).cell, "created": at,
            "confirmed_at": at, "state_changed_at": at, "changed": at, "state": state,
        } | fields  # fmt: skip
        report = Report.objects.create(**values)
        ReportBody.objects.create(
            report=report,
            body=here,
            category=category if here == body else None,
            external_id=external_id,
            sent_at=sent_at,
            sent_by="memory" if sent_at else "",
        )
        return report

    return make


@pytest.fixture
def report(make_report: MakeReport) -> Report:
    """A report that the body has as 4711."""
    return make_report()


def update(
    update_id: str = "u1", *, minutes_ago: float = 30, **fields: Any
) -> ServiceRequestUpdate:
    """A row of GET servicerequestupdates about 4711."""
    values = {
        "service_request_id": "4711",
        "status": "in_progress",
        "updated_datetime": clock.now() - timedelta(minutes=minutes_ago),
        "description": "A crew is on its way.",
    } | fields
    return ServiceRequestUpdate(update_id=update_id, **values)


def request(request_id: str = "R1", **fields: Any) -> ServiceRequest:
    """A row of GET requests inside the body's area."""
    values = {
        "service_code": "POT", "service_name": "Pothole", "lat": 51.5, "long": -1.5,
        "description": "A hole.", "requested_datetime": clock.now() - timedelta(hours=1),
    } | fields  # fmt: skip
    return ServiceRequest(service_request_id=request_id, **values)


def take(body: Body, *rows: ServiceRequestUpdate) -> Counts:
    """Takes rows in as a poll of the body's connection does."""
    return take_in_updates(body=body, connection=body.sending_connection, rows=rows)


def only_update(report: Report) -> Update:
    """The one update of a report."""
    return Update.objects.get(report=report)


def state_of(report: Report) -> str:
    """The report's state now."""
    return Report.objects.get(pk=report.pk).state


def poll(connection: Connection, **options: Any) -> PollRun:
    """Polls a connection for updates."""
    return polling.poll(connection.pk, What.UPDATES, **options)


def due(moment: datetime) -> set[tuple[int, What]]:
    """The polls that are due."""
    return {(one.connection_id, What(one.what)) for one in queries.due(moment)}


def cursor_of(connection: Connection, what: What = What.UPDATES) -> Cursor:
    """How far a connection has been read."""
    return Cursor.objects.get(connection=connection, what=what)


def set_cursor(connection: Connection, **fields: Any) -> Cursor:
    """A cursor that stands at now."""
    moment = clock.now()
    values = {"position": moment, "next_poll_at": moment} | fields
    return Cursor.objects.create(connection=connection, what=What.UPDATES, **values)
