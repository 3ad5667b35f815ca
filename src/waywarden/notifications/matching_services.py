"""New facts meet a million alerts: set-based, by indexes, one statement a batch.

A new report finds the alerts of its areas, bodies, and of the circles around it; an update finds
the followers of its report. Each pair becomes one item, once, however often this runs.
"""

from datetime import timedelta
from typing import Any

from django.db import connection

from waywarden.geo.cells import FINEST_KEY
from waywarden.geo.points import CELL_ZOOM, EARTH_RADIUS
from waywarden.kernel import clock
from waywarden.notifications.times import due_at
from waywarden.reports import states
from waywarden.users.frequency import Frequency

#: Older news is told to nobody (FB A.39): an import brings no flood of mails.
FRESH = timedelta(days=7)

_DUE = """CASE alert.frequency WHEN 'instant' THEN %(now)s WHEN 'daily' THEN %(daily)s
    ELSE %(weekly)s END"""

#: The tiles that hold a report, as `geo.cells.point_keys` says them.
_KEYS = f"""ARRAY(SELECT (report.cell >> (2 * ({CELL_ZOOM} - zoom))) | (1::bigint << (2 * zoom))
    FROM generate_series(0, {FINEST_KEY}) zoom)"""  # noqa: S608 - our own numbers

_DISTANCE = f"""2 * {EARTH_RADIUS} * asin(least(1, sqrt(
    power(sin(radians(alert.lat - report.lat) / 2), 2)
    + cos(radians(alert.lat)) * cos(radians(report.lat))
    * power(sin(radians(alert.lon - report.lon) / 2), 2))))"""

#: Each branch uses one partial index (see `Alert.Meta.indexes`).
_NEW_REPORTS = f"""
    INSERT INTO notifications_item (alert_id, report_id, created, due_at)
    SELECT alert.id, report.id, %(now)s, {_DUE}
    FROM (
        SELECT report.*, ARRAY(
            SELECT body_id FROM reports_reportbody WHERE report_id = report.id) AS body_ids
        FROM reports_report report
        WHERE report.id = ANY(%(ids)s) AND NOT is_private AND state = ANY(%(visible)s)
            AND confirmed_at > %(fresh)s
    ) report CROSS JOIN LATERAL (
        SELECT * FROM notifications_alert alert
        WHERE kind = 'area' AND stopped_at IS NULL AND alert.area_id = ANY(report.area_ids)
        UNION ALL
        SELECT * FROM notifications_alert alert
        WHERE kind = 'body' AND stopped_at IS NULL AND alert.body_id = ANY(report.body_ids)
        UNION ALL
        SELECT * FROM notifications_alert alert
        WHERE kind = 'ward' AND stopped_at IS NULL AND alert.body_id = ANY(report.body_ids)
            AND alert.area_id = ANY(report.area_ids)
        UNION ALL
        SELECT * FROM notifications_alert alert
        WHERE kind = 'wards' AND stopped_at IS NULL AND alert.body_id = ANY(report.body_ids)
            AND alert.area_ids && report.area_ids
        UNION ALL
        SELECT * FROM notifications_alert alert
        WHERE kind = 'radius' AND stopped_at IS NULL AND alert.cells && {_KEYS}
            AND {_DISTANCE} <= alert.radius_m
    ) alert JOIN users_user person ON person.id = alert.user_id
    WHERE person.is_active AND person.wants_news AND alert.created <= report.confirmed_at
        AND alert.user_id IS DISTINCT FROM report.user_id
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - put together from our own pieces

#: Somebody's own update is no news to them; nor is one that says nothing.
_UPDATES = f"""
    INSERT INTO notifications_item (alert_id, report_id, update_id, created, due_at)
    SELECT alert.id, report.id, said.id, %(now)s, {_DUE}
    FROM reports_update said
    JOIN reports_report report ON report.id = said.report_id
    JOIN notifications_alert alert ON alert.report_id = report.id
    JOIN users_user person ON person.id = alert.user_id
    WHERE said.id = ANY(%(ids)s) AND said.visibility = 'shown'
        AND coalesce(said.confirmed_at, said.created) > %(fresh)s
        AND (btrim(said.text) <> '' OR said.state <> ''
            OR EXISTS (SELECT 1 FROM reports_photo WHERE update_id = said.id))
        AND report.state = ANY(%(visible)s)
        AND (NOT report.is_private OR report.user_id = alert.user_id)
        AND alert.kind = 'report' AND alert.stopped_at IS NULL
        AND alert.created <= %(now)s
        AND person.is_active AND person.wants_news AND NOT person.is_update_user
        AND alert.user_id IS DISTINCT FROM said.user_id
        AND NOT (said.id = ANY(%(quiet)s) AND report.user_id = alert.user_id)
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - put together from our own pieces


def match_reports(report_ids: list[int]) -> int:
    """Notes new public reports for all who follow their place or body; how many items."""
    return _run(_NEW_REPORTS, {"ids": report_ids})


def match_updates(update_ids: list[int], *, quiet: list[int] | None = None) -> int:
    """Notes updates for all who follow their reports; how many items.

    Those in `quiet` are not told to the reporter (a connection may suppress that).
    """
    return _run(_UPDATES, {"ids": update_ids, "quiet": quiet or []})


def _run(sql: str, values: dict[str, Any]) -> int:
    moment = clock.now()
    times: dict[str, Any] = {
        "now": moment,
        "daily": due_at(Frequency.DAILY, moment),
        "weekly": due_at(Frequency.WEEKLY, moment),
        "fresh": moment - FRESH,
        "visible": [state.value for state in states.VISIBLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, {**times, **values})
        return int(cursor.rowcount)
