"""Moving a report to another category or body, and what each body is sent because of it.

Four ways lead here: staff choose another category, the body's own system does, a dead letter is
rerouted, a dead letter is edited and tried again.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports import moving_services as reports
from waywarden.reports import states
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.moving_services import Changes
from waywarden.sending import services
from waywarden.sending.lanes import Lane
from waywarden.sending.models import AT_A_DESK, Delivery
from waywarden.sending.moved_services import news_of
from waywarden.sending.outcome import Cause
from waywarden.sending.planning_services import (
    SENDABLE,
    categories_with_ways,
    planned_for,
    rows_with_ways,
    store,
    takes_updates,
    was_mailed,
)
from waywarden.sending.reasons import Reason, Why

State = Delivery.State
NO_CHANGES = Changes()


@dataclass(slots=True)
class _Move:
    """One report's way from one category to another."""

    row: ReportBody
    old: Category | None
    new: Category
    by: Actor
    was_sent: bool = False
    was_mailed: bool = False
    lanes: set[Lane] = field(default_factory=set)

    @property
    def old_way(self) -> Connection | None:
        return self.old.connection_for_sending if self.old else None

    @property
    def is_same_system(self) -> bool:
        """Same body, same connection: what is there only changes its service."""
        if self.new.body_id != self.row.body_id or self.old is None or self.was_mailed:
            return False
        if self.new.connection_for_sending is None:  # e-mail goes to other people's desks
            return self.old_way is None and set(self.old.emails) == set(self.new.emails)
        return self.new.connection_for_sending == self.old_way


def move_report(
    report_id: int, *, from_body_id: int, category_id: int, by: Actor = NOBODY
) -> frozenset[Lane]:
    """Puts a report of one body under another category, of that body or of another one.

    Within one connection the body is sent an update with the new `service_code` (where it is sent
    updates); what has not gone yet goes under the new one. Otherwise a new delivery goes to the
    new place, and the old one is told, where its connection sends updates. The lanes to wake.
    Raises RuleBroken when the report is just being sent, is not at that body, or the category
    cannot be used.
    """
    with transaction.atomic():
        lock_reports([report_id])
        move = _begin(report_id, from_body_id, category_id, by)
        if move.old == move.new:
            return frozenset()
        deliveries = _locked(report_id, from_body_id)
        may_have_it = any(services.may_have_arrived(delivery) for delivery in deliveries)
        update = reports.put_in_category(move.row, move.new, may_have_it=may_have_it, by=by)
        if move.is_same_system:
            if not move.was_sent:
                _readdress(move)
            if move.was_sent or may_have_it:  # the news waits until it is there
                _tell(move, update, category=move.new)
        else:
            _leave(move, update)
            _send_anew(move, update)
    return frozenset(move.lanes)


def reroute(delivery_id: int, *, category_id: int, by: Actor = NOBODY) -> frozenset[Lane]:
    """A delivery of a report that a body did not get goes to another category or body instead.

    The old delivery is cancelled, as rerouted; the new one is of a new generation with a key of
    its own. The lanes to wake. Raises RuleBroken when it is on its way or finished, is an update,
    or is to go where it failed.
    """
    with transaction.atomic():
        delivery = services.locked(delivery_id)
        if delivery.update_id is not None:
            raise RuleBroken(_("Only a report can be sent to another body, not an update of it."))
        if delivery.category_id == category_id:
            raise RuleBroken(_("It goes there already; retry it instead."), field="category")
        lanes = move_report(
            delivery.report_id, from_body_id=delivery.body_id, category_id=category_id, by=by
        )
        delivery.refresh_from_db()
        services.note(delivery, "delivery.rerouted", by)
    return lanes


def edit_and_retry(
    delivery_id: int,
    *,
    changes: Changes = NO_CHANGES,
    category_id: int | None = None,
    by: Actor = NOBODY,
) -> frozenset[Lane]:
    """Mends a refused or held report (words, place, category) and sends it; the lanes to wake.

    It goes as a new generation with a new key, so that no server takes it for the old text.
    Raises RuleBroken naming the field, and when it may have arrived as it was: then it must be
    looked up first (`retry`), marked as sent, or given up.
    """
    with transaction.atomic():
        delivery = services.locked(delivery_id)
        if services.may_have_arrived(delivery):
            raise RuleBroken(_("It may have arrived as it was. Retry it: it is looked up first."))
        reports.edit_report(delivery.report_id, changes, by=by)
        if category_id is not None and category_id != delivery.category_id:
            return reroute(delivery_id, category_id=category_id, by=by)
        delivery.generation = _next_generation(delivery)
        delivery.key = Delivery._meta.get_field("key").get_default()
        delivery.notebook = {}
        delivery.save(update_fields=["generation", "key", "notebook"])
        services.start_again(delivery)
        services.note(delivery, "delivery.retried", by)
    return frozenset({Lane(delivery.connection_id, delivery.lane)})


