"""Counts how bodies did in the last twelve months; a job calls it, pages only read."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from waywarden.kernel import clock
from waywarden.reports.count_models import BodyFigures, WardFigures
from waywarden.reports.models import Report, ReportBody

#: Days that figures look back.
SPAN = timedelta(days=365)
#: Figures are counted anew after this, whether or not anything changed: the span moves on.
STALE = timedelta(days=1)
#: A report that is written while the figures are counted is looked at again.
_OVERLAP = timedelta(minutes=2)
#: Milliseconds that even the largest body rests between two counts.
_LONGEST_REST = 3_600_000
#: Bodies of one turn, categories and wards of a body that are kept, rows of one statement.
_TURN, _MOST, _MOST_WARDS, _BATCH = 50, 40, 300, 500
_COUNTED = ("reported", "fixed", "median_days", "categories", "months")

_SEEN = "NOT r.is_private AND NOT (r.state IN ('unconfirmed', 'hidden')) AND r.confirmed_at >= %s"
_FROM_BODIES = (
    "SELECT b.body_id, r.id, r.category_name, r.confirmed_at, r.state, r.state_changed_at,"  # noqa: S608 - our own words
    " r.area_ids FROM reports_report r JOIN reports_reportbody b"
    " ON b.report_id = r.id AND b.left_at IS NULL AND b.body_id = ANY(%s::bigint[])"
    f" WHERE {_SEEN}"
)
_FROM_ALL = (
    "SELECT 0::bigint AS body_id, r.id, r.category_name, r.confirmed_at, r.state,"  # noqa: S608 - our own words
    f" r.state_changed_at, r.area_ids FROM reports_report r WHERE {_SEEN}"
)
_COUNTS = (
    "count(*), count(*) FILTER (WHERE reports_pin_class(state, false) = 'fixed'),"
    " percentile_cont(0.5) WITHIN GROUP"
    " (ORDER BY extract(epoch FROM state_changed_at - confirmed_at) / 86400)"
    " FILTER (WHERE reports_pin_class(state, false) = 'fixed')"
)
_BY_KIND = (
    f"SELECT body_id, category_name, month, {_COUNTS} FROM ("  # noqa: S608 - our own words
    "SELECT *, to_char(confirmed_at AT TIME ZONE %s, 'YYYY-MM') AS month FROM ({source}) AS r"
    ") AS r GROUP BY GROUPING SETS ((body_id), (body_id, category_name), (body_id, month))"
    " ORDER BY body_id"
)
#: The areas within a body's own: a ward of a city, not the city.
_BY_WARD = (
    f"SELECT body_id, area, category_name, month, {_COUNTS} FROM ("  # noqa: S608 - our own words
    "SELECT r.*, area, to_char(confirmed_at AT TIME ZONE %s, 'YYYY-MM') AS month"
    f" FROM ({_FROM_BODIES}) AS r, unnest(r.area_ids) AS area WHERE NOT EXISTS"
    " (SELECT 1 FROM bodies_body_areas own WHERE own.body_id = r.body_id AND own.area_id = area)"
    ") AS r GROUP BY GROUPING SETS"
    " ((body_id, area), (body_id, area, category_name), (body_id, area, month))"
    " ORDER BY body_id, area"
)


def refresh_figures(*, everything: bool = False) -> int:
    """Counts the figures of bodies whose reports changed, and of all together; how many rows."""
    moment = clock.now()
    last = BodyFigures.objects.order_by("-at").values_list("at", flat=True).first()
    bodies = _every_body() if everything or last is None else _bodies_to_count(last, moment)
    if bodies or last is None:
        bodies = [0, *bodies]
    if last is not None and not everything:
        bodies = _rested(bodies, moment)
    done = 0
    for turn in _turns(one for one in bodies if one):
        done += _count(_FROM_BODIES, [turn], turn, moment)
    if 0 in bodies:
        done += _count(_FROM_ALL, [], [0], moment)
    return done


def _rested(bodies: list[int], moment: datetime) -> list[int]:
    """Those that may be counted again; the others are noted, to be counted when they may.

    A body with a million reports takes some twenty seconds, one with a thousand none to speak of:
    each rests for a thousand times as long as it takes to look at one report.
    """
    rows = BodyFigures.objects.filter(pk__in=bodies).values_list("body_id", "at", "reported")
    resting = [
        number
        for number, at, reported in rows
        if moment < at + timedelta(milliseconds=min(reported, _LONGEST_REST))
    ]
    BodyFigures.objects.filter(pk__in=resting, is_behind=False).update(is_behind=True)
    return [one for one in bodies if one not in set(resting)]


def _every_body() -> list[int]:
    return sorted(ReportBody.objects.values_list("body_id", flat=True).distinct().order_by())


def _bodies_to_count(last: datetime, moment: datetime) -> list[int]:
    changed = Report.objects.filter(changed__gte=last - _OVERLAP).values("pk")
    touched = ReportBody.objects.filter(report__in=changed).values_list("body_id", flat=True)
    stale = BodyFigures.objects.filter(Q(at__lt=moment - STALE) | Q(is_behind=True), body_id__gt=0)
    return sorted({*touched.distinct(), *stale.values_list("body_id", flat=True)})


def _turns(bodies: Iterable[int]) -> Iterator[list[int]]:
    left = iter(bodies)
    while turn := list(islice(left, _TURN)):
        yield turn


def _count(source: str, values: list[Any], bodies: list[int], moment: datetime) -> int:
    zone = timezone.get_current_timezone_name()
    rows = _ask(_BY_KIND.replace("{source}", source), [zone, *values, moment - SPAN])
    found = {
        body_id: BodyFigures(body_id=body_id, at=moment, **_figures([row[1:] for row in group]))
        for body_id, group in groupby(rows, key=itemgetter(0))
    }
    none = [BodyFigures(body_id=one, at=moment, reported=0, fixed=0) for one in bodies]
    wards = _wards(zone, [one for one in bodies if one], moment)
    with transaction.atomic():
        BodyFigures.objects.bulk_create(
            [found.get(row.body_id, row) for row in none],
            update_conflicts=True,
            unique_fields=["body_id"],
            update_fields=["at", "is_behind", *_COUNTED],
        )
        WardFigures.objects.bulk_create(
            wards,
            update_conflicts=True,
            unique_fields=["body_id", "area_id"],
            update_fields=["at", *_COUNTED],
            batch_size=_BATCH,
        )
        WardFigures.objects.filter(body_id__in=bodies, at__lt=moment).delete()
    return len(none)


def _wards(zone: str, bodies: list[int], moment: datetime) -> list[WardFigures]:
    """The figures of some bodies by ward, the busiest wards of each."""
    rows = _ask(_BY_WARD, [zone, bodies, moment - SPAN]) if bodies else []
    found = [
        WardFigures(
            body_id=body_id, area_id=area, at=moment, **_figures([row[2:] for row in group])
        )
        for (body_id, area), group in groupby(rows, key=itemgetter(0, 1))
    ]
    found.sort(key=lambda ward: (ward.body_id, -ward.reported))
    by_body = groupby(found, key=lambda ward: ward.body_id)
    return [ward for _body, wards in by_body for ward in islice(wards, _MOST_WARDS)]


def _figures(rows: list[Any]) -> dict[str, Any]:
    """The columns of a row of figures from the counts of its whole, its categories and months."""
    whole = next(row for row in rows if row[0] is None and row[1] is None)
    categories = [[row[0], row[2], row[3], _days(row[4])] for row in rows if row[0] is not None]
    return {
        "reported": whole[2],
        "fixed": whole[3],
        "median_days": _days(whole[4]),
        "categories": sorted(categories, key=lambda row: (-row[1], row[0]))[:_MOST],
        "months": sorted([row[1], row[2], row[3]] for row in rows if row[1] is not None),
    }


def _days(found: Any) -> float | None:
    return None if found is None else round(float(found), 2)


def _ask(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
