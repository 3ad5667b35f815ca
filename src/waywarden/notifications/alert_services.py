"""Following and leaving: every write to who follows what."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.areas.models import Area
from waywarden.bodies.models import Body
from waywarden.geo.cells import circle_keys
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.models import Alert, Item
from waywarden.notifications.times import due_at
from waywarden.reports.models import Report, Update
from waywarden.reports.queries import public_reports
from waywarden.users.frequency import Frequency
from waywarden.users.models import User

Kind = Alert.Kind
#: The widest circle that can be followed by mail, in metres (FB 1.6), and the narrowest.
MOST_METRES, LEAST_METRES = 150_000, 50

_PARTS = ("report_id", "area_id", "body_id", "area_ids", "lat", "lon", "radius_m")


@dataclass(frozen=True, slots=True)
class Target:
    """What is followed. Degrees of WGS84, metres; only what the kind needs is given."""

    kind: Alert.Kind
    report_id: int | None = None
    area_id: int | None = None
    body_id: int | None = None
    area_ids: tuple[int, ...] = ()
    lat: float | None = None
    lon: float | None = None
    radius_m: int | None = None

    def as_data(self) -> dict[str, Any]:
        """What a mailed link carries of it."""
        given = {name: getattr(self, name) for name in _PARTS}
        given = {name: value for name, value in given.items() if value not in (None, ())}
        return {"kind": self.kind.value, **given}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Target":
        """The same again."""
        given = {name: data.get(name) for name in _PARTS}
        return cls(kind=Kind(data["kind"]), **given | {"area_ids": tuple(data.get("area_ids", ()))})


class CannotBeFollowed(RuleBroken):
    """What was to be followed is not there."""


def near(point: Point, metres: float) -> Target:
    """A circle around a place. Raises RuleBroken when it is too wide or too narrow."""
    if not LEAST_METRES <= metres <= MOST_METRES:
        raise RuleBroken(_("Please choose between 50 metres and 150 kilometres."), field="radius")
    at = point.rounded(5)
    return Target(Kind.RADIUS, lat=at.lat, lon=at.lon, radius_m=round(metres))


def wards(body_id: int, area_ids: Iterable[int]) -> Target:
    """A body's reports in one or several of its wards."""
    found = sorted(set(area_ids))
    if len(found) == 1:
        return Target(Kind.WARD, body_id=body_id, area_id=found[0])
    return Target(Kind.WARDS, body_id=body_id, area_ids=tuple(found))


def check_target(target: Target, *, user: User | None = None) -> None:
    """Raises CannotBeFollowed unless the target is there for this person to follow."""
    if not _is_there(target, user):
        raise CannotBeFollowed(_("There is nothing to follow there (any more)."))


def _is_there(target: Target, user: User | None) -> bool:
    report_id, body_id, area_id = target.report_id or 0, target.body_id or 0, target.area_id or 0
    if target.kind is Kind.REPORT:
        is_public = public_reports().filter(pk=report_id).exists()
        return (
            is_public or Report.objects.filter(pk=report_id, user=user, user__isnull=False).exists()
        )
    if target.kind is Kind.RADIUS:
        return target.radius_m is not None and target.lat is not None and target.lon is not None
    has_body = Body.objects.filter(pk=body_id, is_deleted=False).exists()
    areas = target.area_ids or (area_id,)
    has_area = Area.objects.filter(pk__in=areas).count() == len(areas)
    return (has_body or target.kind is Kind.AREA) and (has_area or target.kind is Kind.BODY)


def follow(
    target: Target,
    *,
    user: User,
    frequency: str = "",
    cobrand: str = "",
    language: str = "",
) -> Alert:
    """A person follows something from now on; asked twice, it is the same alert again.

    An alert that was stopped starts anew. Raises CannotBeFollowed.
    """
    check_target(target, user=user)
    moment = clock.now()
    place = (
        circle_keys(Point(target.lat, target.lon), target.radius_m or 0)
        if target.lat is not None and target.lon is not None
        else ()
    )
    fresh = {
        "frequency": Frequency(frequency or user.frequency),
        "cobrand": cobrand,
        "language": language or user.language,
        "stopped_at": None,
        "stopped": "",
    }
    with transaction.atomic():
        wanted: dict[str, Any] = {name: getattr(target, name) for name in _PARTS}
        wanted["area_ids"] = list(target.area_ids)
        alert, is_new = Alert.objects.get_or_create(
            user=user,
            kind=target.kind,
            **wanted,
            defaults={**fresh, "created": moment, "cells": list(place)},
        )
        if not is_new:
            began = moment if alert.stopped_at else alert.created
            Alert.objects.filter(pk=alert.pk).update(**fresh, created=began)
            alert.refresh_from_db()
    return alert


