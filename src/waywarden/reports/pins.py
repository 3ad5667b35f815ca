"""Reports of a box on the map, newest first, through the filters of a list.

A small box is read by cells, a large one from the newest on; both out of an index alone
(performance.md). The database's own words for it, because Django's cannot say the first.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from django.core.cache import cache
from django.db import connection
from django.db.models import BooleanField, F, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from waywarden.geo.cells import spans_of_box
from waywarden.geo.points import Box
from waywarden.reports.models import Report
from waywarden.reports.states import PinClass, states_of

#: Pins of one answer.
MOST = 200
#: Words of a search that count.
MOST_WORDS = 8
#: Reports looked through one by one for words that many have.
MOST_LOOKED_AT = 8_000
#: How many are looked at to guess whether words are rare, and the share below which they are.
_SAMPLE, _RARE = 400, 0.01
#: Squares in which a rare category is looked for, and the bits of a cell that they leave off.
FEW_SQUARES, COUNTED_SHIFT = 300, 32
#: Seconds that the guess is kept.
_SHARE_KEPT = 300
#: The same condition as that of the indexes, in the same words.
SEEN = "NOT r.is_private AND NOT (r.state IN ('unconfirmed', 'hidden'))"


class Order(enum.Enum):
    """How a list is sorted; the value is what stands in an address."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CHANGED = "changed"  # what changed last comes first
    UPDATES = "updates"  # what most was said about comes first


