"""What a message says, and to whom it may be said. Docs: docs/reference/webhooks.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.reports import states
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.webhooks.kinds import SAY_LITTLE, Kind


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about; `update` for events of updates."""

    report: Report
    update: Update | None = None


def subjects_of(kind: Kind, ids: Iterable[int]) -> dict[int, Subject]:
    """The reports or updates of some numbers, with all that a message needs; six questions."""
    if kind in (Kind.UPDATE_PUBLISHED, Kind.UPDATE_REMOVED):
        rows = Update.objects.filter(pk__in=list(ids)).select_related("body")
        updates = {row.pk: row for row in rows.prefetch_related("photos")}
        found = _reports({row.report_id for row in updates.values()})
        return {pk: Subject(found[row.report_id], row) for pk, row in updates.items()}
    return {pk: Subject(report) for pk, report in _reports(ids).items()}


def _reports(ids: Iterable[int]) -> dict[int, Report]:
    rows = Report.objects.filter(pk__in=list(ids))
    at_bodies = ReportBody.objects.select_related("body").order_by("id")
    return {
        row.pk: row for row in rows.prefetch_related("photos", Prefetch("at_bodies", at_bodies))
    }


def may_hear(subject: Subject, body_id: int | None, *, kind: Kind) -> bool:
    """Whether an endpoint of a body (None: of the site) may be told now.

    The site's hear of what everybody may see; a body's of its own reports, private ones too. Of
    what is taken down both hear only that it is.
    """
    report = subject.report
    if report.state == states.State.UNCONFIRMED:
        return False
    if not report.is_visible and kind not in SAY_LITTLE:
        return False
    if kind is Kind.UPDATE_PUBLISHED and not _shows(subject.update):
        return False
    if body_id is None:
        return not report.is_private
    return any(row.body_id == body_id and row.left_at is None for row in report.at_bodies.all())


def _shows(update: Update | None) -> bool:
    return update is not None and update.visibility == Update.Visibility.SHOWN


def bodies_that_may_hear(subject: Subject) -> frozenset[int]:
    """The bodies that have the report."""
    return frozenset(row.body_id for row in subject.report.at_bodies.all() if row.left_at is None)


def message(kind: Kind, data: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """The whole message, as Standard Webhooks shapes it."""
    return {"type": kind.value, "timestamp": at.isoformat(), "data": dict(data)}


def data_of(kind: Kind, subject: Subject, body_id: int | None) -> dict[str, Any]:
    """What is said of a report or update to an endpoint of a body, or of the site."""
    if kind in SAY_LITTLE:
        gone: dict[str, Any] = {"report": {"id": subject.report.pk}}
        if subject.update is not None:
            gone["update"] = {"id": subject.update.pk}
        return gone
    data: dict[str, Any] = {"report": _report(subject.report, body_id)}
    if subject.update is not None:
        data["update"] = _update(subject.update, is_private=subject.report.is_private)
    return data


def _report(report: Report, body_id: int | None) -> dict[str, Any]:
    rows = [
        row
        for row in report.at_bodies.all()
        if row.left_at is None and (not report.is_private or row.body_id == body_id)
    ]
    return {
        "id": report.pk,
        "url": f"{settings.WAYWARDEN_BASE_URL}/report/{report.pk}",
        "title": report.title,
        "detail": report.detail,
        "category": report.category_name,
        "group": report.group,
        "state": report.state,
        "latitude": report.lat,
        "longitude": report.lon,
        "is_placed": report.is_placed,
        "address": report.nearest_address,
        "is_private": report.is_private,
        "author": report.name if report.is_name_public else "",
        "photos": [] if report.is_private else _photos(report),
        "created": report.created.isoformat(),
        "published": _iso(report.confirmed_at),
        "state_changed": _iso(report.state_changed_at),
        "duplicate_of": report.duplicate_of_id,
        "bodies": [_at_body(row) for row in rows],
    }


def _at_body(row: ReportBody) -> dict[str, Any]:
    return {
        "slug": row.body.slug,
        "name": row.body.name,
        "reference": row.reference,
        "sent": _iso(row.sent_at),
    }


def _update(update: Update, *, is_private: bool) -> dict[str, Any]:
    return {
        "id": update.pk,
        "text": update.text,
        "state": update.state,
        "author": update.credited_to,
        "body": update.body.slug if update.body else None,
        "photos": [] if is_private else _photos(update),
        "published": _iso(update.confirmed_at),
    }


def _photos(owner: Report | Update) -> list[str]:
    """Where its photos can be seen."""
    return [f"{settings.WAYWARDEN_BASE_URL}/photo/{one.key}.jpg" for one in owner.photos.all()]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def alarm_data(
    fact: Mapping[str, Any],
    connections: Mapping[int, Connection],
    bodies: Mapping[int, Body],
) -> dict[str, Any]:
    """What is said of an alarm; `connection` null is plain e-mail."""
    connection = connections.get(fact.get("connection") or 0)
    body = bodies.get(fact.get("body") or 0)
    return {
        "alarm": {
            "kind": fact.get("kind"),
            "connection": {"id": connection.pk, "name": connection.name} if connection else None,
            "body": {"slug": body.slug, "name": body.name} if body else None,
        }
    }
