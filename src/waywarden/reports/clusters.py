"""What a map shows of a box: single pins, or clusters where there are too many of them.

Clusters come from the counts kept by square (`PinCount`); where a filter asks for what those do
not know, from the newest of the reports themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from waywarden.geo.points import CELL_ZOOM, Box
from waywarden.reports.models import Report
from waywarden.reports.pins import (
    MOST,
    Filters,
    Slice,
    Sql,
    ends_of,
    found_in,
    is_common,
    numbers_in,
    numbers_in_squares,
    reports_with,
)
from waywarden.reports.states import PinClass

#: The zoom of the squares that are counted.
COUNTED_ZOOM = 15
#: A cluster stands for a square this many zooms further in than the map (128 pixels of 512).
FINER = 2
#: Squares with so few show them as pins.
FEW = 3
#: Below this zoom pins would lie on each other, however few they are.
CROWDED_ZOOM = 14
#: From this zoom of the map on every report is a pin of its own.
PINS_ZOOM = 16
#: Reports that clusters are made of where they cannot be taken from the counts.
MOST_CLUSTERED = 20_000
#: Boxes that hold more are read from one end of all reports.
WIDE = 6_000
#: Seconds that the number of all reports is kept.
_TOTAL_KEPT = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """So many reports around a place, `open` of them not dealt with yet."""

    lat: float
    lon: float
    count: int
    open: int


@dataclass(frozen=True, slots=True)
class View:
    """What is drawn: numbers of reports for pins, clusters, or both.

    `has_more` says that not all that is there is drawn.
    """

    numbers: tuple[int, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class _Square:
    """The reports of one square; `numbers` only of squares with few, and not from the counts."""

    cluster: Cluster
    numbers: tuple[int, ...] = ()


def look(box: Box, filters: Filters, *, zoom: int = CELL_ZOOM, about: int | None = None) -> View:
    """What a map of this zoom shows of a box. Without a zoom: pins, the newest `MOST`.

    `about` is what `count_about` said of it, where that was asked.
    """
    if about is None:
        about = count_about(box, filters)
    if zoom < PINS_ZOOM and (about > MOST or zoom < CROWDED_ZOOM):
        squares = _squares(box, filters, zoom=zoom, about=about)
        if zoom < CROWDED_ZOOM or sum(one.cluster.count for one in squares) > MOST:
            return _drawn(squares, is_part=_is_part(squares, filters, zoom=zoom, about=about))
    numbers = numbers_in(box, filters, Slice(MOST + 1), is_wide=is_wide(about))
    return View(numbers=tuple(numbers[:MOST]), has_more=len(numbers) > MOST)


def _drawn(squares: Sequence[_Square], *, is_part: bool) -> View:
    return View(
        numbers=tuple(number for one in squares for number in one.numbers),
        clusters=tuple(one.cluster for one in squares if not one.numbers),
        has_more=is_part,
    )


def _is_part(squares: Sequence[_Square], filters: Filters, *, zoom: int, about: int) -> bool:
    """Whether only the newest of very many were gathered."""
    if _fits(filters, zoom) or not is_wide(about):
        return False
    return is_common(filters) or sum(one.cluster.count for one in squares) >= MOST_CLUSTERED


def _fits(filters: Filters, zoom: int) -> bool:
    return filters.is_counted and zoom + FINER <= COUNTED_ZOOM


def _squares(box: Box, filters: Filters, *, zoom: int, about: int) -> list[_Square]:
    """The squares of a box that hold any, on a map of this zoom; the fullest first."""
    shift = 2 * (CELL_ZOOM - zoom - FINER)
    if _fits(filters, zoom) and about > MOST:
        rows = _with_few_named(_counted(box, filters, shift), filters, shift)
    else:
        rows = _gathered(box, filters, shift, is_wide=is_wide(about))
    return [
        _Square(Cluster(lat / count / 1e6, lon / count / 1e6, count, still_open), tuple(few or ()))
        for count, lat, lon, still_open, few in rows
        if count > 0
    ]


_BITS = 2 * (CELL_ZOOM - COUNTED_ZOOM)
_SUMS = "sum(c.count)::bigint, sum(c.lat_sum)::bigint, sum(c.lon_sum)::bigint,"
#: The last column is the square's number, which stands where `_ROWS` has the reports of few.
_COUNTED = (
    f"SELECT {_SUMS} sum(c.count) FILTER (WHERE c.kind IN ('open', 'progress'))::bigint,"  # noqa: S608 - our own words
    " min(c.cell)"
    " FROM unnest(%s::bigint[], %s::bigint[]) AS span(first, last)"
    " JOIN reports_pincount c ON c.cell BETWEEN span.first AND span.last"
    " WHERE c.body_id = ANY(%s){more} GROUP BY c.cell >> %s ORDER BY 1 DESC"
)


def _counted(box: Box, filters: Filters, shift: int) -> list[Any]:
    more, values = _more(filters)
    asked = [*ends_of(box, bits=_BITS), _bodies(filters), *values, shift - _BITS]
    return Sql(_COUNTED.format(more=more), asked).rows()


def _with_few_named(rows: list[Any], filters: Filters, shift: int) -> list[Any]:
    """The same with the reports of squares that hold few, and no square's number any more."""
    few = sorted((row[0], row[4] >> (shift - _BITS)) for row in rows if 0 < row[0] <= FEW)
    pins = accumulate(count for count, _square in few)  # squares of one go before those of three
    squares = [square for (_count, square), sum_ in zip(few, pins, strict=True) if sum_ <= MOST]
    named: dict[int, list[int]] = {}
    for square, number in numbers_in_squares(squares, shift, filters):
        named.setdefault(square, []).append(number)
    return [(*row[:4], named.get(row[4] >> (shift - _BITS))) for row in rows]


