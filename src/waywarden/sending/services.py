"""Planning deliveries, and what a person does with them by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.models import Category
from waywarden.events.bulk_services import write_columns
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.reports import services as reports
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import ReportBody
from waywarden.sending.claim_services import recover
from waywarden.sending.hold import MAYBE_THERE
from waywarden.sending.lanes import Lane
from waywarden.sending.models import AT_A_DESK, Delivery
from waywarden.sending.moved_services import note_arrivals
from waywarden.sending.outcome import Cause
from waywarden.sending.planning_services import (
    address_anew,
    categories_with_ways,
    plan_reports,
    plan_updates,
    rows_with_ways,
    was_mailed,
)
from waywarden.sending.reasons import NONE, Reason, Why

__all__ = [
    "cancel_for",
    "give_up",
    "hold",
    "mark_sent",
    "plan_reports",
    "plan_updates",
    "recover",
    "retry",
    "retry_all",
    "send_now",
]

State = Delivery.State
#: Dead letters that are freed in one transaction.
PIECE = 1000
#: What a new beginning changes of a delivery.
_ANEW = [
    "state",
    "cause",
    "reason",
    "why",
    "category",
    "connection",
    "lane",
    "due_at",
    "attempts",
    "refusals",
    "first_attempt_at",
    "token_at",
    "finished_at",
]
#: Nothing of these has gone out.
NOT_GONE = (State.QUEUED, State.WAITING)
#: What a person may still decide about.
OPEN_TO_HANDS = (
    State.QUEUED,
    State.WAITING,
    State.UNKNOWN,
    State.PENDING,
    State.REFUSED,
    State.HELD,
)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a delivery goes: by the connection of its category, or by mail to its addresses."""

    category: Category | None = None
    is_mailed: bool = False


def cancel_for(report_id: int) -> int:
    """A withdrawn report: what has not gone out goes no more; how many deliveries that were."""
    return (
        Delivery.objects.filter(report=report_id, state__in=(*NOT_GONE, State.REFUSED, State.HELD))
        .exclude(cause__in=MAYBE_THERE)
        .update(
            state=State.CANCELLED,
            cause=Cause.WITHDRAWN,
            finished_at=clock.now(),
            **Reason(Why.WITHDRAWN).columns,
        )
    )


def locked(delivery_id: int) -> Delivery:
    """A delivery that a person may decide about, its report locked before it.

    Raises RuleBroken when it is too late.
    """
    lock_reports(Delivery.objects.filter(pk=delivery_id).values_list("report_id", flat=True))
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None or delivery.state not in OPEN_TO_HANDS:
        raise RuleBroken(_("This delivery is on its way or finished; nothing was changed."))
    return delivery


def retry(delivery_id: int, *, by: Actor = NOBODY) -> Lane:
    """Sends it again, by the way its category goes now; its lane.

    What may have arrived is looked up first, and a token is asked about again.
    """
    with transaction.atomic():
        delivery = locked(delivery_id)
        start_again(delivery)
        note(delivery, "delivery.retried", by)
    return Lane(delivery.connection_id, delivery.lane)


def retry_all(body_id: int, *, by: Actor = NOBODY) -> frozenset[Lane]:
    """Sends all dead letters of a body again; the lanes they go in. In pieces, each its own."""
    lanes: set[Lane] = set()
    last = 0
    while True:
        with transaction.atomic():
            stuck = list(
                Delivery.objects.select_for_update(skip_locked=True)
                .filter(body=body_id, state__in=(State.REFUSED, State.HELD), pk__gt=last)
                .order_by("id")[:PIECE]
            )
            if not stuck:
                return frozenset(lanes)
            ways = _ways_now(stuck)
            for delivery in stuck:
                _begin_anew(delivery, ways[delivery.pk])
            write_columns(stuck, _ANEW)
            record(*[fact_of(delivery, "delivery.retried", by) for delivery in stuck])
        lanes |= {Lane(delivery.connection_id, delivery.lane) for delivery in stuck}
        last = stuck[-1].pk


def may_have_arrived(delivery: Delivery) -> bool:
    """Whether the body may have it already: it is looked up before it is posted again."""
    return (
        delivery.state in (State.UNKNOWN, State.PENDING)
        or delivery.cause in MAYBE_THERE
        or delivery.moved_by_id is not None
    )


def start_again(delivery: Delivery) -> None:
    """Lets it be tried anew, by the way its category goes now."""
    _begin_anew(delivery, _ways_now([delivery])[delivery.pk])
    delivery.save(update_fields=_ANEW)


