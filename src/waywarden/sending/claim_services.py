"""Claiming deliveries for a drain, giving them back, and writing what came of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from waywarden.backends.registry import backend_class
from waywarden.events.bulk_services import write_columns
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.retry import pause_after
from waywarden.kernel.text import without_control_characters
from waywarden.reports import services as reports
from waywarden.reports import states
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import Update
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.moved_services import note_arrivals
from waywarden.sending.outcome import Cause, Health, Next
from waywarden.sending.queries import STUCK, in_lane
from waywarden.sending.reasons import Reason, Why

State = Delivery.State
#: A claim that is not renewed for so long belongs to a dead worker.
CLAIM_LASTS = timedelta(minutes=2)
#: A call does not begin on a claim that runs out so soon.
CLAIM_MARGIN = timedelta(seconds=45)
#: Reports that go to nobody any more.
GONE = (states.State.CANCELLED, states.State.HIDDEN, states.State.UNCONFIRMED)


@dataclass(slots=True, eq=False)
class Claimed:
    """A delivery that is ours to send until then, and the state it was claimed in.

    `until` is the claim's mark too: where another stands in the row, it is another worker's.
    """

    delivery: Delivery
    before: Delivery.State
    until: datetime

    @property
    def is_running_out(self) -> bool:
        """Whether no call may begin on it any more before it is renewed."""
        return clock.now() > self.until - CLAIM_MARGIN


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one claimed delivery. `began` is when its call began."""

    claimed: Claimed
    next: Next
    notebook: dict[str, str]
    began: datetime


def claim(lane: Lane, *, limit: int) -> list[Claimed]:
    """Takes due deliveries of a lane, oldest first, at most one of a report.

    `sending` is committed when this returns, before any call. What may not go any more (withdrawn,
    taken down) is cancelled instead.
    """
    moment = clock.now()
    with transaction.atomic():
        ids = list(
            in_lane(lane)
            .filter(due_at__lte=moment)
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:limit]
        )
        # Read after they are locked: what an author corrected just before is seen whole.
        rows = list(
            Delivery.objects.filter(pk__in=ids)
            .select_related("report", "update", "body", "category", "connection")
            .order_by("due_at", "id")
        )
        first_of_report = list({row.report_id: row for row in reversed(rows)}.values())[::-1]
        gone = [row for row in first_of_report if _is_gone(row)]
        _cancel(gone, moment)
        taken = [row for row in first_of_report if not _is_gone(row)]
        until = moment + CLAIM_LASTS
        _mark(taken, moment, until)
    return [Claimed(delivery=row, before=State(row.state), until=until) for row in taken]


def _is_gone(row: Delivery) -> bool:
    """Whether it may not go any more, and has surely not gone yet."""
    if row.state not in (State.QUEUED, State.WAITING):
        return False
    if row.update is not None:
        return row.update.visibility != Update.Visibility.SHOWN
    return row.report.state in GONE


def _cancel(rows: Sequence[Delivery], moment: datetime) -> None:
    if rows:
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.CANCELLED,
            cause=Cause.WITHDRAWN,
            finished_at=moment,
            **Reason(Why.TAKEN_DOWN).columns,
        )


def _mark(rows: Sequence[Delivery], moment: datetime, claimed_until: datetime) -> None:
    """Writes `sending`; the time of the attempt where something will be posted."""
    posting = [row.pk for row in rows if row.state in (State.QUEUED, State.WAITING)]
    asking = [row.pk for row in rows if row.state in (State.UNKNOWN, State.PENDING)]
    if posting:
        Delivery.objects.filter(pk__in=posting).update(
            state=State.SENDING,
            claimed_until=claimed_until,
            first_attempt_at=Coalesce("first_attempt_at", moment),
            last_attempt_at=moment,
        )
    if asking:
        Delivery.objects.filter(pk__in=asking).update(
            state=State.SENDING,
            claimed_until=claimed_until,
            first_attempt_at=Coalesce("first_attempt_at", moment),
        )
    for row in rows:
        row.first_attempt_at = row.first_attempt_at or moment
        if row.pk in posting:
            row.last_attempt_at = moment


def renew(claimed: Iterable[Claimed]) -> list[Claimed]:
    """Keeps what is still being sent from being taken for a dead worker's; what is ours yet.

    A worker that was stopped for long (a machine put to sleep) may have lost some to another.
    """
    claimed = list(claimed)
    until, ours = clock.now() + CLAIM_LASTS, []
    for before in {one.until for one in claimed}:
        part = [one for one in claimed if one.until == before]
        rows = Delivery.objects.filter(pk__in=[one.delivery.pk for one in part])
        rows.filter(state=State.SENDING, claimed_until=before).update(claimed_until=until)
        held = set(rows.filter(claimed_until=until).values_list("pk", flat=True))
        ours += [one for one in part if one.delivery.pk in held]
    for one in ours:
        one.until = until
    return ours


def release(claimed: Sequence[Claimed]) -> None:
    """Gives back what was not called for: it stands as before and burned nothing."""
    for before, until in {(one.before, one.until) for one in claimed}:
        ids = [one.delivery.pk for one in claimed if (one.before, one.until) == (before, until)]
        Delivery.objects.filter(pk__in=ids, state=State.SENDING, claimed_until=until).update(
            state=before, claimed_until=None
        )


