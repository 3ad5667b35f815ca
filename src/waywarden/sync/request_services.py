"""Takes a piece of problems born in a body's system in: one transaction (integration.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from waywarden.areas.queries import areas_at
from waywarden.bodies.models import Body, Category
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.text import one_line, shorten
from waywarden.open311.types import Deviation, ServiceRequest
from waywarden.reports.fetched_report_services import (
    FetchedReport,
    adopt_external_id,
    create_fetched_reports,
)
from waywarden.reports.models import ReportBody
from waywarden.reports.states import Family, State, family_of
from waywarden.sync.models import SetAside, What
from waywarden.sync.queries import aside_keys
from waywarden.sync.rows import KEY_LENGTH, Counts, Skipped, key_of_report, raw_of
from waywarden.sync.update_services import Source

#: Where rows go whose service no category has.
OTHER = "Other"


class Rejected(Exception):
    """A row is not taken in. Without a reason it is dropped; with one it is set aside."""

    def __init__(self, words: str, reason: SetAside.Reason | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.reason = reason


@dataclass(slots=True)
class _Ledger:
    """What a piece reads at its start."""

    known: set[str]
    waiting: set[str]
    dropped: set[str]
    areas: dict[int, frozenset[int]]
    by_code: dict[tuple[int, str], Category]
    others: dict[int, Category]
    counts: Counts
    made: dict[int, list[FetchedReport]] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)


def take_in_piece(
    rows: Sequence[ServiceRequest], *, source: Source, dry_run: bool = False
) -> Counts:
    """Makes reports of what is new and fits, counts what is known, sets aside what does not fit.

    A dry run takes everything back. Raises IntegrityError when another run took a row in meanwhile.
    """
    moment = clock.now()
    with transaction.atomic():
        ledger = _read(rows, source)
        for row in rows:
            _sort(row, ledger, source=source, now=moment)
        for body in source.bodies:
            create_fetched_reports(ledger.made.get(body.pk, []), body=body, credit=source.credit)
        if not dry_run:
            _keep_aside(ledger, source=source, now=moment)
        else:
            transaction.set_rollback(True)
    return ledger.counts


def _read(rows: Sequence[ServiceRequest], source: Source) -> _Ledger:
    ids = {row.service_request_id for row in rows if row.service_request_id}
    here = ReportBody.objects.filter(body__in=source.body_ids, external_id__in=ids)
    keys = [key_of_report(row) for row in rows]
    waiting, dropped = aside_keys(source.asides(What.REPORTS), keys)
    categories = list(
        Category.objects.filter(body__in=source.body_ids).exclude(state=Category.State.DELETED)
    )
    links = Body.areas.through.objects.filter(body__in=source.body_ids)
    areas: dict[int, set[int]] = {body_id: set() for body_id in source.body_ids}
    for body_id, area_id in links.values_list("body_id", "area_id"):
        areas[body_id].add(area_id)
    return _Ledger(
        known=set(here.values_list("external_id", flat=True)),
        waiting=waiting,
        dropped=dropped,
        areas={body_id: frozenset(found) for body_id, found in areas.items()},
        by_code={
            (category.body_id, category.service_code): category
            for category in categories
            if category.service_code
        },
        others={category.body_id: category for category in categories if category.name == OTHER},
        counts=Counts(rows=len(rows)),
    )


def _sort(row: ServiceRequest, ledger: _Ledger, *, source: Source, now: datetime) -> None:
    key = key_of_report(row)
    if row.service_request_id in ledger.known or key in ledger.dropped:
        ledger.counts.repeated += 1
        return
    if row.service_request_id and _is_ours(row, source):
        ledger.known.add(row.service_request_id)
        ledger.counts.repeated += 1
        return
    try:
        body, report = _report_of(row, ledger, source=source, now=now)
    except Rejected as rejected:
        ledger.counts.skipped.append(Skipped(row.service_request_id or key, rejected.words))
        if rejected.reason is None:
            ledger.counts.ignored += 1
        elif key in ledger.waiting:
            ledger.counts.repeated += 1
        else:
            ledger.counts.set_aside += 1
            ledger.waiting.add(key)
            ledger.aside.append(_aside(row, key, rejected, source=source, now=now))
        return
    ledger.known.add(row.service_request_id)
    ledger.made.setdefault(body.pk, []).append(report)
    ledger.applied.append(key)
    ledger.counts.new += 1


def _is_ours(row: ServiceRequest, source: Source) -> bool:
    """A report of ours mirrored back before its reference was stored: it names our number."""
    number = row.extras.get("fixmystreet_id", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return False
    return any(
        adopt_external_id(
            report_id=int(number), body_id=body_id, external_id=row.service_request_id
        )
        for body_id in source.body_ids
    )


def _report_of(
    row: ServiceRequest, ledger: _Ledger, *, source: Source, now: datetime
) -> tuple[Body, FetchedReport]:
    """The report a row becomes. Raises Rejected."""
    if not row.service_request_id:
        raise Rejected(_("It has no id (it may still come)."))
    if len(row.service_request_id) > KEY_LENGTH:
        raise Rejected(_("Its id is too long."), SetAside.Reason.BAD_ID)
    mapped = source.backend.state_for(row.status)
    if mapped.is_ignored:
        raise Rejected(_("The connection drops its status, %(status)s.") % {"status": row.status})
    if not mapped.is_known:
        message = f"The status {row.status!r} is not known; the report was taken in as open."
        _note(ledger, row, "unknown-status", message)
    point = _point_of(row)
    area_ids = areas_at(lat=point.lat, lon=point.lon)
    bodies = [body for body in source.bodies if ledger.areas[body.pk] & set(area_ids)]
    if not bodies:
        raise Rejected(
            _("Its place, %(place)s, is outside the body’s areas.") % {"place": point},
            SetAside.Reason.OUTSIDE,
        )
    body = next((one for one in bodies if (one.pk, row.service_code) in ledger.by_code), bodies[0])
    category = ledger.by_code.get((body.pk, row.service_code)) if row.service_code else None
    _count_category(row, category, ledger)
    category = category or ledger.others.get(body.pk)
    requested_at = _requested_at(row, ledger, now=now)
    return body, FetchedReport(
        external_id=row.service_request_id,
        title=_title_of(row, category),
        detail=row.description,
        category_name=category.name if category else OTHER,
        category_id=category.pk if category else None,
        group=_group_of(row, category),
        lat=point.lat,
        lon=point.lon,
        area_ids=area_ids,
        nearest_address=row.address,
        state=_state_of(mapped.state),
        status=row.status,
        is_private=row.non_public or (category is not None and category.is_private),
        requested_at=requested_at,
        changed_at=max(requested_at, min(row.updated_datetime or requested_at, now)),
        extras=_extras_of(row),
    )


def _point_of(row: ServiceRequest) -> Point:
    if row.lat is None or row.long is None:
        raise Rejected(_("It has no place."), SetAside.Reason.NO_PLACE)
    try:
        return Point(row.lat, row.long)
    except ValueError:
        raise Rejected(
            _("Its place, %(lat)s, %(long)s, is not on earth.")
            % {"lat": row.lat, "long": row.long},
            SetAside.Reason.NO_PLACE,
        ) from None


def _state_of(state: str) -> State:
    """A state to begin with: open unless the body says another that people can see."""
    if not state or family_of(state) is Family.HIDDEN:
        return State.CONFIRMED
    return State(state)


def _requested_at(row: ServiceRequest, ledger: _Ledger, *, now: datetime) -> datetime:
    said = row.requested_datetime or row.updated_datetime
    if said is None:
        _note(
            ledger, row, "request-without-date", "A problem has no date; that of fetching is shown."
        )
        return now
    if said > now:
        _note(ledger, row, "request-in-the-future", "A problem's date lies in the future.")
        return now
    return said


def _title_of(row: ServiceRequest, category: Category | None) -> str:
    title = one_line(row.title)
    if title:
        return title
    service = one_line(row.service_name) or (category.name if category else "")
    return _("%(service)s problem") % {"service": service} if service else _("Problem")


def _group_of(row: ServiceRequest, category: Category | None) -> str:
    said = one_line(row.extras.get("group", ""))
    if category is None:
        return said
    return said if said in category.groups else next(iter(category.groups), "")


def _extras_of(row: ServiceRequest) -> dict[str, Any]:
    """What a report has no place for, kept at the body's row."""
    extras: dict[str, Any] = dict(row.extras)
    for name in (
        "status_notes",
        "agency_responsible",
        "service_notice",
        "service_code",
        "service_name",
    ):
        value = getattr(row, name)
        if value:
            extras[name] = value
    if row.expected_datetime is not None:
        extras["expected_datetime"] = row.expected_datetime.isoformat()
    if row.media_urls:
        extras["media_urls"] = list(row.media_urls)
    return extras


