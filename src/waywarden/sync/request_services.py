"""Takes a piece of problems born in a body's system in: one transaction (integration.md 4)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import transaction

from waywarden.kernel import clock
from waywarden.kernel.text import shorten
from waywarden.open311.types import Deviation, ServiceRequest
from waywarden.reports.fetched_report_services import (
    FetchedReport,
    adopt_external_ids,
    store_fetched_reports,
)
from waywarden.sync import queries
from waywarden.sync.match_services import count_unmatched
from waywarden.sync.models import SetAside, What
from waywarden.sync.problems import Accepted, Rejected, Rules, judge
from waywarden.sync.rows import Counts, Skipped, key_of_report, raw_of
from waywarden.sync.source import Source

#: Where a row may name our report, besides the category's own field.
OUR_ID = "fixmystreet_id"


@dataclass(slots=True)
class Sorted:
    """The rows of a piece by what is to become of them."""

    counts: Counts
    made: dict[int, list[FetchedReport]] = field(default_factory=dict)
    """Body → its new reports."""
    rejected: list[tuple[ServiceRequest, Rejected]] = field(default_factory=list)
    """What is kept with a reason; what is only left out is counted."""
    accepted: list[str] = field(default_factory=list)
    """The keys of the rows that become reports."""
    unmatched: dict[int, dict[tuple[str, str], int]] = field(default_factory=dict)
    """Body → (service code, name) → rows of this piece that go to "Other"."""


def take_in_piece(
    rows: Sequence[ServiceRequest], *, source: Source, dry_run: bool = False
) -> Counts:
    """Makes reports of what is new and fits, counts what is known, sets aside what does not fit.

    A dry run takes everything back. A row that another run takes in at the same moment is made by
    one of them.
    """
    moment = clock.now()
    with transaction.atomic():
        waiting, dropped = queries.aside_keys(source, What.REPORTS, map(key_of_report, rows))
        rules = queries.rules_of(source)
        found = sort(rows, rules, dropped=dropped, now=moment)
        for body in source.bodies:
            store_fetched_reports(found.made.get(body.pk, []), body=body, credit=source.credit)
            count_unmatched(body, found.unmatched.get(body.pk, {}), now=moment)
        fresh = [one for one in found.rejected if key_of_report(one[0]) not in waiting]
        found.counts.set_aside = len(fresh)
        found.counts.repeated += len(found.rejected) - len(fresh)
        if dry_run:
            transaction.set_rollback(True)
        else:
            _keep_aside(fresh, found.accepted, waiting, source=source, now=moment)
    return found.counts


def sort(
    rows: Sequence[ServiceRequest], rules: Rules, *, dropped: set[str], now: datetime
) -> Sorted:
    """Sorts rows by what the bodies know and what the rules say; stores only ids of ours."""
    found = Sorted(counts=Counts(rows=len(rows)))
    ids = {row.service_request_id for row in rows if row.service_request_id}
    known = queries.known_ids(rules.bodies, ids)
    fresh: list[ServiceRequest] = []
    for row in rows:
        if row.service_request_id in known or key_of_report(row) in dropped:
            found.counts.repeated += 1
            continue
        if row.service_request_id:
            known.add(row.service_request_id)
        fresh.append(row)
    fresh = _without_ours(fresh, rules, found.counts)
    for row, verdict in zip(fresh, judge(fresh, rules, now=now), strict=True):
        if isinstance(verdict, Accepted):
            _accept(row, verdict, found)
        else:
            _reject(row, verdict, found)
    return found


def _without_ours(rows: list[ServiceRequest], rules: Rules, counts: Counts) -> list[ServiceRequest]:
    """Reports of ours mirrored back: they name our number, and get their reference from it.

    In a field, or by the link to our page under the description that we sent. So one that the
    body lists before its answer is written here, or gives a token for, is not taken for its own.
    """
    fields = {OUR_ID, *(one.id_field for one in rules.by_code.values() if one.id_field)}
    named = {number: row for row in rows if (number := _our_number(row, fields)) is not None}
    if not named:
        return rows
    mirrored = {number: row.service_request_id for number, row in named.items()}
    body_ids = [body.pk for body in rules.bodies]
    ours = adopt_external_ids(mirrored, body_ids=body_ids)
    counts.repeated += len(ours)
    for external_id, is_news in ours.items():
        if not is_news:
            message = "A report of ours came back under another id; the first one was kept."
            deviation = Deviation("mirrored-twice", message, f"request {external_id}")
            counts.deviations.append(deviation)
    return [row for row in rows if row.service_request_id not in ours]


def _our_number(row: ServiceRequest, fields: Iterable[str]) -> int | None:
    if not row.service_request_id:
        return None
    for name in fields:
        number = row.extras.get(name) or row.extras.get(f"attribute[{name}]", "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            return int(number)
    if "url:" not in row.description:  # most have none
        return None
    links = _link_to_us(settings.WAYWARDEN_BASE_URL).findall(row.description)
    return int(links[-1]) if links else None


@cache
def _link_to_us(base_url: str) -> re.Pattern[str]:
    """As it stands under a description that we sent (`backends/open311/wording.py`)."""
    return re.compile(rf"url:\s*{re.escape(base_url)}/report/([0-9]{{1,18}})(?![\w/])")


def _accept(row: ServiceRequest, verdict: Accepted, found: Sorted) -> None:
    counts, body_id = found.counts, verdict.body.pk
    found.made.setdefault(body_id, []).append(verdict.report)
    found.accepted.append(key_of_report(row))
    counts.new += 1
    counts.deviations += verdict.deviations
    if verdict.category is not None:
        counts.matched[verdict.category.name] += 1
        return
    service = row.service_code, row.service_name
    counts.unmatched[service] += 1
    here = found.unmatched.setdefault(body_id, {})
    here[service] = here.get(service, 0) + 1


def _reject(row: ServiceRequest, rejected: Rejected, found: Sorted) -> None:
    key = key_of_report(row)
    found.counts.skipped.append(Skipped(row.service_request_id or key, rejected.words))
    if rejected.reason is None:
        found.counts.ignored += 1
    else:
        found.rejected.append((row, rejected))


def _keep_aside(
    fresh: Sequence[tuple[ServiceRequest, Rejected]],
    accepted: Sequence[str],
    waiting: set[str],
    *,
    source: Source,
    now: datetime,
) -> None:
    """New ones are set aside, what became a report by now is settled."""
    SetAside.objects.bulk_create(
        [_aside(row, rejected, source=source, now=now) for row, rejected in fresh],
        ignore_conflicts=True,
    )
    if settled := waiting.intersection(accepted):
        still = source.asides(What.REPORTS).filter(settled_at=None, key__in=settled)
        still.update(settled_at=now, settled_as=SetAside.APPLIED)


def _aside(row: ServiceRequest, rejected: Rejected, *, source: Source, now: datetime) -> SetAside:
    return SetAside(
        connection=source.connection,
        body=source.bodies[0] if len(source.bodies) == 1 else None,
        what=What.REPORTS,
        key=key_of_report(row),
        external_id=row.service_request_id[:200],
        raw=raw_of(row),
        reason=rejected.reason or SetAside.Reason.FAILED,
        words=shorten(rejected.words, 500),
        created=now,
    )


def set_aside_failed(row: ServiceRequest, *, words: str, source: Source) -> None:
    """Keeps a row whose taking in failed, with what went wrong."""
    rejected = Rejected(words, SetAside.Reason.FAILED)
    aside = _aside(row, rejected, source=source, now=clock.now())
    SetAside.objects.bulk_create([aside], ignore_conflicts=True)