def recover() -> frozenset[Lane]:
    """What dead workers left in `sending` may have arrived; the lanes that will find out."""
    moment = clock.now()
    lanes = set()
    with transaction.atomic():
        left = Delivery.objects.select_for_update(skip_locked=True).filter(
            Q(claimed_until=None) | Q(claimed_until__lt=moment), state=State.SENDING
        )
        for row in left.order_by("id"):
            row.state = State.PENDING if row.token else State.UNKNOWN
            row.cause = Cause.NONE if row.token else Cause.UNKNOWN
            row.explain(Reason(Why.STOPPED))
            row.claimed_until = None
            # One that brings its worker down must not do so without end.
            row.due_at = moment + pause_after(row.attempts) if row.attempts else moment
            row.attempts += 1
            row.save()
            lanes.add(Lane(row.connection_id, row.lane))
    return frozenset(lanes)


def write_results(results: Sequence[Result]) -> None:
    """Writes what came of some deliveries: together, or one by one where that fails."""
    results = sorted(results, key=lambda result: result.claimed.delivery.report_id)
    for result in results:
        _apply(result)
    try:
        with transaction.atomic():
            _store(results)
    except IntegrityError:
        for result in results:
            _write_one(result)


def _write_one(result: Result) -> None:
    """One by itself; a reference that another report has already holds it for a person."""
    try:
        with transaction.atomic():
            _store([result])
    except IntegrityError:
        row = result.claimed.delivery
        row.state, row.cause = State.HELD, Cause.DUPLICATE_ID
        row.explain(Reason(Why.DUPLICATE, name=row.external_id))
        with transaction.atomic():
            _store([result])


def _apply(result: Result) -> None:
    row, standing = result.claimed.delivery, result.next.standing
    row.state, row.cause = State(standing.state.value), standing.cause
    row.explain(standing.reason)
    row.attempts, row.refusals, row.due_at = standing.attempts, standing.refusals, standing.due_at
    # A plug-in gives on what a system answered: what PostgreSQL cannot keep must not stop the rest.
    row.token = without_control_characters(standing.token)[:200]
    row.external_id = without_control_characters(standing.external_id)[:200]
    row.notebook = {
        without_control_characters(name): without_control_characters(value)
        for name, value in result.notebook.items()
    }
    row.token_at, row.claimed_until = standing.token_at, None
    if result.next.health is Health.BLOCKED:  # the connection's fault: nothing was tried
        row.first_attempt_at = row.first_attempt_at if row.attempts else None
    elif result.claimed.before != State.PENDING:
        row.last_attempt_at = result.began
    if row.state in (State.SENT, State.CANCELLED, *STUCK):
        row.finished_at = clock.now()


_WRITTEN = [
    "state",
    "cause",
    "reason",
    "why",
    "attempts",
    "refusals",
    "due_at",
    "token",
    "token_at",
    "external_id",
    "notebook",
    "claimed_until",
    "first_attempt_at",
    "last_attempt_at",
    "finished_at",
]


def _store(results: Sequence[Result]) -> None:
    """The rows, what the reports know of it, and the facts; inside the caller's transaction."""
    lock_reports(result.claimed.delivery.report_id for result in results)
    open_now = dict(
        Delivery.objects.select_for_update()
        .filter(
            pk__in=[result.claimed.delivery.pk for result in results],
            state__in=(State.SENDING, State.UNKNOWN),
        )
        .order_by("id")
        .values_list("pk", "claimed_until")
    )
    rows = [result.claimed.delivery for result in results if _still_counts(result, open_now)]
    write_columns(rows, _WRITTEN)
    arrived = [
        row
        for row in rows
        if row.state == State.SENT and row.update_id is None and not _stayed_here(row)
    ]
    reports.record_sent_many([_sent(row) for row in arrived if row.moved_by_id is None])
    note_arrivals([row for row in arrived if row.moved_by_id is not None])
    record(*[_update_sent(row) for row in rows if row.state == State.SENT and row.update_id])
    record(*[stuck_fact(row) for row in rows if row.state in STUCK])


def _still_counts(result: Result, open_now: Mapping[int, datetime | None]) -> bool:
    """Whether a result may be written over what stands there; `open_now`: row → claim's end.

    A worker thought dead may have come back late. What is decided meanwhile stays; of what is not,
    only that it has arrived is still news: anything else would take it from who tries it now.
    """
    row = result.claimed.delivery
    if row.pk not in open_now:
        return False
    return row.state in (State.SENT, State.PENDING) or open_now[row.pk] == result.claimed.until


def _stayed_here(row: Delivery) -> bool:
    return row.connection is not None and backend_class(row.connection.kind).keeps_here


def _sent(row: Delivery) -> reports.Sent:
    return reports.Sent(
        report_id=row.report_id,
        body_id=row.body_id,
        sent_by=row.connection.kind if row.connection else "email",
        sent_at=row.last_attempt_at or clock.now(),
        external_id=row.external_id,
    )


def _update_sent(row: Delivery) -> Fact:
    data = {"report": row.report_id, "body": row.body_id, "external_id": row.external_id}
    return Fact(
        "update.sent", "update", row.update_id or 0, actor=Actor("body", row.body_id), data=data
    )


def stuck_fact(row: Delivery) -> Fact:
    """That a delivery waits for a person, not written yet."""
    data = {
        "report": row.report_id,
        "body": row.body_id,
        "reason": row.reason,
        "why": row.why,
        "cause": row.cause,
    }
    return Fact(f"delivery.{row.state}", "delivery", row.pk, data=data)
