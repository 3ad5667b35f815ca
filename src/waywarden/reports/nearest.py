"""The reports nearest to a place, and those that fill a list whose box holds few (FB 1.2)."""

import math

from waywarden.geo.points import METRES_PER_DEGREE, Box, Point
from waywarden.reports.clusters import count_about
from waywarden.reports.pins import MOST_LOOKED_AT, Filters, Slice, Sql, found_in

#: Reports that fill a list at most.
MOST_ADDED = 20
#: Metres around the middle of a box: the first that does not hold too many is looked through.
REACHES = (16_000.0, 4_000.0, 1_000.0)
#: Reports that are looked through at most.
MOST_AROUND = 1_000


def sorted_by_distance(
    near: Sql, place: Point, *, within: float, most: int, besides: Sql
) -> dict[int, float]:
    """Numbers and metres of some found reports within so many metres, nearest first.

    `besides` is a condition on `r` that they have to meet. Plane geometry: good to a part in a
    hundred over some kilometres.
    """
    east = "least(abs(r.lon - %s), 360 - abs(r.lon - %s)) * %s"
    asked = Sql(
        f"SELECT id, metres FROM (SELECT r.*, %s * sqrt(power(r.lat - %s, 2) + power({east}, 2))"  # noqa: S608 - our own words
        " AS metres FROM (",
        [METRES_PER_DEGREE, place.lat, place.lon, place.lon, math.cos(math.radians(place.lat))],
    )
    asked += near + Sql(") AS r) AS r WHERE metres <= %s AND", [within]) + besides
    return dict((asked + Sql("ORDER BY metres, id LIMIT %s", [most])).rows())


def nearest_beyond(box: Box, filters: Filters, *, most: int) -> list[int]:
    """The public reports that lie nearest to the middle of a box but not in it, nearest first.

    At most `most`, and `MOST_ADDED`. None where the box is wider than the farthest reach, or all
    around it holds very many.
    """
    corner = Point(box.north, box.east).distance_m(box.centre)
    for reach in REACHES:
        if reach <= corner:
            break
        around = Box.around(box.centre, reach)
        if count_about(around, filters) <= MOST_AROUND:
            return _in_reach(around, box, filters, reach=reach, most=min(most, MOST_ADDED))
    return []


def _in_reach(around: Box, box: Box, filters: Filters, *, reach: float, most: int) -> list[int]:
    near = found_in(around, filters, Slice(MOST_LOOKED_AT), is_wide=False)
    joined = "AND" if box.west <= box.east else "OR"  # it crosses 180°
    outside = Sql(
        f"NOT (r.lat BETWEEN %s AND %s AND (r.lon >= %s {joined} r.lon <= %s))",
        [box.south, box.north, box.west, box.east],
    )
    found = sorted_by_distance(near, box.centre, within=reach, most=most, besides=outside)
    return list(found)
