"""Planning deliveries, and what a person does with them by hand."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from waywarden.backends.contract import Capability
from waywarden.backends.registry import backend_class
from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.reports import services as reports
from waywarden.reports import states
from waywarden.reports.models import ReportBody, Update
from waywarden.sending.claim_services import recover
from waywarden.sending.lanes import EMAIL_LANES, Lane, lane_for
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Cause

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
#: Reports that are sent: seen by the public (or private), and not withdrawn.
SENDABLE = tuple(state for state in states.VISIBLE if state != states.State.CANCELLED)


def plan_reports(report_ids: Iterable[int]) -> frozenset[Lane]:
    """One delivery for each report and body, held for a while; the lanes they go in.

    Runs inside the transaction that confirmed the reports. Doing it again adds nothing.
    """
    moment = clock.now()
    due_at = moment + timedelta(seconds=settings.WAYWARDEN_HOLD_SECONDS)
    rows = _rows().filter(
        report__in=list(report_ids), report__state__in=SENDABLE, sent_at=None, external_id=""
    )
    planned = [_planned(row, None, due_at=due_at, moment=moment) for row in rows]
    return _store(planned)


def plan_updates(update_ids: Iterable[int]) -> frozenset[Lane]:
    """One delivery for each person's update and body whose connection sends updates, held too."""
    moment = clock.now()
    due_at = moment + timedelta(seconds=settings.WAYWARDEN_HOLD_SECONDS)
    updates = Update.objects.filter(
        pk__in=list(update_ids), visibility=Update.Visibility.SHOWN, body=None
    )
    planned: list[Delivery] = []
    for update in updates.order_by("id"):
        for row in _rows().filter(report=update.report_id):
            connection = row.category.connection_for_sending if row.category else None
            if connection is not None and _takes_updates(connection):
                planned.append(_planned(row, update, due_at=due_at, moment=moment))
    return _store(planned)


def _rows() -> QuerySet[ReportBody]:
    return ReportBody.objects.select_related(
        "category__body__sending_connection", "category__connection"
    ).order_by("id")


def _takes_updates(connection: Connection) -> bool:
    kind = backend_class(connection.kind)
    return connection.sends_updates and kind.can(Capability.SENDS_UPDATES)


def _store(planned: list[Delivery]) -> frozenset[Lane]:
    Delivery.objects.bulk_create(planned, ignore_conflicts=True)
    return frozenset(
        Lane(delivery.connection_id, delivery.lane)
        for delivery in planned
        if delivery.state == State.QUEUED
    )


def _planned(
    row: ReportBody, update: Update | None, *, due_at: datetime, moment: datetime
) -> Delivery:
    delivery = Delivery(
        report_id=row.report_id, update=update, body_id=row.body_id, due_at=due_at, created=moment
    )
    _address(delivery, row.category)
    return delivery


def _address(delivery: Delivery, category: Category | None) -> None:
    """Queues it for where the category goes now; holds it when that is nowhere."""
    connection = category.connection_for_sending if category else None
    lanes = connection.lanes if connection else EMAIL_LANES
    delivery.category, delivery.connection = category, connection
    delivery.lane = lane_for(delivery.report_id, lanes)
    missing = _missing(category, connection)
    delivery.state = State.HELD if missing else State.QUEUED
    delivery.cause = Cause.NO_ADDRESS if missing else Cause.NONE
    delivery.reason = missing


def _missing(category: Category | None, connection: Connection | None) -> str:
    """Why a category cannot be sent, in words for staff; "" when it can."""
    if category is None:
        return _("The category is gone; choose another, then retry.")
    if category.state == Category.State.UNCONFIRMED and connection is None:
        return _("The address of the category “%s” is not confirmed yet.") % category.name
    kind = backend_class(connection.kind if connection else "email")
    missing = kind.missing_address(
        emails=tuple(category.emails), service_code=category.service_code
    )
    return f"{category.name}: {missing}" if missing else ""


def cancel_for(report_id: int) -> int:
    """A withdrawn report: what has not gone out goes no more; how many deliveries that were."""
    return (
        Delivery.objects.filter(report=report_id, state__in=(*NOT_GONE, State.REFUSED, State.HELD))
        .exclude(cause__in=(Cause.UNKNOWN, Cause.TOKEN))
        .update(
            state=State.CANCELLED,
            cause=Cause.WITHDRAWN,
            reason=_("Withdrawn by the reporter before it was sent."),
            finished_at=clock.now(),
        )
    )


def _locked(delivery_id: int) -> Delivery:
    """A delivery that a person may decide about. Raises RuleBroken when it is too late."""
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None or delivery.state not in OPEN_TO_HANDS:
        raise RuleBroken(_("This delivery is on its way or finished; nothing was changed."))
    return delivery


