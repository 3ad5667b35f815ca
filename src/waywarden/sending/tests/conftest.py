"""A body with an Open311 server of its own, and one reached by e-mail."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.connections.services import set_secrets
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.open311.types import Service
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sending import services
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    """A real Open311 server on loopback; `fake.url` is its endpoint."""
    server = FakeServer(
        [Service("POT", "Potholes"), Service("TREE", "Fallen trees")], api_key="k3y-of-ours"
    )
    served = make_server("127.0.0.1", 0, server, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(
        target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    server.url = f"http://127.0.0.1:{served.server_port}{PREFIX}"
    yield server
    served.shutdown()
    served.server_close()
    thread.join()


@dataclass
class Town:
    """Who is there, and ways to make things happen."""

    council: Body
    potholes: Category
    trees: Category
    lights: Category
    connection: Connection

    def report(self, category: Category | None = None, *, plan: bool = True, **values) -> Report:
        """A confirmed report of one category, planned."""
        category = category or self.potholes
        moment = clock.now()
        report = Report.objects.create(
            **{
                "title": "Deep pothole",
                "detail": "By the bus stop.",
                "category_name": category.name,
                "lat": 52.2,
                "lon": -1.5,
                "cell": 1,
                "state": "confirmed",
                "email": "rosa@example.org",
                "name": "Rosa Reporter",
                "created": moment,
                "changed": moment,
                "confirmed_at": moment,
                **values,
            }
        )
        ReportBody.objects.create(report=report, body=category.body, category=category)
        if plan:
            services.plan_reports([report.pk])
        return report

    def update(self, report: Report, **values) -> Update:
        """A shown update by a person, planned."""
        moment = clock.now()
        update = Update.objects.create(
            **{
                "report": report,
                "text": "It grows.",
                "name": "Rosa Reporter",
                "email": "rosa@example.org",
                "visibility": Update.Visibility.SHOWN,
                "created": moment,
                "confirmed_at": moment,
                **values,
            }
        )
        services.plan_updates([update.pk])
        return update

    def delivery(self, report: Report, update: Update | None = None) -> Delivery:
        """The one delivery of a report or of an update."""
        return Delivery.objects.get(report=report, update=update)

    def state_of(self, report: Report, update: Update | None = None) -> str:
        """Where that delivery stands."""
        return self.delivery(report, update).state

    def due_now(self) -> None:
        """Lets the time come for all that waits."""
        Delivery.objects.update(due_at=clock.now())

    def row(self, report: Report) -> ReportBody:
        """What the report is at the council."""
        return ReportBody.objects.get(report=report, body=self.council)


@pytest.fixture
def town(db, fake, settings) -> Town:
    """A council whose potholes and trees go by Open311 and whose lights go by e-mail."""
    settings.WAYWARDEN_HOLD_SECONDS = 0
    connection = Connection(
        name="Council",
        kind="open311",
        options={"endpoint": fake.url, "timeout_seconds": 2},
        sends_updates=True,
        lanes=1,
    )
    set_secrets(connection, {"api_key": "k3y-of-ours"})
    connection.save()
    council = Body.objects.create(
        name="Council", slug="council", sending_connection=connection, can_be_devolved=True
    )

    def category(name, slug, **values):
        return Category.objects.create(body=council, name=name, slug=slug, **values)

    return Town(
        council=council,
        potholes=category("Potholes", "potholes", service_code="POT"),
        trees=category("Fallen trees", "trees", service_code="TREE"),
        lights=category(
            "Street lighting", "lights", emails=["lights@example.org"], is_devolved_to_email=True
        ),
        connection=connection,
    )


@pytest.fixture
def lane(town) -> Lane:
    """The council's one lane."""
    return Lane(town.connection.pk, 0)


@pytest.fixture
def district(town) -> Category:
    """Another body, reached by mail."""
    body = Body.objects.create(name="District", slug="district")
    return Category.objects.create(
        body=body, name="Litter", slug="litter", emails=["litter@example.org"]
    )


@pytest.fixture
def facts() -> Callable[[str], list[Event]]:
    """The facts of a kind, oldest first."""
    return lambda kind: list(Event.objects.filter(kind=kind).order_by("id"))