def follow_move(
    report_id: int, *, body_id: int, from_category_id: int | None, to_category_id: int
) -> frozenset[Lane]:
    """A body's own system put a report under another category of the body; the lanes to wake.

    Inside the transaction that moved it. Where that category goes another way, the report is sent
    there anew. The body is not told: it said so itself.
    """
    known = categories_with_ways({to_category_id, from_category_id or to_category_id})
    row = rows_with_ways().filter(report=report_id, body=body_id).first()
    old, new = known.get(from_category_id or 0), known[to_category_id]
    if row is None or old is None or old.connection_for_sending == new.connection_for_sending:
        return frozenset()
    _leave(_Move(row, old, new, NOBODY), None)
    reports.forget_reference(row)
    if not Report.objects.filter(pk=report_id, state__in=SENDABLE).exists():
        return frozenset()
    moment = clock.now()
    fresh = rows_with_ways().get(pk=row.pk)
    delivery = planned_for(fresh, None, due_at=moment, moment=moment)
    delivery.generation = _next_generation(delivery)
    return store([delivery])


def resend(report_ids: list[int], *, body_id: int, by: Actor = NOBODY) -> frozenset[Lane]:
    """Sends reports to a body once more, as a new generation, by the way they go now.

    What is on its way there is left alone. The lanes to wake.
    """
    moment = clock.now()
    with transaction.atomic():
        lock_reports(report_ids)
        busy = Delivery.objects.filter(
            report__in=report_ids, body=body_id, update=None, state__in=_UNFINISHED
        ).values_list("report_id", flat=True)
        rows = list(
            rows_with_ways()
            .select_for_update(of=("self",))
            .filter(report__in=set(report_ids) - set(busy), body=body_id)
            .filter(report__state__in=SENDABLE)
        )
        latest = dict(
            Delivery.objects.filter(report__in=[row.report_id for row in rows], body=body_id)
            .filter(update=None)
            .values_list("report_id")
            .annotate(Max("generation"))
        )
        planned = [planned_for(row, None, due_at=moment, moment=moment) for row in rows]
        for delivery in planned:
            delivery.generation = latest.get(delivery.report_id, 0) + 1
        lanes = store(planned)
        record(
            *[
                Fact("report.resent", "report", row.report_id, actor=by, data={"body": body_id})
                for row in rows
            ]
        )
    return lanes


def resend_open(body_id: int, *, dry_run: bool = False, by: Actor = NOBODY) -> int:
    """Resends a body's open reports that have no number there and never went the way they go now.

    In pieces, oldest first; how many. Doing it again finds nothing.
    """
    count, last = 0, 0
    while True:
        rows = list(
            rows_with_ways()
            .filter(body=body_id, external_id="", report__state__in=states.OPEN)
            .filter(report__gt=last)
            .order_by("report_id")[: services.PIECE]
        )
        if not rows:
            return count
        last = rows[-1].report_id
        gone = set(
            Delivery.objects.filter(report__in=[row.report_id for row in rows], body=body_id)
            .filter(update=None)
            .exclude(state=State.CANCELLED)
            .values_list("report_id", "connection_id")
        )
        wanted = [row.report_id for row in rows if (row.report_id, _way_id(row)) not in gone]
        count += len(wanted)
        if not dry_run:
            resend(wanted, body_id=body_id, by=by)


def _way_id(row: ReportBody) -> int | None:
    connection = row.category.connection_for_sending if row.category else None
    return connection.pk if connection else None


_UNFINISHED = (
    State.QUEUED,
    State.SENDING,
    State.PENDING,
    State.UNKNOWN,
    State.WAITING,
    State.REFUSED,
    State.HELD,
)