def retry(delivery_id: int, *, by: Actor = NOBODY) -> Lane:
    """Sends it again, by the way its category goes now; its lane.

    What may have arrived is looked up first, and a token is asked about again.
    """
    with transaction.atomic():
        delivery = _locked(delivery_id)
        _start_again(delivery)
        _note(delivery, "delivery.retried", by)
    return Lane(delivery.connection_id, delivery.lane)


def retry_all(body_id: int, *, by: Actor = NOBODY) -> frozenset[Lane]:
    """Sends all dead letters of a body again; the lanes they go in."""
    lanes = set()
    with transaction.atomic():
        stuck = Delivery.objects.select_for_update(skip_locked=True).filter(
            body=body_id, state__in=(State.REFUSED, State.HELD)
        )
        for delivery in stuck.order_by("id"):
            _start_again(delivery)
            _note(delivery, "delivery.retried", by)
            lanes.add(Lane(delivery.connection_id, delivery.lane))
    return frozenset(lanes)


def _start_again(delivery: Delivery) -> None:
    may_have_arrived = delivery.state in (State.UNKNOWN, State.PENDING) or delivery.cause in (
        Cause.UNKNOWN,
        Cause.TOKEN,
    )
    if may_have_arrived:
        delivery.state = State.PENDING if delivery.token else State.UNKNOWN
        delivery.cause, delivery.reason = Cause.NONE, ""
    else:
        _address(delivery, _category_now(delivery))
    delivery.due_at = clock.now()
    delivery.attempts = delivery.refusals = 0
    delivery.first_attempt_at = delivery.token_at = delivery.finished_at = None
    delivery.save()


def _category_now(delivery: Delivery) -> Category | None:
    row = _rows().filter(report=delivery.report_id, body=delivery.body_id).first()
    return row.category if row else None


def send_now(delivery_id: int, *, by: Actor = NOBODY) -> Lane:
    """Does not wait any longer for its time; its lane."""
    with transaction.atomic():
        delivery = _locked(delivery_id)
        if delivery.state in (State.REFUSED, State.HELD):
            _start_again(delivery)
        delivery.due_at = clock.now()
        delivery.save(update_fields=["due_at"])
        _note(delivery, "delivery.retried", by)
    return Lane(delivery.connection_id, delivery.lane)


def hold(delivery_id: int, *, reason: str, by: Actor = NOBODY) -> None:
    """Keeps it from going until a person lets it."""
    with transaction.atomic():
        delivery = _locked(delivery_id)
        delivery.cause = {
            State.UNKNOWN.value: Cause.UNKNOWN,
            State.PENDING.value: Cause.TOKEN,
        }.get(delivery.state, Cause.BY_HAND)
        delivery.state, delivery.reason = State.HELD, one_line(reason)
        delivery.save(update_fields=["state", "cause", "reason"])
        _note(delivery, "delivery.held", by)


def give_up(delivery_id: int, *, reason: str, by: Actor = NOBODY) -> None:
    """Ends a delivery unsent, with a reason that stays readable."""
    if not one_line(reason):
        raise RuleBroken(_("Please give a reason."), field="reason")
    with transaction.atomic():
        delivery = _locked(delivery_id)
        delivery.state, delivery.cause = State.CANCELLED, Cause.BY_HAND
        delivery.reason, delivery.finished_at = one_line(reason), clock.now()
        delivery.save(update_fields=["state", "cause", "reason", "finished_at"])
        _note(delivery, "delivery.given_up", by)


def mark_sent(delivery_id: int, *, external_id: str, by: Actor = NOBODY) -> None:
    """A person knows that it arrived, and the body's reference ("" when it gives none).

    Raises RuleBroken when another report has that reference at the body.
    """
    external_id = one_line(external_id)[:200]
    with transaction.atomic():
        delivery = _locked(delivery_id)
        taken = ReportBody.objects.filter(body=delivery.body_id, external_id=external_id)
        if external_id and taken.exclude(report=delivery.report_id).exists():
            raise RuleBroken(_("Another report has that reference."), field="external_id")
        moment = clock.now()
        delivery.state, delivery.cause = State.SENT, Cause.BY_HAND
        delivery.external_id, delivery.finished_at, delivery.reason = external_id, moment, ""
        delivery.save()
        if delivery.update_id is None:
            reports.record_sent(
                report_id=delivery.report_id,
                body_id=delivery.body_id,
                sent_by=delivery.connection.kind if delivery.connection else "email",
                sent_at=delivery.last_attempt_at or moment,
                external_id=external_id,
            )
        _note(delivery, "delivery.marked_sent", by)


def _note(delivery: Delivery, kind: str, by: Actor) -> None:
    data = {"report": delivery.report_id, "body": delivery.body_id, "reason": delivery.reason}
    record(Fact(kind, "delivery", delivery.pk, actor=by, data=data))
