"""Every write of a bulk import: its run, its batches, the rows it rejects (integration.md 4)."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, shorten, without_control_characters
from waywarden.open311.types import Deviation, ServiceRequest
from waywarden.reports.fetched_report_services import store_fetched_reports
from waywarden.reports.models import Report
from waywarden.sync import queries
from waywarden.sync.match_services import count_unmatched
from waywarden.sync.models import ImportReject, ImportRun
from waywarden.sync.reading import Part, Reject
from waywarden.sync.request_services import sort
from waywarden.sync.rows import (
    Counts,
    key_of_report,
    plain_cleaned,
    raw_of,
    summary_of,
    trouble_of,
)
from waywarden.sync.source import Source
from waywarden.sync.updates import ROW_TROUBLE

#: The first span that is asked for.
FIRST_SPAN = timedelta(days=1)
#: Seconds that an import waits for the same one that seems to run. A process that was killed may
#: leave its session at the database behind, which ends with the statement that it is at.
WAITS_FOR_OTHER = 30.0
LOOKS_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be imported. `asked_until` None is now, whenever it runs."""

    body: Body
    connection: Connection
    kind: ImportRun.Kind
    source: str
    fingerprint: str
    since: datetime | None = None
    asked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What has become of all rows of an import so far."""

    rows: int = 0
    new: int = 0
    repeated: int = 0
    left_out: int = 0
    rejected: int = 0
    matched: Mapping[str, int] = field(default_factory=dict)
    unmatched: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def plus(self, counts: Counts, *, rejected: int) -> "Totals":
        """With a batch more."""
        return replace(
            self,
            rows=self.rows + counts.rows,
            new=self.new + counts.new,
            repeated=self.repeated + counts.repeated,
            left_out=self.left_out + counts.ignored,
            rejected=self.rejected + rejected,
            matched=Counter(self.matched) + counts.matched,
            unmatched=Counter(self.unmatched) + counts.unmatched,
        )


def fingerprint_of(*parts: object) -> str:
    """The same for the same question, or the same file read the same way."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