def _begin(report_id: int, body_id: int, category_id: int, by: Actor) -> _Move:
    row = (
        ReportBody.objects.select_for_update(of=("self",))
        .filter(report=report_id, body=body_id, left_at=None)
        .first()
    )
    if row is None:
        raise RuleBroken(_("The report is not at that body."))
    known = categories_with_ways({category_id, row.category_id or category_id})
    new = known.get(category_id)
    if new is None or new.state == Category.State.DELETED or new.body.is_deleted:
        raise RuleBroken(_("That category cannot be used any more."), field="category")
    taken = ReportBody.objects.filter(report=report_id, body=new.body_id, left_at=None)
    if new.body_id != body_id and taken.exists():
        raise RuleBroken(_("That body has the report already."), field="category")
    was_sent = row.sent_at is not None or row.external_id != ""
    old = known.get(row.category_id or 0)
    row.category = old
    return _Move(row, old, new, by, was_sent=was_sent, was_mailed=was_mailed(row))


def _locked(report_id: int, body_id: int) -> list[Delivery]:
    """Locks what there is. Raises RuleBroken: a call that is out may not be overtaken."""
    deliveries = list(
        Delivery.objects.select_for_update().filter(report=report_id, body=body_id).order_by("id")
    )
    if any(delivery.state == State.SENDING for delivery in deliveries):
        raise RuleBroken(_("It is being sent just now. Please try again in a moment."))
    return deliveries


def _readdress(move: _Move) -> None:
    """What has not gone yet goes under the new category."""
    waiting = Delivery.objects.filter(
        report=move.row.report_id, body=move.row.body_id, state__in=services.OPEN_TO_HANDS
    )
    for delivery in waiting.order_by("id"):
        if services.may_have_arrived(delivery):
            continue  # it is looked up by what was sent
        services.start_again(delivery)
        move.lanes.add(Lane(delivery.connection_id, delivery.lane))


def _leave(move: _Move, update: Update | None) -> None:
    """What the old place has not got, it gets no more; what it may have is looked up there.

    `update` is what it is told then; None where its own system moved the report.
    """
    left = Delivery.objects.filter(
        report=move.row.report_id, body=move.row.body_id, state__in=services.OPEN_TO_HANDS
    )
    if update is not None:
        for delivery in left.filter(update=None, moved_by=None):
            if services.may_have_arrived(delivery):
                delivery.moved_by = update
                delivery.save(update_fields=["moved_by"])
    left.filter(moved_by=None).update(
        state=State.CANCELLED,
        cause=Cause.REROUTED,
        finished_at=clock.now(),
        **Reason(Why.MOVED, name=move.new.name).columns,
    )


def _send_anew(move: _Move, update: Update) -> None:
    """To the new place as a report, then to the old one as news of it, if it had it."""
    told_as = _known_as(move)
    if move.was_sent and move.new.body_id == move.row.body_id:
        reports.forget_reference(move.row)
    row = rows_with_ways().get(report=move.row.report_id, body=move.new.body_id)
    is_there = row.sent_at is not None or row.external_id != ""
    if is_there:
        told_there_as = AT_A_DESK if was_mailed(row) else ""
        _tell(move, update, category=move.new, told_as=told_there_as)
    elif Report.objects.filter(pk=row.report_id, state__in=SENDABLE).exists():
        moment = clock.now()
        delivery = planned_for(row, None, due_at=moment, moment=moment)
        delivery.generation = _next_generation(delivery)
        move.lanes |= store([delivery])
    if move.old is not None and told_as:
        _tell(move, update, category=move.old, told_as=told_as)


def _known_as(move: _Move) -> str:
    """What the old place calls the report; "" where it cannot be told of it."""
    if not move.was_sent:
        return ""
    is_at_a_desk = move.was_mailed or move.old_way is None
    return move.row.external_id or (AT_A_DESK if is_at_a_desk else "")


def _tell(move: _Move, update: Update, *, category: Category, told_as: str = "") -> None:
    """The body of a category hears of the move, where it takes updates."""
    if takes_updates(category, is_mailed=told_as == AT_A_DESK):
        news = news_of(update, category, told_as=told_as, moment=clock.now())
        move.lanes |= store([news])


def _next_generation(delivery: Delivery) -> int:
    known = Delivery.objects.filter(
        report=delivery.report_id, body=delivery.body_id, update=delivery.update_id
    ).aggregate(Max("generation"))["generation__max"]
    return int(known or 0) + 1