ORDERS = {
    Order.NEWEST: "r.confirmed_at DESC, r.id DESC",
    Order.OLDEST: "r.confirmed_at, r.id",
    Order.CHANGED: "r.changed DESC, r.id DESC",
    Order.UPDATES: "r.update_count DESC, r.id DESC",
}
#: What must be read beside the usual to sort so.
_MORE_COLUMNS = {Order.CHANGED: ", r.changed", Order.UPDATES: ", r.update_count"}
#: How many shown updates a report has: a column that the database keeps and the models do not know.
_UPDATE_COUNT = RawSQL("reports_report.update_count", (), output_field=IntegerField())
_ORM_ORDERS = {
    Order.NEWEST: (F("confirmed_at").desc(), F("id").desc()),
    Order.OLDEST: (F("confirmed_at").asc(), F("id").asc()),
    Order.CHANGED: (F("changed").desc(), F("id").desc()),
    Order.UPDATES: (_UPDATE_COUNT.desc(), F("id").desc()),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list or a map is narrowed to; empty lets all through.

    `text` is what a person typed: every word must stand in the report, or begin a word of it.
    `since` is the earliest moment of confirmation.
    """

    classes: tuple[PinClass, ...] = ()
    categories: tuple[str, ...] = ()
    text: str = ""
    since: datetime | None = None
    body_ids: tuple[int, ...] = ()
    """Bodies one of which has the report."""
    area_ids: tuple[int, ...] = ()
    """Areas one of which the report lies in."""

    @property
    def is_counted(self) -> bool:
        """Whether the counts kept by square know all that is asked for."""
        return not (self.text or self.since or self.area_ids)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of all that is found is wanted, and in which order."""

    most: int
    first: int = 0
    order: Order = Order.NEWEST

    @property
    def end(self) -> int:
        """How many must be found for it to be whole."""
        return self.first + self.most


@dataclass(slots=True)
class Sql:
    """A piece of a question with the values that stand in it, in order."""

    text: str
    values: list[Any] = field(default_factory=list)

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(f"{self.text} {other.text}", [*self.values, *other.values])

    def rows(self) -> list[Any]:
        """Asks the database."""
        with connection.cursor() as cursor:
            cursor.execute(self.text, self.values)
            return list(cursor.fetchall())


def search_of(text: str) -> str:
    """A search as PostgreSQL writes it: all words, each the beginning of one; "" finds nothing."""
    words = re.findall(r"\w+", text.lower())[:MOST_WORDS]
    return " & ".join(f"{word[:60]}:*" for word in words)


def with_words(found: QuerySet[Report], text: str) -> QuerySet[Report]:
    """Those of some reports that hold every word, or a word that begins with it, by an index."""
    match = RawSQL(
        "reports_report.words @@ to_tsquery('simple', %s)",
        [search_of(text)],
        output_field=BooleanField(),
    )
    return found.filter(match)


def _all_of(parts: list[Sql]) -> Sql:
    values = [value for part in parts for value in part.values]
    return Sql(" AND ".join(part.text for part in parts), values)


def _indexed(filters: Filters, box: Box | None) -> list[Sql]:
    """The conditions that an index answers by itself."""
    parts = [Sql(SEEN)]
    if box is not None:
        joined = "AND" if box.west <= box.east else "OR"  # it crosses 180°
        edges = f"r.lat BETWEEN %s AND %s AND (r.lon >= %s {joined} r.lon <= %s)"
        parts.append(Sql(edges, [box.south, box.north, box.west, box.east]))
    if filters.classes:
        states = [state.value for one in filters.classes for state in states_of(one)]
        parts.append(Sql("r.state = ANY(%s)", [states]))
    if filters.categories:
        parts.append(Sql("r.category_name = ANY(%s)", [list(filters.categories)]))
    if filters.since is not None:
        parts.append(Sql("r.confirmed_at >= %s", [filters.since]))
    return parts


def _of_itself(filters: Filters) -> list[Sql]:
    """The conditions that need the report itself."""
    parts = []
    if filters.text:
        parts.append(Sql("r.words @@ to_tsquery('simple', %s)", [search_of(filters.text)]))
    if filters.area_ids:
        parts.append(Sql("r.area_ids && %s::bigint[]", [list(filters.area_ids)]))
    return parts


def _at_bodies(filters: Filters, report: str = "r") -> Sql:
    return Sql(
        "EXISTS (SELECT 1 FROM reports_reportbody b"  # noqa: S608 - our own words
        f" WHERE b.report_id = {report}.id AND b.left_at IS NULL"
        " AND b.body_id = ANY(%s::bigint[]))",
        [list(filters.body_ids)],
    )


def _dear(filters: Filters) -> list[Sql]:
    """The conditions that need the report itself, or its bodies."""
    at_bodies = [_at_bodies(filters)] if filters.body_ids else []
    return [*_of_itself(filters), *at_bodies]


def _columns(order: Order) -> str:
    more = _MORE_COLUMNS.get(order, "")
    return f"r.id, r.cell, r.lat, r.lon, r.state, r.confirmed_at{more}"


def ends_of(box: Box, *, bits: int = 0) -> list[list[int]]:
    """First and last cells of the spans that hold a box, `bits` of their ends left off."""
    firsts, lasts = list[int](), list[int]()
    for span in spans_of_box(box):
        first, last = span.first >> bits, span.last >> bits
        if lasts and first <= lasts[-1]:  # shortened, two may meet: nothing is found twice
            lasts[-1] = last
        else:
            firsts.append(first)
            lasts.append(last)
    return [firsts, lasts]


def _by_cells(box: Box, filters: Filters, order: Order) -> Sql:
    """All in a small box."""
    return _in_spans(ends_of(box), _all_of(_indexed(filters, box)), _columns(order))


def _in_spans(ends: list[list[int]], where: Sql, columns: str) -> Sql:
    """All in some spans of cells. The fence (OFFSET 0) keeps the database on their index."""
    return Sql(
        "SELECT r.* FROM unnest(%s::bigint[], %s::bigint[]) AS span(first, last), LATERAL ("  # noqa: S608 - our own words
        f"SELECT {columns} FROM reports_report r"
        f" WHERE r.cell BETWEEN span.first AND span.last AND {where.text} OFFSET 0) AS r",
        [*ends, *where.values],
    )


def _ends_of_squares(squares: Sequence[int], shift: int) -> list[list[int]]:
    """First and last cells of squares; a square is a cell without `shift` bits."""
    return [[one << shift for one in squares], [((one + 1) << shift) - 1 for one in squares]]


def _few_squares(filters: Filters) -> list[int] | None:
    """The counted squares where some categories are found, none or few; None where they are many.

    From one end of a million reports what is rare is found late, and what is not there never.
    """
    kinds = [one.value for one in filters.classes or PinClass]
    asked = Sql(
        "SELECT cell FROM reports_pincount"
        " WHERE body_id = ANY(%s::bigint[]) AND category = ANY(%s) AND kind = ANY(%s)"
        " GROUP BY cell HAVING sum(count) > 0 LIMIT %s",
        [list(filters.body_ids or (0,)), list(filters.categories), kinds, FEW_SQUARES + 1],
    )
    found = [row[0] for row in asked.rows()]
    return found if len(found) <= FEW_SQUARES else None


def _in_few_squares(squares: list[int], box: Box | None, filters: Filters, order: Order) -> Sql:
    """All that fits in some counted squares; what it is sorted by is read of those alone."""
    where, ends = _all_of(_indexed(filters, box)), _ends_of_squares(squares, COUNTED_SHIFT)
    found = _those_that_fit(_in_spans(ends, where, _columns(Order.NEWEST)), filters)
    if order not in _MORE_COLUMNS:
        return found
    columns = f"SELECT n.*{_MORE_COLUMNS[order]} FROM ("  # noqa: S608 - our own words
    return Sql(columns) + found + Sql(") AS n JOIN reports_report r ON r.id = n.id")


def _from_one_end(box: Box | None, filters: Filters, part: Slice) -> Sql:
    """The first of all that the conditions but the words let through."""
    at_bodies = [_at_bodies(filters)] if filters.body_ids else []
    where = _all_of([*_indexed(filters, box), *at_bodies])
    return Sql(
        f"SELECT {_columns(part.order)} FROM reports_report r WHERE {where.text}"  # noqa: S608 - our own words
        f" ORDER BY {ORDERS[part.order]} LIMIT %s",
        [*where.values, part.end],
    )


def _everything(box: Box | None, filters: Filters, order: Order) -> Sql:
    """All that fits, found as the database thinks best: by words, or by body."""
    where = _all_of([*_indexed(filters, box), *_dear(filters)])
    text = f"SELECT {_columns(order)} FROM reports_report r WHERE {where.text}"  # noqa: S608 - our own words
    return Sql(text, where.values)


def _those_that_fit(near: Sql, filters: Filters) -> Sql:
    """Of some reports those that the dear conditions let through, one look at each."""
    if parts := _of_itself(filters):
        itself = _all_of(parts)
        near = Sql(
            f"SELECT n.* FROM ({near.text}) AS n, LATERAL (SELECT 1 FROM reports_report r"  # noqa: S608 - our own words
            f" WHERE r.id = n.id AND {itself.text} OFFSET 0) AS fits",
            [*near.values, *itself.values],
        )
    if filters.body_ids:
        here = _at_bodies(filters, "n")
        text = f"SELECT n.* FROM ({near.text}) AS n WHERE {here.text}"  # noqa: S608 - our own words
        near = Sql(text, [*near.values, *here.values])
    return near


def numbers_in_squares(
    squares: Sequence[int], shift: int, filters: Filters
) -> list[tuple[int, int]]:
    """Square and number of each report in some squares; a square is a cell without `shift` bits."""
    if not squares:
        return []
    where = _all_of(_indexed(filters, None))
    near = _in_spans(_ends_of_squares(squares, shift), where, "r.id, r.cell")
    fitting = _those_that_fit(near, filters)
    rows = (Sql("SELECT r.cell >> %s, r.id FROM (", [shift]) + fitting + Sql(") AS r")).rows()
    return [(square, number) for square, number in rows]


def found_in(box: Box | None, filters: Filters, part: Slice, *, is_wide: bool) -> Sql:
    """A question for the reports in a box, to be sorted and cut: those of the slice and more.

    Of words that many reports have, a wide box is not looked through to its end.

    `is_wide` says that the box holds so many that it is quicker to go through them from one end.
    """
    if filters.area_ids or (filters.text and not is_common(filters)):
        return _everything(box, filters, part.order)
    if box is not None and not is_wide:
        near = _by_cells(box, filters, part.order)
        if filters.text and part.most < MOST_LOOKED_AT:
            near += Sql(f"ORDER BY {ORDERS[part.order]} LIMIT %s", [_enough(filters, part)])
        return _those_that_fit(near, filters)
    if filters.text:
        enough = Slice(_enough(filters, part), 0, part.order)
        return _those_that_fit(_from_one_end(box, filters, enough), filters)
    return _from_one_end(box, filters, part)


def _enough(filters: Filters, part: Slice) -> int:
    """How many reports are looked at to find a slice of those with common words."""
    return min(int(part.end / max(_share_that_fits(filters), 0.001) * 2), MOST_LOOKED_AT)


def is_common(filters: Filters) -> bool:
    """Whether the words looked for stand in many reports."""
    return bool(filters.text) and _share_that_fits(filters) >= _RARE


def _share_that_fits(filters: Filters) -> float:
    """How many of the newest reports have the words: a guess for the rest of them."""
    key = f"reports.share.{crc32(filters.text.encode()):x}"
    found: float | None = cache.get(key)
    if found is None:
        words = Filters(text=filters.text)
        newest = _those_that_fit(_from_one_end(None, Filters(), Slice(_SAMPLE)), words)
        rows = Sql(f"SELECT count(*) FROM ({newest.text}) AS r", newest.values).rows()  # noqa: S608
        found = rows[0][0] / _SAMPLE
        cache.set(key, found, _SHARE_KEPT)
    return found


def numbers_in(
    box: Box | None, filters: Filters, part: Slice, *, is_wide: bool = False
) -> list[int]:
    """The numbers of public reports in a box (None: everywhere), in order."""
    squares = _few_squares(filters) if filters.categories and (box is None or is_wide) else None
    if squares is not None:
        return _numbers(_in_few_squares(squares, box, filters, part.order), part)
    found = _numbers(found_in(box, filters, part, is_wide=is_wide), part)
    if len(found) == part.most or not is_common(filters):
        return found
    # Not enough among those that were looked at: now all of them, which takes longer.
    if box is not None and not is_wide:
        near = _by_cells(box, filters, part.order)
        return _numbers(_those_that_fit(near, filters), part)
    return _numbers(_everything(box, filters, part.order), part)


def _numbers(found: Sql, part: Slice) -> list[int]:
    asked = Sql("SELECT r.id FROM (") + found + Sql(f") AS r ORDER BY {ORDERS[part.order]}")
    asked += Sql("LIMIT %s OFFSET %s", [part.most, part.first])
    return [row[0] for row in asked.rows()]


def reports_with(numbers: Sequence[int], order: Order = Order.NEWEST) -> QuerySet[Report]:
    """The reports of some numbers, in an order."""
    return Report.objects.filter(pk__in=numbers).order_by(*_ORM_ORDERS[order])