@contextmanager
def alone(plan: Plan, *, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """No second import of the same at the same time; a process that dies holds nothing for long.

    Waits some seconds for another one to end, which `on_wait` is told once. Raises RuleBroken
    when it runs on.
    """
    number = int(fingerprint_of(plan.body.pk, plan.fingerprint)[:15], 16)
    if not _try_lock(number):
        on_wait()
        _wait_for_lock(plan, number)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def _try_lock(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _wait_for_lock(plan: Plan, number: int) -> None:
    give_up_at = time.monotonic() + WAITS_FOR_OTHER
    while time.monotonic() < give_up_at:
        time.sleep(LOOKS_EVERY)
        if _try_lock(number):
            return
    run = _unfinished(plan).first()
    so_far = f" It has taken in {run.rows:,} rows so far." if run is not None else ""
    message = f"The same import is running already.{so_far}"
    raise RuleBroken(message)


def _unfinished(plan: Plan) -> QuerySet[ImportRun]:
    """Runs of the same that have not come to their end, the latest first."""
    return ImportRun.objects.filter(
        body=plan.body, kind=plan.kind, fingerprint=plan.fingerprint, finished_at=None
    ).order_by("-id")


def begin_or_resume(plan: Plan, *, afresh: bool = False) -> ImportRun:
    """The run to go on with: the one that stopped, or a new one."""
    moment = clock.now()
    until = plan.asked_until or moment
    stopped = _unfinished(plan)
    if afresh:
        stopped.update(finished_at=moment, error="Begun anew.")
    run = stopped.first()
    if run is not None:
        if plan.since is not None:
            run.until = until
        run.error, run.moved_at = "", moment
        run.save(update_fields=["until", "error", "moved_at"])
        return run
    return ImportRun.objects.create(
        body=plan.body,
        connection=plan.connection,
        kind=plan.kind,
        source=shorten(plan.source, 300),
        fingerprint=plan.fingerprint,
        since=plan.since,
        until=until if plan.since else None,
        position=plan.since,
        span_seconds=int(FIRST_SPAN.total_seconds()),
        started_at=moment,
        moved_at=moment,
    )


def totals_of(run: ImportRun) -> Totals:
    """What a run that stopped had counted."""
    return Totals(
        rows=run.rows,
        new=run.new,
        repeated=run.repeated,
        left_out=run.left_out,
        rejected=run.rejected,
        matched=dict(run.matched),
        unmatched={(code, name): number for code, name, number in run.unmatched},
    )


def take_in_batch(
    rows: Sequence[ServiceRequest],
    *,
    run: ImportRun | None,
    totals: Totals,
    source: Source,
    rejects: Sequence[Reject] = (),
) -> Totals:
    """Takes many rows in, in one transaction; a batch that fails is halved until the row is found.

    Without a run it is a dry run: everything is taken back. The new totals.
    """
    try:
        return _take_in(rows, run=run, totals=totals, source=source, rejects=rejects)
    except ROW_TROUBLE as error:
        if len(rows) < 2:
            words = f"Taking it in failed: {trouble_of(error)}."
            bad = [_reject(row, words) for row in rows]
            return _take_in((), run=run, totals=totals, source=source, rejects=[*rejects, *bad])
    half = len(rows) // 2
    totals = take_in_batch(rows[:half], run=run, totals=totals, source=source, rejects=rejects)
    return take_in_batch(rows[half:], run=run, totals=totals, source=source)


def _take_in(
    rows: Sequence[ServiceRequest],
    *,
    run: ImportRun | None,
    totals: Totals,
    source: Source,
    rejects: Sequence[Reject],
) -> Totals:
    moment = clock.now()
    with transaction.atomic():
        found = sort(rows, queries.rules_of(source), dropped=set(), now=moment)
        for body in source.bodies:
            store_fetched_reports(
                found.made.get(body.pk, []),
                body=body,
                credit=source.credit,
                source=Report.Source.IMPORT,
                kind="reports.imported",
            )
            count_unmatched(body, found.unmatched.get(body.pk, {}), now=moment)
        refused = [*rejects, *(_reject(row, one.words) for row, one in found.rejected)]
        found.counts.rows += len(rejects)
        totals = totals.plus(found.counts, rejected=len(refused))
        if run is None:
            transaction.set_rollback(True)
        else:
            _keep(run, totals, refused, moved_at=moment)
    return totals


def _reject(row: ServiceRequest, words: str) -> Reject:
    return Reject(key_of_report(row), words, raw_of(row))


def _keep(
    run: ImportRun, totals: Totals, rejects: Sequence[Reject], *, moved_at: datetime
) -> None:  # fmt: skip
    ImportReject.objects.bulk_create(
        (
            # As they stood in a file: what the database cannot hold must not end the import.
            ImportReject(
                run=run,
                key=without_control_characters(one.key)[:200],
                reason=shorten(without_control_characters(one.reason), 500),
                raw=plain_cleaned(one.raw),
            )
            for one in rejects
        ),
        ignore_conflicts=True,
    )
    ImportRun.objects.filter(pk=run.pk).update(
        rows=totals.rows,
        new=totals.new,
        repeated=totals.repeated,
        left_out=totals.left_out,
        rejected=totals.rejected,
        matched=dict(totals.matched),
        unmatched=[[code, name, number] for (code, name), number in totals.unmatched.items()],
        moved_at=moved_at,
    )


def move(run: ImportRun, part: Part) -> None:
    """All before this has been taken in: a run that stops goes on here."""
    values: dict[str, Any] = {"moved_at": clock.now()}
    if part.upto is not None:
        run.position, run.span_seconds = part.upto, int(part.length.total_seconds())
        values |= {"position": run.position, "span_seconds": max(run.span_seconds, 1)}
    if part.row_position:
        run.row_position = part.row_position
        values |= {"row_position": run.row_position}
    ImportRun.objects.filter(pk=run.pk).update(**values)


def finish(run: ImportRun, deviations: Sequence[Deviation]) -> None:
    """All has been taken in."""
    ImportRun.objects.filter(pk=run.pk).update(
        finished_at=clock.now(), error="", deviations=summary_of(deviations)
    )


def stop(run: ImportRun, error: Exception, deviations: Sequence[Deviation]) -> None:
    """It broke off; the next run of the same goes on."""
    ImportRun.objects.filter(pk=run.pk).update(
        error=shorten(one_line(str(error)), 500), deviations=summary_of(deviations)
    )