def _begin_anew(delivery: Delivery, way: _Way) -> None:
    if may_have_arrived(delivery):
        delivery.state = State.PENDING if delivery.token else State.UNKNOWN
        delivery.cause = Cause.NONE
        delivery.explain(NONE)
    else:
        address_anew(delivery, way.category, is_mailed=way.is_mailed)
    delivery.due_at = clock.now()
    delivery.attempts = delivery.refusals = 0
    delivery.first_attempt_at = delivery.token_at = delivery.finished_at = None


def _ways_now(deliveries: Sequence[Delivery]) -> dict[int, _Way]:
    """How each goes now, by delivery id; news for where the report was keeps its own way."""
    rows = rows_with_ways().filter(report__in={delivery.report_id for delivery in deliveries})
    now = {(row.report_id, row.body_id): row for row in rows}
    own = categories_with_ways(
        [one.category_id for one in deliveries if one.told_as and one.category_id]
    )
    found = {}
    for one in deliveries:
        row = now.get((one.report_id, one.body_id))
        if one.told_as:
            found[one.pk] = _Way(own.get(one.category_id or 0), one.told_as == AT_A_DESK)
        elif row is None:
            found[one.pk] = _Way()
        else:
            found[one.pk] = _Way(row.category, one.update_id is not None and was_mailed(row))
    return found


def send_now(delivery_id: int, *, by: Actor = NOBODY) -> Lane:
    """Does not wait any longer for its time; its lane."""
    with transaction.atomic():
        delivery = locked(delivery_id)
        if delivery.state in (State.REFUSED, State.HELD):
            start_again(delivery)
        delivery.due_at = clock.now()
        delivery.save(update_fields=["due_at"])
        note(delivery, "delivery.retried", by)
    return Lane(delivery.connection_id, delivery.lane)


def hold(delivery_id: int, *, reason: str, by: Actor = NOBODY) -> None:
    """Keeps it from going until a person lets it."""
    with transaction.atomic():
        delivery = locked(delivery_id)
        # What may have arrived stays so, however often it is held.
        known = delivery.cause if delivery.cause in MAYBE_THERE else Cause.BY_HAND
        delivery.cause = {
            State.UNKNOWN.value: Cause.UNKNOWN,
            State.PENDING.value: Cause.TOKEN,
        }.get(delivery.state, known)
        delivery.state = State.HELD
        delivery.explain(Reason(words=one_line(reason)))
        delivery.save(update_fields=["state", "cause", "reason", "why"])
        note(delivery, "delivery.held", by)


def give_up(delivery_id: int, *, reason: str, by: Actor = NOBODY) -> None:
    """Ends a delivery unsent, with a reason that stays readable."""
    if not one_line(reason):
        raise RuleBroken(_("Please give a reason."), field="reason")
    with transaction.atomic():
        delivery = locked(delivery_id)
        delivery.state, delivery.cause = State.CANCELLED, Cause.BY_HAND
        delivery.explain(Reason(words=one_line(reason)))
        delivery.finished_at = clock.now()
        delivery.save(update_fields=["state", "cause", "reason", "why", "finished_at"])
        note(delivery, "delivery.given_up", by)


def mark_sent(delivery_id: int, *, external_id: str, by: Actor = NOBODY) -> None:
    """A person knows that it arrived, and the body's reference ("" when it gives none).

    Raises RuleBroken when another report has that reference at the body.
    """
    external_id = one_line(external_id)[:200]
    with transaction.atomic():
        delivery = locked(delivery_id)
        taken = ReportBody.objects.filter(body=delivery.body_id, external_id=external_id)
        if external_id and taken.exclude(report=delivery.report_id).exists():
            raise RuleBroken(_("Another report has that reference."), field="external_id")
        moment = clock.now()
        delivery.state, delivery.cause = State.SENT, Cause.BY_HAND
        delivery.external_id, delivery.finished_at = external_id, moment
        delivery.explain(NONE)
        delivery.save()
        if delivery.moved_by_id is not None:
            note_arrivals([delivery])
        elif delivery.update_id is None:
            reports.record_sent(
                report_id=delivery.report_id,
                body_id=delivery.body_id,
                sent_by=delivery.connection.kind if delivery.connection else "email",
                sent_at=delivery.last_attempt_at or moment,
                external_id=external_id,
            )
        note(delivery, "delivery.marked_sent", by)


def note(delivery: Delivery, kind: str, by: Actor) -> None:
    """Writes the fact that a person decided about a delivery."""
    record(fact_of(delivery, kind, by))


def fact_of(delivery: Delivery, kind: str, by: Actor) -> Fact:
    """That fact, not written yet."""
    data = {
        "report": delivery.report_id,
        "body": delivery.body_id,
        "reason": delivery.reason,
        "why": delivery.why,
    }
    return Fact(kind, "delivery", delivery.pk, actor=by, data=data)
