"""Takes a piece of fetched or pushed updates in: one transaction, set-based (integration.md 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from waywarden.events.bulk_services import insert_rows
from waywarden.kernel import clock
from waywarden.kernel.text import shorten
from waywarden.open311.types import Deviation, ServiceRequestUpdate
from waywarden.reports.fetched_services import FetchedUpdate, apply_updates
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.progress import is_from_the_future
from waywarden.sync.models import SeenItem, SetAside, What
from waywarden.sync.queries import (
    Match,
    NoMatch,
    aside_keys,
    match_updates,
    seen_keys,
    taken_in,
)
from waywarden.sync.rows import Counts, Skipped, key_of, raw_of
from waywarden.sync.source import Source


@dataclass(slots=True)
class _Sorted:
    """The rows of a piece by what is to become of them."""

    counts: Counts
    to_apply: list[tuple[str, FetchedUpdate]] = field(default_factory=list)
    to_set_aside: list[SetAside] = field(default_factory=list)
    to_settle: list[str] = field(default_factory=list)
    """Keys of rows that waited set aside and are applied now."""
    to_count_again: list[str] = field(default_factory=list)


def take_in_piece(
    rows: Sequence[ServiceRequestUpdate], *, source: Source, dry_run: bool = False
) -> Counts:
    """Applies what is new, counts what is not, sets aside what cannot be applied.

    Two pieces with the same row at the same time: the second waits for the first's report lock and
    then sees the row as repeated. A dry run takes everything back.
    """
    moment = clock.now()
    with transaction.atomic():
        matches = match_updates(rows, source.body_ids)
        _lock(rows, matches, source)
        found = _sort(rows, matches, source=source, now=moment)
        if found.to_apply:
            apply_updates([row for _key, row in found.to_apply], credit=source.credit)
        seen = [SeenItem(body_id=row.body_id, key=key, at=moment) for key, row in found.to_apply]
        insert_rows(seen, with_keys=False)
        if not dry_run:
            SetAside.objects.bulk_create(found.to_set_aside, ignore_conflicts=True)
        _settle(found.to_settle, found.to_count_again, source=source, now=moment)
        if dry_run:
            transaction.set_rollback(True)
    return found.counts


def _lock(
    rows: Sequence[ServiceRequestUpdate], matches: Sequence[Match | NoMatch], source: Source
) -> None:
    """Locks the reports of rows that are not known to be repeated: those cannot be applied.

    Of a single row (a push) it is not asked first: it is hardly ever a repeat.
    """
    seen: set[tuple[int, str]] = set()
    if len(rows) > 1:
        seen = seen_keys(map(key_of, rows), source.body_ids)
    lock_reports(
        match.report_id
        for row, match in zip(rows, matches, strict=True)
        if isinstance(match, Match) and (match.body_id, key_of(row)) not in seen
    )


def _sort(
    rows: Sequence[ServiceRequestUpdate],
    matches: Sequence[Match | NoMatch],
    *,
    source: Source,
    now: datetime,
) -> _Sorted:
    keys = [key_of(row) for row in rows]
    seen = taken_in(keys, source.body_ids)
    waiting, dropped = aside_keys(source, What.UPDATES, keys)
    found = _Sorted(counts=Counts(rows=len(rows)))
    for row, key, match in zip(rows, keys, matches, strict=True):
        mapped = source.backend.state_for(row.status) if row.status else None
        if mapped is not None and mapped.is_ignored:
            found.counts.ignored += 1
        elif key in dropped or _is_seen(key, match, seen, source):
            found.counts.repeated += 1
        elif isinstance(match, Match) and row.updated_datetime is not None:
            if mapped is not None and not mapped.is_known:
                found.counts.deviations.append(_unknown_status(row))
            state = mapped.state if mapped is not None else ""
            fetched = _fetched(row, key, match, state=state, at=row.updated_datetime)
            seen[match.body_id, key] = match.report_id
            found.to_apply.append((key, fetched))
            if key in waiting:
                found.to_settle.append(key)
            found.counts.new += 1
            found.counts.deviations += _forgiven(row, source=source, now=now)
        elif key in waiting:
            found.counts.repeated += 1
            found.to_count_again.append(key)
        else:
            waiting.add(key)
            found.to_set_aside.append(_aside(row, key, match, source=source, now=now))
            found.counts.set_aside += 1
            found.counts.skipped.append(Skipped(key, found.to_set_aside[-1].words))
    return found


def _is_seen(
    key: str, match: Match | NoMatch, seen: Mapping[tuple[int, str], int | None], source: Source
) -> bool:
    """Whether the row was taken in: for its body, or for another of the same way and that report.

    Two bodies behind one way may each number their updates by themselves.
    """
    if not isinstance(match, Match):
        return any((body_id, key) in seen for body_id in source.body_ids)
    if (match.body_id, key) in seen:
        return True
    others = [seen[one, key] for one in source.body_ids if (one, key) in seen]
    return match.report_id in others or None in others


def _fetched(
    row: ServiceRequestUpdate, key: str, match: Match, *, state: str, at: datetime
) -> FetchedUpdate:
    return FetchedUpdate(
        report_id=match.report_id,
        body_id=match.body_id,
        update_id=key if key == row.update_id else "",
        said_at=at,
        state=state,
        status=row.status,
        text=row.description,
        external_status_code=row.external_status_code,
        customer_reference=row.customer_reference,
        media_urls=row.media_urls,
        extras=dict(row.extras),
    )


def _forgiven(row: ServiceRequestUpdate, *, source: Source, now: datetime) -> list[Deviation]:
    """What a row that is applied has nevertheless done wrong."""
    where = f"update {row.update_id or 'without id'}"
    found = []
    if row.updated_datetime is not None and is_from_the_future(said=row.updated_datetime, now=now):
        message = "An update's time lies in the future; the time it was fetched at is shown."
        found.append(Deviation("update-in-the-future", message, where))
    if not row.update_id:
        message = "An update has no update_id; it is told apart by its content."
        found.append(Deviation("update-without-id", message, where))
    if not row.description and not source.permits_blank_updates:
        message = "An update has no text; a response template speaks, where one fits."
        found.append(Deviation("update-without-text", message, where))
    return found


def _unknown_status(row: ServiceRequestUpdate) -> Deviation:
    return Deviation(
        "unknown-status",
        f"The status {row.status!r} is not known; the report's state was kept.",
        f"update {row.update_id or 'without id'}",
    )


def _aside(
    row: ServiceRequestUpdate, key: str, match: Match | NoMatch, *, source: Source, now: datetime
) -> SetAside:
    if isinstance(match, NoMatch):
        reason, words = match.reason, match.words
    else:
        reason, words = SetAside.Reason.BAD_DATE, "Its updated_datetime is missing or impossible."
    return aside_of(row, key=key, reason=reason, words=words, source=source, now=now)


def aside_of(
    row: ServiceRequestUpdate,
    *,
    key: str,
    reason: SetAside.Reason,
    words: str,
    source: Source,
    now: datetime,
) -> SetAside:
    """The row as it is kept when it cannot be applied."""
    number = row.fixmystreet_id
    return SetAside(
        connection=source.connection,
        body=source.bodies[0] if len(source.bodies) == 1 else None,
        what=What.UPDATES,
        key=key,
        external_id=row.service_request_id[:200],
        our_id=number if number is not None and abs(number) < 2**63 else None,
        raw=raw_of(row),
        reason=reason,
        words=shorten(words, 500),
        created=now,
    )


def _settle(applied: Sequence[str], again: Sequence[str], *, source: Source, now: datetime) -> None:
    """Rows set aside before: those now applied are settled, those still not are counted."""
    if not (applied or again):
        return
    waiting = source.asides(What.UPDATES).filter(settled_at=None)
    if applied:
        waiting.filter(key__in=applied).update(settled_at=now, settled_as=SetAside.APPLIED)
    if again:
        waiting.filter(key__in=again).update(tries=F("tries") + 1)


def set_aside_failed(row: ServiceRequestUpdate, *, words: str, source: Source) -> None:
    """Keeps a row whose applying failed, with what went wrong."""
    aside = aside_of(
        row,
        key=key_of(row),
        reason=SetAside.Reason.FAILED,
        words=words,
        source=source,
        now=clock.now(),
    )
    SetAside.objects.bulk_create([aside], ignore_conflicts=True)