def follow_report(*, report_id: int, user: User, cobrand: str = "", language: str = "") -> Alert:
    """A person gets the news of a report. Raises CannotBeFollowed."""
    target = Target(Kind.REPORT, report_id=report_id)
    return follow(target, user=user, cobrand=cobrand, language=language)


def follow_own(report_ids: list[int]) -> int:
    """Reporters follow what they have just published; how many do.

    Not those who want no news, not a body's update user, not an application. One statement, in
    the caller's transaction.
    """
    sql = """
        INSERT INTO notifications_alert (key, user_id, kind, report_id, area_ids, cells, frequency,
            cobrand, language, created, stopped)
        SELECT gen_random_uuid(), person.id, 'report', report.id, '{}', '{}', person.frequency,
            report.cobrand, coalesce(nullif(person.language, ''), report.language), %s, ''
        FROM reports_report report JOIN users_user person ON person.id = report.user_id
        WHERE report.id = ANY(%s) AND person.is_active AND NOT person.is_update_user
            AND person.wants_news
        ON CONFLICT DO NOTHING
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [clock.now(), report_ids])
        return int(cursor.rowcount)


def follow_as_said(update_ids: list[int]) -> None:
    """Authors of updates follow the report, or leave it, as they said in the form (FB 1.4)."""
    asked = Update.objects.filter(pk__in=update_ids, follows__isnull=False, user__isnull=False)
    for update in asked.select_related("report", "user"):
        if update.follows and update.user is not None:
            with suppress(CannotBeFollowed):  # private, and not their own
                follow_report(
                    report_id=update.report_id,
                    user=update.user,
                    cobrand=update.report.cobrand,
                    language=update.user.language or get_language() or "",
                )
        else:
            mine = Alert.objects.filter(user=update.user_id, report=update.report_id)
            for alert_id in mine.filter(stopped_at=None).values_list("pk", flat=True):
                stop_alert(alert_id)


def stop_alert(alert_id: int, *, why: Alert.Stopped = Alert.Stopped.LEFT) -> bool:
    """No more mails of an alert; what waits to be told is dropped. False if it had stopped."""
    with transaction.atomic():
        done = Alert.objects.filter(pk=alert_id, stopped_at=None).update(
            stopped_at=clock.now(), stopped=why
        )
        Item.objects.filter(alert_id=alert_id, mailing=None).delete()
    return bool(done)


def stop_bounced_alert(alert_id: int) -> bool:
    """A mail of an alert came back for good (FB 1.6): the alert stops. False if it had."""
    return stop_alert(alert_id, why=Alert.Stopped.BOUNCED)


def stop_bounced_alert_of(key: str) -> bool:
    """The same by the key that a mail provider says again; False for none of ours."""
    try:
        known = Alert.objects.filter(key=UUID(key)).values_list("pk", flat=True).first()
    except ValueError:
        return False
    return known is not None and stop_bounced_alert(known)


def stop_all(user: User) -> int:
    """A person leaves everything they follow; how many alerts that were."""
    with transaction.atomic():
        Item.objects.filter(alert__user=user, mailing=None).delete()
        return Alert.objects.filter(user=user, stopped_at=None).update(
            stopped_at=clock.now(), stopped=Alert.Stopped.LEFT
        )


def change_frequency(alert_id: int, frequency: Frequency) -> None:
    """How often an alert is mailed from now on; what waits is told at the new time."""
    with transaction.atomic():
        Alert.objects.filter(pk=alert_id).update(frequency=frequency)
        Item.objects.filter(alert_id=alert_id, mailing=None).update(
            due_at=due_at(frequency, clock.now())
        )


def move_followers(from_report: int, to_report: int) -> int:
    """Who follows a duplicate follows its original from now on; how many were moved.

    Nobody follows the original twice. A private original is followed by its reporter only.
    """
    if from_report == to_report:
        return 0
    with transaction.atomic():
        sql = """
            INSERT INTO notifications_alert (key, user_id, kind, report_id, area_ids, cells,
                frequency, cobrand, language, created, stopped)
            SELECT gen_random_uuid(), user_id, 'report', %(to)s, '{}', '{}', frequency, cobrand,
                language, %(now)s, ''
            FROM notifications_alert
            WHERE kind = 'report' AND report_id = %(from)s AND stopped_at IS NULL
            ON CONFLICT (user_id, kind, report_id, area_id, body_id, area_ids, lat, lon, radius_m)
            DO UPDATE SET stopped_at = NULL, stopped = ''
        """
        moment = clock.now()
        with connection.cursor() as cursor:
            cursor.execute(sql, {"to": to_report, "from": from_report, "now": moment})
            moved = int(cursor.rowcount)
        Alert.objects.filter(kind=Kind.REPORT, report=from_report, stopped_at=None).update(
            stopped_at=moment, stopped=Alert.Stopped.MOVED
        )
    return moved
