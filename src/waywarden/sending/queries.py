"""Reading deliveries: what may go now, what is stuck, what a report's page tells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import GreaterThan

from waywarden.connections.queries import closed_to_calls
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sending.hold import is_held
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Answer, Delivery, ShadowRequest

State = Delivery.State

#: States that a due time wakes.
WAKING = (State.QUEUED, State.WAITING, State.UNKNOWN, State.PENDING)
#: States in which a later delivery of the same report to the same body waits.
UNFINISHED = (*WAKING, State.SENDING)
#: Dead letters: a person must decide.
STUCK = (State.REFUSED, State.HELD)


@dataclass(frozen=True, slots=True)
class AtBody:
    """How a report is on its way to one body, for its page."""

    body_id: int
    state: str
    due_at: datetime


def in_turn() -> QuerySet[Delivery]:
    """Deliveries that a due time wakes and whose turn it is, due or not.

    What belongs to one report goes in order, and an update waits until the body has the report.
    Nothing waits for the number of an update that has arrived.
    """
    earlier = Delivery.objects.exclude(state=State.PENDING, update__isnull=False).filter(
        report=OuterRef("report"),
        body=OuterRef("body"),
        id__lt=OuterRef("id"),
        state__in=UNFINISHED,
        moved_by=None,  # what is only asked about holds up nothing
    )
    # A scalar, row by row: as an EXISTS beside an OR it would be hashed from the whole table.
    arrived = Subquery(
        ReportBody.objects.filter(
            ~Q(sent_at=None) | ~Q(external_id=""), report=OuterRef("report"), body=OuterRef("body")
        ).values("report_id")[:1]
    )
    has_come = GreaterThan(arrived, 0)
    return Delivery.objects.filter(
        Q(update=None) | ~Q(told_as="") | Q(has_come), ~Exists(earlier), state__in=WAKING
    )


def in_lane(lane: Lane) -> QuerySet[Delivery]:
    """The deliveries of a lane whose turn it is, oldest first."""
    return (
        in_turn().filter(connection=lane.connection_id, lane=lane.number).order_by("due_at", "id")
    )


def next_due(lane: Lane) -> datetime | None:
    """When the next delivery of a lane is due; None when nothing waits there."""
    return in_lane(lane).values_list("due_at", flat=True).first()


def lanes_due(now: datetime) -> frozenset[Lane]:
    """The lanes with something to do now; those of paused or broken connections are left out."""
    found = (
        in_turn()
        .filter(due_at__lte=now)
        .exclude(connection__in=closed_to_calls(now))
        .order_by()
        .values_list("connection_id", "lane")
        .distinct()
    )
    return frozenset(Lane(connection_id, number) for connection_id, number in found)


def lanes_of(delivery_ids: Iterable[int]) -> frozenset[Lane]:
    """The lanes that some deliveries go through."""
    found = Delivery.objects.filter(pk__in=delivery_ids).values_list("connection_id", "lane")
    return frozenset(Lane(connection_id, number) for connection_id, number in found)


def stuck() -> QuerySet[Delivery]:
    """The dead letters, oldest first, with what the board shows."""
    return (
        Delivery.objects.filter(state__in=STUCK)
        .select_related("report", "update", "body", "category", "connection")
        .order_by("created", "id")
    )


def for_report(report_id: int) -> tuple[AtBody, ...]:
    """How the report itself is on its way, one row a body (its latest delivery)."""
    rows = (
        Delivery.objects.filter(report=report_id, update=None)
        .order_by("body_id", "-generation")
        .distinct("body_id")
        .values_list("body_id", "state", "due_at")
    )
    return tuple(AtBody(*row) for row in rows)


def history_of(report_id: int) -> QuerySet[Delivery]:
    """Every delivery of a report and its updates, oldest first."""
    return (
        Delivery.objects.filter(report=report_id)
        .select_related("body", "category", "connection", "update")
        .order_by("id")
    )


def answers_of(report_id: int, body_id: int) -> QuerySet[Answer]:
    """What a body answered by mail about a report, newest first."""
    return Answer.objects.filter(report=report_id, body=body_id).defer("raw").order_by("-at", "-id")


def rehearsed(body_id: int) -> QuerySet[ShadowRequest]:
    """What a body's connection in shadow would have been told, newest first, for the board."""
    return (
        ShadowRequest.objects.filter(body=body_id)
        .select_related("report", "update", "connection")
        .order_by("-at", "-id")
    )


def is_report_held(report: Report) -> bool:
    """Whether nothing of a report has gone out, so that its author may still change it."""
    return is_held(Delivery.objects.filter(report=report, update=None), since=report.confirmed_at)


def held_updates(updates: Sequence[Update]) -> frozenset[int]:
    """Those of some updates that have gone nowhere yet, by number."""
    rows: dict[int, list[Delivery]] = {update.pk: [] for update in updates}
    for row in Delivery.objects.filter(update__in=rows):
        rows[row.update_id or 0].append(row)
    return frozenset(
        update.pk for update in updates if is_held(rows[update.pk], since=update.confirmed_at)
    )
