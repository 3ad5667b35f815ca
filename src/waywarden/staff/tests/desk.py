"""What lies on a body's desk: a connection in trouble, deliveries in every state, calls, polls."""

from dataclasses import dataclass, field
from datetime import timedelta

from waywarden.bodies.models import Body
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.kernel import clock
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.reports.models import Report
from waywarden.sending.models import Delivery
from waywarden.sync.models import Cursor, PollRun, SetAside
from waywarden.sync.rows import raw_of

ANSWER = """<?xml version="1.0" encoding="utf-8"?>
<errors><error>
<code>400</code><description>The service POT is closed.</description>
</error></errors>"""


@dataclass
class Desk:
    """What the tests speak of by name."""

    connection: Connection
    other: Connection
    by_state: dict[str, Delivery] = field(default_factory=dict)
    elsewhere: Delivery | None = None
    row: SetAside | None = None

    @property
    def refused(self) -> Delivery:
        """The delivery that the body said no to."""
        return self.by_state["refused"]


def build(ours: Body, theirs: Body, reports: list[Report], their_report: Report) -> Desk:
    """The desk of `ours`, and one delivery of `theirs` that nobody here may see."""
    connection = Connection.objects.create(
        name="Borsetshire works", kind="open311", options={"endpoint": "http://127.0.0.1:9/"},
        sends_updates=True, fetches_updates=True, fetches_reports=True, lanes=1,
    )  # fmt: skip
    other = Connection.objects.create(name="Borchester desk", kind="open311", fetches_updates=True)
    Body.objects.filter(pk=ours.pk).update(sending_connection=connection)
    Body.objects.filter(pk=theirs.pk).update(sending_connection=other)
    desk = Desk(connection, other)
    for number, (state, (cause, reason)) in enumerate(_STATES.items()):
        report = reports[number % len(reports)]
        desk.by_state[state] = delivery(
            ours, connection, report, state, cause=cause, reason=reason, generation=number + 10
        )
    desk.elsewhere = delivery(
        theirs, other, their_report, "held", cause="by_hand", reason="Wait.", generation=9
    )
    _calls(desk)
    _polls(desk, ours)
    return desk


_STATES = {
    "queued": ("", ""),
    "waiting": ("try_later", "The body answered 503."),
    "sent": ("", ""),
    "pending": ("", ""),
    "unknown": ("unknown", "The connection broke before the whole answer had come."),
    "refused": ("refused", "The body refused it: 400, The service POT is closed."),
    "held": ("no_address", "Pothole: the category has no service code."),
    "cancelled": ("withdrawn", "Withdrawn by the reporter before it was sent."),
}


def delivery(
    body: Body, connection: Connection | None, report: Report, state: str, **values
) -> Delivery:
    """One delivery in a state."""
    moment = clock.now() - timedelta(hours=3)
    tried = {} if state == "queued" else {"attempts": 2, "last_attempt_at": moment}
    return Delivery.objects.create(
        report=report, body=body, connection=connection, state=state, due_at=moment,
        created=moment, category=report.at_bodies.get(body=body).category,
        external_id="BCC-77" if state == "sent" else "", **tried, **values,
    )  # fmt: skip


def _calls(desk: Desk) -> None:
    moment = clock.now() - timedelta(hours=2)
    for row in (desk.refused, desk.elsewhere):
        Exchange.objects.create(
            connection=row.connection, subject_kind="delivery", subject_id=row.pk, at=moment,
            seconds=0.31, method="POST", url="http://works.example/open311/requests.xml",
            request="Content-Type: application/x-www-form-urlencoded\n\napi_key=•••\n"
            f"service_code=POT\ndescription=Delivery {row.pk}",
            status=400, response=ANSWER,
        )  # fmt: skip
    Circuit.objects.create(
        connection=desk.connection, failures=6, opened_at=moment, probe_at=clock.now(),
        last_failure_at=moment, last_failure="The connection was refused.", last_success_at=moment,
    )  # fmt: skip


def _polls(desk: Desk, ours: Body) -> None:
    moment = clock.now()
    for what in ("updates", "reports"):
        Cursor.objects.create(
            connection=desk.connection, what=what, position=moment - timedelta(hours=2),
            next_poll_at=moment + timedelta(minutes=4), failures=3,
        )  # fmt: skip
    future = {"code": "update-in-the-future", "where": "", "count": 2,
              "message": "An update's date lies in the future."}  # fmt: skip
    for number in range(3):
        PollRun.objects.create(
            connection=desk.connection, what="updates",
            started_at=moment - timedelta(minutes=15 * number + 1),
            finished_at=moment - timedelta(minutes=15 * number),
            span_start=moment - timedelta(hours=2), span_end=moment, rows=12, new=3, repeated=8,
            set_aside=1, deviations=[future], error="The body answered 502." if not number else "",
        )  # fmt: skip
    desk.row = SetAside.objects.create(
        connection=desk.connection, body=ours, what="updates", key="u-9", external_id="4711",
        raw=raw_of(ServiceRequestUpdate("u-9", "4711", status="closed", updated_datetime=moment)),
        reason="unknown_report", words="No report of this body has the reference 4711.",
        created=moment,
    )  # fmt: skip
