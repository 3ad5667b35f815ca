"""Asks a connection for news: which span, in which pieces, what came of it."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error as DatabaseError

from waywarden.backends.contract import Capability, Notes, Span
from waywarden.bodies.queries import bodies_fetched_through
from waywarden.connections.models import Connection
from waywarden.connections.services import (
    Opened,
    keep_exchanges,
    note_failure,
    note_success,
    open_backend,
)
from waywarden.kernel import clock, http
from waywarden.kernel.errors import BackendError, BadReply, Misconfigured, TryLater, WaywardenError
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.sync import aside_services, requests, run_services, updates
from waywarden.sync.models import Cursor, PollRun, What
from waywarden.sync.queries import open_reports
from waywarden.sync.reading import read_whole
from waywarden.sync.rows import Counts, in_pieces
from waywarden.sync.source import Source
from waywarden.sync.windows import pieces_of, span_to_poll

log = logging.getLogger(__name__)

#: Seconds by which the other side's clock differs when it is odd.
CLOCK_IS_OFF = 60.0
BUSY = (
    "Another poll of this connection is running. If it was killed, it lets go within three minutes."
)
_NEEDS = {What.UPDATES: Capability.FETCHES_UPDATES, What.REPORTS: Capability.FETCHES_REPORTS}


@dataclass(frozen=True, slots=True)
class Polled:
    """A poll's last run, and what came of all its pieces together."""

    run: PollRun
    counts: Counts


def poll(
    connection_id: int, what: What, *, since: datetime | None = None, dry_run: bool = False
) -> PollRun:
    """Polls a connection; the last run says what came of it, `error` why it failed.

    Never raises for what the body's system does. The cursor moves to the end of each piece that
    has been taken in whole. `since` asks from then on; a dry run changes nothing and its run is
    not saved. While another poll of the same connection runs, nothing is asked.
    """
    return poll_in_full(connection_id, what, since=since, dry_run=dry_run).run


