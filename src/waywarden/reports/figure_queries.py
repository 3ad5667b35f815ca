"""Reading how bodies did in the last twelve months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from waywarden.areas.models import Area
from waywarden.areas.wards import ward_slug
from waywarden.reports.count_models import BodyFigures, WardFigures


@dataclass(frozen=True, slots=True)
class Line:
    """One category, month or ward: so many reported, so many of those fixed.

    `days` is the median from a report to its being fixed, None where none was or it is not known.
    """

    name: str
    reported: int
    fixed: int
    days: float | None = None

    @property
    def share(self) -> int:
        """Per cent that are fixed."""
        return round(100 * self.fixed / self.reported) if self.reported else 0

    @property
    def whole_days(self) -> int | None:
        """The median as people say it; 0 is less than half a day."""
        return None if self.days is None else round(self.days)

    @property
    def least_days(self) -> int:
        """The same where it says "within": a day at least; 0 where it is not known."""
        return 0 if self.days is None else max(1, round(self.days))


@dataclass(frozen=True, slots=True)
class Figures:
    """A body's figures, those of some wards of it, or of all bodies; months are "2026-01"."""

    at: datetime
    whole: Line
    categories: tuple[Line, ...] = ()
    months: tuple[Line, ...] = ()


def figures_of(body_id: int = 0) -> Figures | None:
    """A body's figures (0: all bodies), None before they were counted."""
    row = BodyFigures.objects.filter(pk=body_id).first()
    return None if row is None else _of_row(row)


def figures_of_wards(body_id: int, area_ids: Sequence[int]) -> Figures | None:
    """A body's figures in some of its wards together, None where nothing was reported.

    A median of several wards is not known from those of each; neither are its categories'.
    """
    rows = list(WardFigures.objects.filter(body_id=body_id, area_id__in=list(area_ids)))
    if len(rows) < 2:
        return _of_row(rows[0]) if rows else None
    return Figures(
        at=min(row.at for row in rows),
        whole=Line("", sum(row.reported for row in rows), sum(row.fixed for row in rows)),
        categories=_most_first(_added(row.categories for row in rows)),
        months=tuple(sorted(_added(row.months for row in rows), key=lambda line: line.name)),
    )


def _added(lists: Iterable[Any]) -> list[Line]:
    """Lines of several lists by their names, reported and fixed added up."""
    found: dict[str, Line] = {}
    for name, reported, fixed, *_days in chain.from_iterable(lists):
        before = found.get(name, Line(name, 0, 0))
        found[name] = Line(name, before.reported + reported, before.fixed + fixed)
    return list(found.values())


def _most_first(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.reported, line.name)))


def figures_in_short(body_ids: Iterable[int]) -> dict[int, Line]:
    """The figures of some bodies without their parts."""
    rows = BodyFigures.objects.filter(pk__in=list(body_ids))
    return {row.body_id: _whole(row) for row in rows.defer("categories", "months")}


def _of_row(row: BodyFigures | WardFigures) -> Figures:
    return Figures(
        at=row.at,
        whole=_whole(row),
        categories=tuple(Line(*values) for values in row.categories),
        months=tuple(Line(*values) for values in row.months),
    )


def _whole(row: BodyFigures | WardFigures) -> Line:
    return Line("", row.reported, row.fixed, row.median_days)


@dataclass(frozen=True, slots=True)
class Ward:
    """An area in which a body has reports, with the name that it has in addresses."""

    slug: str
    line: Line


def wards_of(body_id: int) -> tuple[Ward, ...]:
    """The areas within a body's own, most reports first; () before they were counted."""
    rows = WardFigures.objects.filter(body_id=body_id).defer("categories", "months")
    counted = {row.area_id: row for row in rows}
    names = Area.objects.filter(pk__in=list(counted)).exclude(bodies=body_id)
    found = [
        Ward(ward_slug(name), replace(_whole(counted[number]), name=name))
        for number, name in names.values_list("pk", "name")
    ]
    return tuple(sorted(found, key=lambda ward: (-ward.line.reported, ward.line.name)))
