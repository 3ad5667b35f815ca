"""Pins of a box on the map, newest first."""

from django.db.models import Q, QuerySet

from waywarden.geo.cells import spans_of_box
from waywarden.geo.points import Box
from waywarden.reports.models import Report
from waywarden.reports.queries import public_reports
from waywarden.reports.states import PinClass, states_of

#: Pins of one answer.
MOST = 200


def reports_in(
    box: Box,
    *,
    classes: tuple[PinClass, ...] = (),
    categories: tuple[str, ...] = (),
    body_slugs: tuple[str, ...] = (),
) -> QuerySet[Report]:
    """Public reports in a box, newest first; empty filters let all through."""
    found = public_reports().filter(
        lat__gte=box.south, lat__lte=box.north, lon__gte=box.west, lon__lte=box.east
    )
    in_cells = Q()
    for span in spans_of_box(box):
        in_cells |= Q(cell__gte=span.first, cell__lte=span.last)
    found = found.filter(in_cells)
    if classes:
        found = found.filter(state__in=[state for one in classes for state in states_of(one)])
    if categories:
        found = found.filter(category_name__in=categories)
    if body_slugs:
        found = found.filter(at_bodies__body__slug__in=body_slugs).distinct()
    return found.order_by("-confirmed_at", "-id")