def _more(filters: Filters) -> tuple[str, list[Any]]:
    more, values = "", list[Any]()
    if filters.classes:
        more += " AND c.kind = ANY(%s)"
        values.append([one.value for one in filters.classes])
    if filters.categories:
        more += " AND c.category = ANY(%s)"
        values.append(list(filters.categories))
    return more, values


def _bodies(filters: Filters) -> list[int]:
    """Several bodies may share a report, which is then counted for each: good for a map."""
    return list(filters.body_ids) or [0]


_ROWS = (
    "SELECT count(*), sum(round(lat * 1e6))::bigint, sum(round(lon * 1e6))::bigint,"  # noqa: S608 - our own words
    " count(*) FILTER (WHERE reports_pin_class(state, false) IN ('open', 'progress')),"
    f" CASE WHEN count(*) <= {FEW} THEN array_agg(id) END FROM ("
)


def _gathered(box: Box, filters: Filters, shift: int, *, is_wide: bool) -> list[Any]:
    """From the reports, the newest of them where the box holds very many."""
    found = found_in(box, filters, Slice(MOST_CLUSTERED), is_wide=is_wide)
    asked = Sql(_ROWS) + found + Sql(") AS r GROUP BY cell >> %s ORDER BY 1 DESC", [shift])
    return asked.rows()


def reports_in(box: Box, filters: Filters, part: Slice) -> QuerySet[Report]:
    """The reports of a box that a page of a list shows, in its order."""
    about = count_about(box, filters)
    return reports_with(numbers_of_page(box, filters, part, about=about), part.order)


def numbers_of_page(box: Box, filters: Filters, part: Slice, *, about: int) -> list[int]:
    """Their numbers; `about` is what `count_about` said of the box."""
    return numbers_in(box, filters, part, is_wide=is_wide(about))


_ABOUT = (
    "SELECT coalesce(sum(c.count), 0)::bigint FROM unnest(%s::bigint[], %s::bigint[])"
    " AS span(first, last) JOIN reports_pincount c ON c.cell BETWEEN span.first AND span.last"
    " WHERE c.body_id = ANY(%s){more}"
)


def count_about(box: Box, filters: Filters) -> int:
    """How many reports a box holds at most, by class, category and body alone."""
    more, values = _more(filters)
    asked = [*ends_of(box, bits=_BITS), _bodies(filters), *values]
    found: int = Sql(_ABOUT.format(more=more), asked).rows()[0][0]
    return found


def is_wide(count: int) -> bool:
    """Whether so many are better read from one end of all reports than sorted."""
    return count > WIDE and count * 50 > count_all()


def count_all() -> int:
    """How many public reports there are; may be a minute old."""
    return sum(totals().values())


def totals() -> dict[PinClass, int]:
    """How many public reports there are of each class; may be a minute old."""
    rows = cache.get_or_set("reports.totals", _totals, _TOTAL_KEPT) or []
    return dict.fromkeys(PinClass, 0) | {PinClass(kind): count for kind, count in rows}


def _totals() -> list[Any]:
    return Sql(
        "SELECT kind, sum(count)::bigint FROM reports_pincount WHERE body_id = 0 GROUP BY kind"
    ).rows()


def counts_by_body() -> dict[int, dict[PinClass, int]]:
    """How many public reports of each class each body has; may be a minute old."""
    rows = cache.get_or_set("reports.by-body", _by_body, _TOTAL_KEPT) or []
    found: dict[int, dict[PinClass, int]] = {}
    for body_id, kind, count in rows:
        found.setdefault(body_id, {})[PinClass(kind)] = count
    return found


def _by_body() -> list[Any]:
    return Sql(
        "SELECT body_id, kind, sum(count)::bigint FROM reports_pincount WHERE body_id > 0"
        " GROUP BY body_id, kind"
    ).rows()


#: Categories of a site that a filter offers at most, those with most reports.
_MOST_CATEGORIES = 200
#: Seconds that they are kept.
_CATEGORIES_KEPT = 300


def category_names(body_ids: Sequence[int] = ()) -> list[str]:
    """The categories of which there are reports, by name; may be some minutes old."""
    bodies = sorted(body_ids) or [0]
    key = "reports.categories." + ".".join(map(str, bodies))[:150]
    return cache.get_or_set(key, lambda: _category_names(bodies), _CATEGORIES_KEPT) or []


def _category_names(bodies: list[int]) -> list[str]:
    asked = Sql(
        "SELECT category FROM reports_pincount WHERE body_id = ANY(%s) GROUP BY category"
        " HAVING sum(count) > 0 ORDER BY sum(count) DESC LIMIT %s",
        [bodies, _MOST_CATEGORIES],
    )
    return sorted((row[0] for row in asked.rows() if row[0]), key=str.casefold)
