"""Writes that change what a report says or where it belongs, by its author or by staff."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.areas.queries import areas_at
from waywarden.bodies.models import Category
from waywarden.events.services import Actor, Fact, record
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.reference_services import Reference, keep_references


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed of a report; None leaves it. Degrees of WGS84, both or neither."""

    title: str | None = None
    detail: str | None = None
    lat: float | None = None
    lon: float | None = None


def edit_report(report_id: int, changes: Changes, *, by: Actor) -> tuple[str, ...]:
    """Changes words and place; the names of what is different now.

    Raises RuleBroken naming the field. The fact keeps what stood there before.
    """
    moment = clock.now()
    with transaction.atomic():
        report = Report.objects.select_for_update().get(pk=report_id)
        new = _values(report, changes)
        before = {name: getattr(report, name) for name in new if getattr(report, name) != new[name]}
        if not before:
            return ()
        for name in before:
            setattr(report, name, new[name])
        report.changed = moment
        report.save(update_fields=[*before, "changed"])
        kept = {name: value for name, value in before.items() if name not in ("cell", "area_ids")}
        record(Fact("report.edited", "report", report_id, actor=by, data={"before": kept}))
    return tuple(kept)


def _values(report: Report, changes: Changes) -> dict[str, Any]:
    new: dict[str, Any] = {}
    if changes.title is not None:
        new["title"] = one_line(changes.title)[:200]
        if not new["title"]:
            raise RuleBroken(_("Please fill this in."), field="title")
        if "@" in new["title"]:
            raise RuleBroken(_("Please leave e-mail addresses out of the title."), field="title")
    if changes.detail is not None:
        if len(changes.detail) > 4000:
            raise RuleBroken(_("This is too long; 4,000 characters fit."), field="detail")
        new["detail"] = paragraphs(changes.detail)
    if changes.lat is not None and changes.lon is not None:
        new |= _place(report, round(changes.lat, 6), round(changes.lon, 6))
    return new


def _place(report: Report, lat: float, lon: float) -> dict[str, Any]:
    if (lat, lon) == (report.lat, report.lon):
        return {}
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise RuleBroken(_("This is no place on the map."), field="place")
    return {
        "lat": lat,
        "lon": lon,
        "cell": Point(lat, lon).cell,
        "area_ids": list(areas_at(lat=lat, lon=lon)),
        "is_placed": True,
    }


def put_in_category(row: ReportBody, category: Category, *, may_have_it: bool, by: Actor) -> Update:
    """The report goes on under another category, maybe of another body; the update that says so.

    Inside the caller's transaction, which has locked the row. A body that has the report (or, as
    the caller knows, may have it) keeps its row, as one that the report has left; one that never
    had it has none any more.
    """
    moment = clock.now()
    report = Report.objects.select_for_update().get(pk=row.report_id)
    old_name = report.category_name
    report.category_name, report.changed = category.name, moment
    report.group = category.groups[0] if category.groups else ""
    report.is_private = report.is_private or category.is_private
    report.save(update_fields=["category_name", "group", "is_private", "changed"])
    if category.body_id == row.body_id:
        ReportBody.objects.filter(pk=row.pk).update(category=category)
    else:
        _to_another_body(row, category, may_have_it=may_have_it)
    words = _("Category changed from “%(old)s” to “%(new)s”.")
    if category.body_id != row.body_id:
        words = _("Passed on to %(body)s, as “%(new)s”.")
    update = Update.objects.create(
        report=report,
        user_id=by.id if by.kind == "user" else None,
        body_id=row.body_id,
        text=words % {"old": old_name, "new": category.name, "body": category.body.name},
        visibility=Update.Visibility.SHOWN,
        created=moment,
        confirmed_at=moment,
    )
    data = {
        "from": row.category_id,
        "to": category.pk,
        "body": row.body_id,
        "to_body": category.body_id,
        "update": update.pk,
    }
    record(Fact("report.moved", "report", report.pk, actor=by, data=data))
    return update


def _to_another_body(row: ReportBody, category: Category, *, may_have_it: bool) -> None:
    there = ReportBody.objects.filter(report=row.report_id, body=category.body_id)
    if not there.update(category=category, left_at=None):
        ReportBody.objects.create(
            report_id=row.report_id,
            body_id=category.body_id,
            category=category,
            answers=row.answers,
        )
    if row.sent_at is None and not row.external_id and not may_have_it:
        ReportBody.objects.filter(pk=row.pk).delete()
    else:
        ReportBody.objects.filter(pk=row.pk).update(left_at=clock.now())


def forget_reference(row: ReportBody) -> str:
    """The report is sent anew to another system of the same body; the reference it had there.

    It is kept as another one of the report's. Inside the caller's transaction.
    """
    keep_references([Reference(row.report_id, row.body_id, row.external_id)])
    ReportBody.objects.filter(pk=row.pk).update(
        external_id="", customer_reference="", sent_at=None, sent_by=""
    )
    return row.external_id
