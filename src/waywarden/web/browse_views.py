"""Looking: the front page, and the map with its list."""

import math
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from waywarden.geo.points import Box, Point
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.reports.clusters import category_names, count_about, look, numbers_of_page
from waywarden.reports.lists import Listed, listed
from waywarden.reports.nearest import nearest_beyond
from waywarden.reports.pins import Filters, Slice
from waywarden.reports.states import PinClass
from waywarden.ui.current import cobrand_of
from waywarden.ui.filters import Chosen, shown_bodies
from waywarden.ui.maps import PLACE_ZOOM, StillMap, map_settings, still_map, visible_box
from waywarden.web import queries
from waywarden.web.kept_pages import while_nothing_changes
from waywarden.web.places import find, look_up
from waywarden.web.queries import PAGE

#: Pins on a map of pictures.
STILL_PINS = 60
#: Pages of a list that can be turned to.
MOST_PAGES = 500


@require_safe
@while_nothing_changes
def front(request: HttpRequest) -> HttpResponse:
    """One box to find a place, and what happened lately."""
    return render(request, "web/front.html", front_values(request))


def front_values(request: HttpRequest, *, asked: str = "", error: str = "") -> dict[str, Any]:
    """What the front page shows; with what was asked for and why it was not found."""
    cobrand = cobrand_of(request)
    lat, lon, zoom = cobrand.centre
    centre = Point(lat, lon)
    return {
        "newest": queries.newest(cobrand, 6),
        "fixed": queries.recently_fixed(cobrand, 6),
        "totals": queries.site_totals(cobrand),
        "still": pictures(centre, zoom, Filters(body_ids=shown_bodies(cobrand)), size=(4, 3)),
        "asked": asked,
        "error": error,
    }


@require_safe
@while_nothing_changes
def around(request: HttpRequest) -> HttpResponse:
    """The map and the list beside it; `pc` is what somebody typed to find a place."""
    asked = one_line(request.GET.get("pc", ""))[:200]
    if "pc" in request.GET and "lat" not in request.GET:
        return _search(request, asked)
    view = MapView(request)
    about = count_about(view.box, view.filters)
    values = {"view": view, "near": look_up(view.centre), **_list_of(view, about)}
    if request.htmx:  # type: ignore[attr-defined]  # put there by its middleware
        response = render(request, "web/around_list.html", values | {"is_part": True})
    else:
        response = render(request, "web/around.html", values | _around(request, view, about))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _search(request: HttpRequest, asked: str) -> HttpResponse:
    """Straight through to the only match, a list to pick from, or the box again with the error."""
    try:
        found = find(asked, cobrand=cobrand_of(request))
    except RuleBroken as wrong:
        values = front_values(request, asked=asked, error=str(wrong))
        return render(request, "web/front.html", values, status=422)
    if len(found) > 1:
        return render(request, "web/pick_place.html", {"asked": asked, "found": found})
    return redirect(found[0].url)


class MapView:
    """What part of the map is looked at, through which filters; nonsense is left out."""

    def __init__(self, request: HttpRequest) -> None:
        cobrand = cobrand_of(request)
        lat, lon, zoom = cobrand.centre
        centre = point_in(request, "lat", "lon") or point_in(request, "latitude", "longitude")
        self.centre = centre or Point(lat, lon)
        self.zoom = number_in(request, "zoom", zoom if centre is None else PLACE_ZOOM)
        self.chosen = Chosen.of(request.GET)
        self.filters = self.chosen.filters(shown_bodies(cobrand))
        self.page = page_in(request)
        self.box = _box(request.GET.get("bbox", "")) or visible_box(self.centre, self.zoom)

    @property
    def step_zoom(self) -> int:
        """A whole zoom, for the links of the map of pictures."""
        return round(self.zoom)

    @property
    def report_url(self) -> str:
        """Where a report at the middle of the map begins."""
        place = {"latitude": f"{self.centre.lat:.6f}", "longitude": f"{self.centre.lon:.6f}"}
        return f"{reverse('report-new')}?{urlencode(place)}"


def point_in(request: HttpRequest, lat: str, lon: str) -> Point | None:
    """The place in two parameters, None where there is none on earth."""
    try:
        return Point(float(request.GET[lat]), float(request.GET[lon])).rounded()
    except (KeyError, ValueError):
        return None


def number_in(
    request: HttpRequest, name: str, usual: float, *, least: float = 2.0, most: float = 20.0
) -> float:
    """The number in a parameter, within bounds."""
    try:
        number = float(request.GET.get(name, ""))
    except ValueError:
        return usual
    return usual if math.isnan(number) else min(max(number, least), most)


def page_in(request: HttpRequest) -> int:
    """The page of a list that is asked for, from 1 on."""
    return int(number_in(request, "page", 1, least=1, most=MOST_PAGES))


def _box(text: str) -> Box | None:
    try:
        return Box.parse(text) if text else None
    except ValueError:
        return None


def _list_of(view: MapView, about: int) -> dict[str, Any]:
    """One page of the reports in the box, which holds about so many."""
    part = Slice(PAGE + 1, (view.page - 1) * PAGE, view.chosen.order)
    reports = listed(numbers_of_page(view.box, view.filters, part, about=about))
    room = PAGE - len(reports) if view.page == 1 else 0
    beyond = nearest_beyond(view.box, view.filters, most=room) if room > 0 else []
    return {
        "reports": reports[:PAGE],
        "beyond": listed(beyond),
        "page": view.page,
        "has_more": len(reports) > PAGE,
    }


def pictures(
    centre: Point,
    zoom: float,
    filters: Filters,
    *,
    size: tuple[int, int] = (5, 4),
    about: int | None = None,
) -> StillMap:
    """The map of pictures with what there is to see on it (`about`: see `look`)."""
    found = look(visible_box(centre, zoom), filters, zoom=round(zoom), about=about)
    pins = still_pins(listed(found.numbers[:STILL_PINS]))
    return still_map(centre, zoom, size=size, pins=pins, clusters=found.clusters)


def still_pins(reports: Sequence[Listed]) -> list[tuple[int, str, PinClass, Point]]:
    """Reports as the map of pictures wants them."""
    return [
        (one.pk, one.title, one.pin_class or PinClass.CLOSED, Point(one.lat, one.lon))
        for one in reports
    ]


def _around(request: HttpRequest, view: MapView, about: int) -> dict[str, Any]:
    is_same = view.box == visible_box(view.centre, view.zoom)
    return {
        "map": map_settings(
            request,
            mode="around",
            centre=(view.centre.lat, view.centre.lon, view.zoom),
            pins_url=reverse("pins"),
            report_url=reverse("report-new"),
        ),
        "still": pictures(view.centre, view.zoom, view.filters, about=about if is_same else None),
        "categories": category_names(view.filters.body_ids),
    }