def _count_category(row: ServiceRequest, category: Category | None, ledger: _Ledger) -> None:
    if category is None:
        ledger.counts.unmatched[row.service_code, row.service_name] += 1
    else:
        ledger.counts.matched[category.name] += 1


def _note(ledger: _Ledger, row: ServiceRequest, code: str, message: str) -> None:
    where = f"request {row.service_request_id}"
    ledger.counts.deviations.append(Deviation(code, message, where))


def _aside(
    row: ServiceRequest, key: str, rejected: Rejected, *, source: Source, now: datetime
) -> SetAside:
    return SetAside(
        connection=source.connection,
        body=source.bodies[0] if len(source.bodies) == 1 else None,
        what=What.REPORTS,
        key=key,
        external_id=row.service_request_id[:200],
        raw=raw_of(row),
        reason=rejected.reason or SetAside.Reason.FAILED,
        words=shorten(rejected.words, 500),
        created=now,
    )


def _keep_aside(ledger: _Ledger, *, source: Source, now: datetime) -> None:
    """New ones are set aside, what became a report is settled, what still waits is counted."""
    SetAside.objects.bulk_create(ledger.aside, ignore_conflicts=True)
    fresh = {aside.key for aside in ledger.aside}
    waiting = source.asides(What.REPORTS).filter(settled_at=None)
    waiting.filter(key__in=ledger.applied).update(settled_at=now, settled_as=SetAside.APPLIED)
    waiting.filter(key__in=ledger.waiting - fresh).update(tries=F("tries") + 1)


def set_aside_failed(row: ServiceRequest, *, words: str, source: Source) -> None:
    """Keeps a row whose taking in failed, with what went wrong."""
    rejected = Rejected(words, SetAside.Reason.FAILED)
    aside = _aside(row, key_of_report(row), rejected, source=source, now=clock.now())
    SetAside.objects.bulk_create([aside], ignore_conflicts=True)
