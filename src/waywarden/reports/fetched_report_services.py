"""Every write to reports by problems that were born in a body's system (integration.md 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from waywarden.bodies.models import Body
from waywarden.events.services import Fact, record
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.text import one_line, paragraphs, shorten
from waywarden.reports.fetched_services import LONGEST_TEXT, Credit
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.states import State


@dataclass(frozen=True, slots=True)
class FetchedReport:
    """A problem born in a body's system. `category_id` None is "Other". Degrees of WGS84."""

    external_id: str
    title: str
    detail: str
    category_name: str
    category_id: int | None
    group: str
    lat: float
    lon: float
    area_ids: tuple[int, ...]
    nearest_address: str
    state: State
    status: str
    is_private: bool
    requested_at: datetime
    changed_at: datetime
    extras: Mapping[str, Any] = field(default_factory=dict)


def create_fetched_reports(
    rows: Sequence[FetchedReport], *, body: Body, credit: Credit
) -> tuple[Report, ...]:
    """Stores problems born in a body's system. Nothing is mailed and nothing is sent.

    One transaction (the caller's, where there is one), one fact for all of them. Raises
    IntegrityError when the body has one of the ids already.
    """
    if not rows:
        return ()
    moment = clock.now()
    with transaction.atomic():
        reports = Report.objects.bulk_create(
            _report_of(row, body=body, credit=credit, now=moment) for row in rows
        )
        ReportBody.objects.bulk_create(
            ReportBody(
                report=report,
                body=body,
                category_id=row.category_id,
                external_id=row.external_id,
                sent_at=row.requested_at,
                sent_by=credit.sent_by,
                last_status=row.status[:60],
                last_status_at=row.changed_at,
                extras=dict(row.extras),
            )
            for row, report in zip(rows, reports, strict=True)
        )
        record(
            Fact(
                "report.fetched",
                "body",
                body.pk,
                actor=credit.actor_for(body.pk),
                data={"reports": [report.pk for report in reports]},
            )
        )
    return tuple(reports)


def _report_of(row: FetchedReport, *, body: Body, credit: Credit, now: datetime) -> Report:
    return Report(
        title=shorten(one_line(row.title), 200),
        detail=shorten(paragraphs(row.detail), LONGEST_TEXT),
        category_name=row.category_name[:200],
        group=row.group[:120],
        lat=round(row.lat, 6),
        lon=round(row.lon, 6),
        cell=Point(row.lat, row.lon).cell,
        nearest_address=one_line(row.nearest_address)[:300],
        area_ids=list(row.area_ids),
        state=row.state,
        user_id=credit.user_id,
        name=body.name,
        is_name_public=True,
        is_private=row.is_private,
        source=Report.Source.BACKEND,
        created=row.requested_at,
        confirmed_at=row.requested_at,
        state_changed_at=row.changed_at,
        changed=now,
    )


def adopt_external_id(*, report_id: int, body_id: int, external_id: str) -> bool:
    """A report of ours came back in the body's list: its reference is stored, if it had none."""
    with transaction.atomic():
        adopted = ReportBody.objects.filter(
            report_id=report_id, body_id=body_id, external_id=""
        ).update(external_id=external_id)
        if adopted:
            data = {"body": body_id, "external_id": external_id}
            record(Fact("report.referenced", "report", report_id, data=data))
    return bool(adopted)
