"""Reports near a place that may be about the same thing (FB 1.3)."""

from dataclasses import dataclass

from waywarden.geo.points import Box, Point
from waywarden.reports.lists import Listed, listed
from waywarden.reports.models import Report
from waywarden.reports.nearest import sorted_by_distance
from waywarden.reports.pins import Filters, Slice, Sql, found_in
from waywarden.reports.states import PinClass

#: Metres looked around by default, and at most.
USUAL, FURTHEST = 250.0, 1000.0
#: Reports that are offered.
MOST = 5


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A report near by; `metres` is how far off."""

    report: Report
    metres: float


def lookalikes(
    place: Point,
    *,
    categories: tuple[str, ...] = (),
    within: float = USUAL,
    most: int = MOST,
    besides: int | None = None,
) -> list[Lookalike]:
    """Open public reports within so many metres, of these categories by name, nearest first.

    No categories: of any. `besides` leaves one report out. Beyond `FURTHEST` nothing is looked at.
    """
    found = _nearest(place, categories, within=within, most=most, besides=besides)
    reports = Report.objects.prefetch_related("photos").in_bulk(list(found))
    return [Lookalike(reports[number], metres) for number, metres in found.items()]


def open_near(place: Point, *, within: float, most: int, besides: int) -> list[Listed]:
    """The same of any category, as a list shows them."""
    found = _nearest(place, (), within=within, most=most, besides=besides)
    return listed(list(found))


def _nearest(
    place: Point,
    categories: tuple[str, ...],
    *,
    within: float,
    most: int,
    besides: int | None,
) -> dict[int, float]:
    """Numbers and metres, nearest first."""
    within = min(within, FURTHEST)
    if within <= 0:
        return {}
    box = Box.around(place, within)
    filters = Filters((PinClass.OPEN, PinClass.PROGRESS), categories)
    near = found_in(box, filters, Slice(most), is_wide=False)
    others = Sql("id <> %s", [besides or 0])
    return sorted_by_distance(near, place, within=within, most=most, besides=others)
