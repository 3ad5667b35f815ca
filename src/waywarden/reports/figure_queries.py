"""Reading how bodies did in the last twelve months."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from waywarden.areas.models import Area
from waywarden.areas.wards import ward_slug
from waywarden.reports.count_models import BodyFigures


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


@dataclass(frozen=True, slots=True)
class Figures:
    """One body's figures, or those of all bodies together; months are named "2026-01"."""

    at: datetime
    whole: Line
    categories: tuple[Line, ...] = ()
    months: tuple[Line, ...] = ()


def figures_of(body_id: int = 0) -> Figures | None:
    """A body's figures (0: all bodies), None before they were counted."""
    row = BodyFigures.objects.filter(pk=body_id).defer("areas").first()
    if row is None:
        return None
    return Figures(
        at=row.at,
        whole=_whole(row),
        categories=tuple(Line(*values) for values in row.categories),
        months=tuple(Line(*values) for values in row.months),
    )


def figures_in_short(body_ids: Iterable[int]) -> dict[int, Line]:
    """The figures of some bodies without their parts."""
    rows = BodyFigures.objects.filter(pk__in=list(body_ids))
    return {row.body_id: _whole(row) for row in rows.defer("categories", "months", "areas")}


def _whole(row: BodyFigures) -> Line:
    return Line("", row.reported, row.fixed, row.median_days)


@dataclass(frozen=True, slots=True)
class Ward:
    """An area in which a body has reports, with the name that it has in addresses."""

    slug: str
    line: Line


def wards_of(body_id: int) -> tuple[Ward, ...]:
    """The areas within a body's own, most reports first; () before they were counted."""
    row = BodyFigures.objects.filter(pk=body_id).only("areas").first()
    counted = {number: (reported, fixed) for number, reported, fixed in row.areas} if row else {}
    names = Area.objects.filter(pk__in=list(counted)).exclude(bodies=body_id)
    found = [
        Ward(ward_slug(name), Line(name, *counted[number]))
        for number, name in names.values_list("pk", "name")
    ]
    return tuple(sorted(found, key=lambda ward: (-ward.line.reported, ward.line.name)))