def poll_in_full(
    connection_id: int, what: What, *, since: datetime | None = None, dry_run: bool = False
) -> Polled:
    """The same, with every skipped row and its reason."""
    connection = Connection.objects.get(pk=connection_id)
    if dry_run:
        return _try_out(connection, what, since=since)
    cursor = run_services.claim(connection_id, what)
    if cursor is None:
        run = PollRun(connection=connection, what=what, started_at=clock.now(), error=BUSY)
        return Polled(run=run, counts=Counts())
    try:
        return _poll(connection, what, cursor=cursor, since=since)
    finally:
        run_services.release(cursor)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A connection that was opened, and the bodies it speaks for."""

    opened: Opened
    source: Source


def _open(connection: Connection, what: What) -> _Ready | WaywardenError:
    """The connection, ready to be asked; else what is wrong with it."""
    try:
        opened = open_backend(connection)
        source = Source(
            connection=connection,
            backend=opened.backend,
            bodies=tuple(bodies_fetched_through(connection.pk)),
        )
        _check(source, what)
    except WaywardenError as error:
        return error
    return _Ready(opened, source)


def _poll(connection: Connection, what: What, *, cursor: Cursor, since: datetime | None) -> Polled:
    ready = _open(connection, what)
    total = Counts()
    for span in _spans(connection, what, ready, cursor=cursor, since=since):
        run = run_services.begin_run(connection, what, span)
        counts, notes = Counts(), Notes(mark=cursor.mark if span is None else "")
        error = _try_piece(
            ready,
            what,
            span,
            counts=counts,
            notes=notes,
            pulse=lambda: run_services.renew(cursor),
        )
        total.add(counts)
        deviations = [*notes.deviations, *counts.deviations]
        if error is not None:
            failures = run_services.fail_run(
                run, cursor=cursor, counts=counts, deviations=deviations, error=error
            )
            _note_failure(connection, error, failures=failures)
            wait = error.after if isinstance(error, TryLater) else None
            run_services.put_off(
                cursor,
                failures=failures,
                interval=timedelta(seconds=connection.poll_seconds),
                asked_wait=wait,
            )
            return Polled(run=run, counts=total)
        upto = span.end if span is not None else run.started_at
        run_services.finish_run(run, cursor=cursor, counts=counts, deviations=deviations, upto=upto)
        if span is None:
            run_services.keep_mark(cursor, notes.mark)
    _note_success(connection, failed_before=cursor.failures)
    run_services.plan_next_poll(cursor, interval=timedelta(seconds=connection.poll_seconds))
    return Polled(run=run, counts=total)


def _try_out(connection: Connection, what: What, *, since: datetime | None) -> Polled:
    """A dry run: each piece is taken in and taken back, nothing else is written."""
    cursor = Cursor.objects.filter(connection=connection, what=what).first()
    run = PollRun(connection=connection, what=what, started_at=clock.now())
    ready = _open(connection, what)
    total, notes = Counts(), Notes()
    for span in _spans(connection, what, ready, cursor=cursor, since=since):
        if span is not None:
            run.span_start, run.span_end = run.span_start or span.start, span.end
        error = _try_piece(ready, what, span, counts=total, notes=notes, dry_run=True)
        if error is not None:
            run.error = str(error)
            break
    run_services.fill(run, counts=total, deviations=[*notes.deviations, *total.deviations])
    return Polled(run=run, counts=total)


def _spans(
    connection: Connection,
    what: What,
    ready: _Ready | WaywardenError,
    *,
    cursor: Cursor | None,
    since: datetime | None,
) -> tuple[Span | None, ...]:
    """What to ask for, oldest first; None is everything."""
    if what is What.REPORTS and connection.fetches_all_reports:
        return (None,)
    span = span_to_poll(
        now=clock.now(),
        position=cursor.position if cursor else None,
        overlap=timedelta(minutes=connection.overlap_minutes),
        since=since,
        reach_back_to=cursor.reach_back_to if cursor else None,
    )
    # Who is asked about each report answers how it stands now, whatever the span.
    is_whole = isinstance(ready, _Ready) and ready.source.backend.tells_by_report
    if what is What.UPDATES and is_whole:
        return (span,)
    return pieces_of(span, length=timedelta(hours=max(connection.window_hours, 1)))


def _try_piece(
    ready: _Ready | WaywardenError,
    what: What,
    span: Span | None,
    *,
    counts: Counts,
    notes: Notes,
    dry_run: bool = False,
    pulse: Callable[[], None] = lambda: None,
) -> WaywardenError | None:
    """Asks for one piece and takes it in; what it did is in `counts` even where it then fails."""
    if isinstance(ready, WaywardenError):
        return ready
    error = None
    try:
        _take_in(ready.source, what, span, counts=counts, notes=notes, dry_run=dry_run, pulse=pulse)
    except WaywardenError as caught:
        error = caught
    except DatabaseError:
        raise
    except Exception:  # a plug-in's fault: raised on, it would be asked again every five seconds
        log.exception("connection %s: the plug-in failed", ready.source)
        error = BadReply("The way this is asked for has a fault; see the log.")
    finally:
        brought = counts.new or counts.set_aside or notes.deviations or counts.deviations
        brought = brought or any(map(_has_odd_clock, ready.opened.exchanges))
        # What brought nothing is told by its run; thousands of such answers a day are not kept.
        if brought or error is not None:
            keep_exchanges(ready.opened)
        else:
            ready.opened.exchanges.clear()
    return error


def _has_odd_clock(exchange: http.Exchange) -> bool:
    """What proves that the other side's clock is off is kept, news or not (health's alarm)."""
    return exchange.clock_ahead is not None and abs(exchange.clock_ahead) > CLOCK_IS_OFF


def _check(source: Source, what: What) -> None:
    if not source.bodies:
        message = "No body gets its news through this connection."
        raise Misconfigured(message)
    if not source.backend.can(_NEEDS[what]):
        message = f"The send method {source.backend.kind} cannot be asked for {what.label}."
        raise Misconfigured(message)


def _take_in(
    source: Source,
    what: What,
    span: Span | None,
    *,
    counts: Counts,
    notes: Notes,
    dry_run: bool,
    pulse: Callable[[], None],
) -> None:
    """Reads the stream piece by piece; nothing is read from it inside a transaction."""
    if what is What.REPORTS:
        for problems in in_pieces(read_whole(source.backend, span, notes)):
            counts.add(requests.take_in(problems, source=source, dry_run=dry_run))
            pulse()
        return
    if not dry_run:
        aside_services.apply_known(source)
    for rows in in_pieces(_updates(source, span, notes)):
        counts.add(updates.take_in(rows, source=source, dry_run=dry_run))
        pulse()


def _updates(source: Source, span: Span | None, notes: Notes) -> Iterator[ServiceRequestUpdate]:
    """The list of updates; or, of an older server, how each open report stands now."""
    if source.backend.tells_by_report:
        for known in open_reports(source.body_ids):
            yield from source.backend.fetch_progress(known, notes)
    elif span is not None:
        yield from source.backend.fetch_updates(span, notes)


def _note_failure(connection: Connection, error: WaywardenError, *, failures: int) -> None:
    """Says once that it broke."""
    if isinstance(error, BackendError):
        note_failure(connection.pk, reason=str(error))
    if failures == 1:
        log.warning("polling connection %d broke: %s", connection.pk, error)


def _note_success(connection: Connection, *, failed_before: int) -> None:
    """Says once that it mended; leaves the circuit to sending while polling never failed."""
    if failed_before:
        note_success(connection.pk)
        log.warning("polling connection %d works again", connection.pk)
