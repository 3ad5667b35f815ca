"""A poll's own records: its claim on the cursor, its run, and the cursor's move."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from waywarden.backends.contract import Span
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.text import one_line, shorten, without_control_characters
from waywarden.open311.types import Deviation
from waywarden.sync import queries
from waywarden.sync.models import Cursor, PollRun, What
from waywarden.sync.rows import Counts, summary_of
from waywarden.sync.windows import next_poll_at, next_try_at

log = logging.getLogger(__name__)

#: A claim not renewed for this long belongs to a dead worker. Two polls at once do no harm.
CLAIM_LIVES = timedelta(minutes=3)
#: A longer mark is not kept.
LONGEST_MARK = 200
#: A poll that waits in the queue for longer than this is taken for lost.
QUEUED_LIVES = timedelta(minutes=30)
#: Polls that are queued at once; the rest stay due, longest first.
MOST_QUEUED = 250
#: Runs are kept this long; those that brought nothing, a week.
RUNS_LIVE = timedelta(days=90)
IDLE_RUNS_LIVE = timedelta(days=7)


def queue_due(queue: Callable[[list[tuple[int, What]]], None]) -> int:
    """Hands the polls whose time has come to `queue`, in one transaction; how many.

    They are not due again until they have run, so that a long backlog costs nothing twice.
    """
    moment = clock.now()
    with transaction.atomic():
        due = queries.due(moment).select_for_update(skip_locked=True, of=("self",))
        rows = list(due.values_list("pk", "connection_id", "what")[:MOST_QUEUED])
        if rows:
            Cursor.objects.filter(pk__in=[pk for pk, _connection, _what in rows]).update(
                queued_until=moment + QUEUED_LIVES
            )
            queue([(connection_id, What(what)) for _pk, connection_id, what in rows])
    return len(rows)


def claim(connection_id: int, what: What) -> Cursor | None:
    """The cursor, held by this poll alone; None while another poll holds it.

    It waits in the queue no more: if its worker dies, it is due again when the claim has run out.
    """
    moment = clock.now()
    Cursor.objects.bulk_create(
        [Cursor(connection_id=connection_id, what=what, position=moment, next_poll_at=moment)],
        ignore_conflicts=True,
    )
    free = Q(claimed_until=None) | Q(claimed_until__lt=moment)
    cursors = Cursor.objects.filter(connection=connection_id, what=what)
    if not cursors.filter(free).update(claimed_until=moment + CLAIM_LIVES, queued_until=None):
        return None
    return cursors.get()


def renew(cursor: Cursor) -> None:
    """Holds the cursor for longer: the poll is alive."""
    Cursor.objects.filter(pk=cursor.pk).update(claimed_until=clock.now() + CLAIM_LIVES)


def release(cursor: Cursor) -> None:
    """Lets other polls have the cursor."""
    Cursor.objects.filter(pk=cursor.pk).update(claimed_until=None)


def begin_run(connection: Connection, what: What, span: Span | None) -> PollRun:
    """A run that has begun; `span` None asks for everything."""
    return PollRun.objects.create(
        connection=connection,
        what=what,
        started_at=clock.now(),
        span_start=span.start if span else None,
        span_end=span.end if span else None,
    )


def finish_run(
    run: PollRun, *, cursor: Cursor, counts: Counts, deviations: list[Deviation], upto: datetime
) -> None:
    """All of the span has been taken in: the run is written and the cursor moves, never back."""
    fill(run, counts=counts, deviations=deviations)
    with transaction.atomic():
        run.save()
        Cursor.objects.filter(pk=cursor.pk).update(
            position=Greatest(Coalesce("position", upto), upto), failures=0
        )


def keep_mark(cursor: Cursor, mark: str) -> None:
    """Remembers the mark of a whole list; unchanged, it need not be sent again today."""
    if mark != cursor.mark and len(mark) <= LONGEST_MARK:
        Cursor.objects.filter(pk=cursor.pk).update(mark=mark)


def forget_marks(cursors: QuerySet[Cursor]) -> None:
    """Whole lists are read again: what decides about their rows may have changed."""
    cursors.filter(what=What.REPORTS).exclude(mark="").update(mark="")


def fail_run(
    run: PollRun,
    *,
    cursor: Cursor,
    counts: Counts,
    deviations: list[Deviation],
    error: WaywardenError,
) -> int:
    """The span was not taken in whole: the cursor stays. How many polls in a row failed."""
    fill(run, counts=counts, deviations=deviations)
    run.error = shorten(one_line(str(error)), 500)
    with transaction.atomic():
        run.save()
        Cursor.objects.filter(pk=cursor.pk).update(failures=F("failures") + 1)
    return Cursor.objects.values_list("failures", flat=True).get(pk=cursor.pk)


def plan_next_poll(cursor: Cursor, *, interval: timedelta) -> None:
    """The connection is asked again after its interval; a mop-up that was asked for is done."""
    at = next_poll_at(now=clock.now(), interval=interval, number=cursor.connection_id)
    cursors = Cursor.objects.filter(pk=cursor.pk)
    cursors.update(next_poll_at=at)
    if cursor.reach_back_to is not None:
        cursors.filter(reach_back_to=cursor.reach_back_to).update(reach_back_to=None)


def put_off(
    cursor: Cursor, *, failures: int, interval: timedelta, asked_wait: timedelta | None = None
) -> None:
    """The connection is asked again after a pause that grows with its failures."""
    at = next_try_at(now=clock.now(), failures=failures, interval=interval, asked_wait=asked_wait)
    Cursor.objects.filter(pk=cursor.pk).update(next_poll_at=at)


def drop_old_runs() -> int:
    """Deletes runs older than 90 days, and older than a week those that brought nothing."""
    moment = clock.now()
    idle = Q(new=0, set_aside=0, error="", started_at__lt=moment - IDLE_RUNS_LIVE)
    old = PollRun.objects.filter(idle | Q(started_at__lt=moment - RUNS_LIVE))
    deleted, _by_model = old.delete()
    return deleted


def fill(run: PollRun, *, counts: Counts, deviations: list[Deviation]) -> None:
    """Writes what came of a run onto it, unsaved."""
    run.finished_at = clock.now()
    run.rows, run.new = counts.rows, counts.new
    run.repeated, run.set_aside = counts.repeated + counts.ignored, counts.set_aside
    run.deviations = [
        {
            name: without_control_characters(value) if isinstance(value, str) else value
            for name, value in item.items()
        }
        for item in summary_of(deviations, counts.more_deviations)
    ]
    if run.deviations:
        log.info(
            "connection %d forgave: %s",
            run.connection_id,
            ", ".join(f"{item['code']} {item['count']}" for item in run.deviations),
        )
