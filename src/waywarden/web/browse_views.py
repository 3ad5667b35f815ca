"""Looking: the front page, the map with its list, bodies and their reports."""

import math
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from waywarden.bodies.queries import body_by_slug
from waywarden.geo.points import Box, Point
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.reports.models import Report
from waywarden.reports.pins import reports_in
from waywarden.reports.states import PinClass
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import PLACE_ZOOM, map_settings, still_map, visible_box
from waywarden.web import queries
from waywarden.web.places import find, look_up
from waywarden.web.queries import PAGE, Filters

#: Pins on a map of pictures.
STILL_PINS = 60
#: Pages of a list that can be turned to.
MOST_PAGES = 500


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """One box to find a place, and what happened lately."""
    return render(request, "web/front.html", _front(request))


def _front(request: HttpRequest, *, asked: str = "", error: str = "") -> dict[str, Any]:
    cobrand = cobrand_of(request)
    lat, lon, zoom = cobrand.centre
    centre = Point(lat, lon)
    near = reports_in(visible_box(centre, zoom), body_slugs=cobrand.bodies)[:STILL_PINS]
    return {
        "newest": queries.newest(cobrand, 6),
        "fixed": queries.recently_fixed(cobrand, 6),
        "still": still_map(centre, zoom, size=(4, 3), pins=_still_pins(list(near))),
        "asked": asked,
        "error": error,
    }


@require_safe
def around(request: HttpRequest) -> HttpResponse:
    """The map and the list beside it; `pc` is what somebody typed to find a place."""
    asked = one_line(request.GET.get("pc", ""))[:200]
    if "pc" in request.GET and "lat" not in request.GET:
        return _search(request, asked)
    view = MapView.of(request)
    found = reports_in(
        view.box,
        classes=view.filters.classes,
        categories=view.filters.categories,
        body_slugs=view.cobrand.bodies,
    )
    rows = list(queries.for_list(found)[: STILL_PINS + 1])
    values = {
        "view": view,
        "reports": rows[:PAGE],
        "more": len(rows) > PAGE,
        "near": look_up(view.centre),
    }
    if request.htmx:  # type: ignore[attr-defined]  # put there by its middleware
        response = render(request, "web/around_list.html", values | {"is_part": True})
        response["HX-Replace-Url"] = view.url  # a shared link opens the same view
    else:
        response = render(request, "web/around.html", values | _around(request, view, rows))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _search(request: HttpRequest, asked: str) -> HttpResponse:
    """Straight through to the only match, a list to pick from, or the box again with the error."""
    try:
        found = find(asked, cobrand=cobrand_of(request))
    except RuleBroken as wrong:
        values = _front(request, asked=asked, error=str(wrong))
        return render(request, "web/front.html", values, status=422)
    if len(found) > 1:
        return render(request, "web/pick_place.html", {"asked": asked, "found": found})
    return redirect(found[0].url)


class MapView:
    """What part of the map is looked at, and through which filters."""

    def __init__(self, *, centre: Point, zoom: float, filters: Filters, cobrand: Cobrand) -> None:
        self.centre, self.zoom, self.filters, self.cobrand = centre, zoom, filters, cobrand
        self.box = visible_box(centre, zoom)

    @classmethod
    def of(cls, request: HttpRequest) -> "MapView":
        """What a request asks for; what cannot be read is as if it were not there."""
        cobrand = cobrand_of(request)
        lat, lon, zoom = cobrand.centre
        centre = point_in(request, "lat", "lon")
        usual = zoom if centre is None else PLACE_ZOOM
        view = cls(
            centre=centre or Point(lat, lon),
            zoom=_number(request.GET.get("zoom", ""), usual),
            filters=filters_in(request),
            cobrand=cobrand,
        )
        view.box = _box(request.GET.get("bbox", "")) or view.box
        return view

    @property
    def url(self) -> str:
        """The address of this view."""
        place = [("lat", f"{self.centre.lat:.6f}"), ("lon", f"{self.centre.lon:.6f}")]
        kinds = [("status", kind.value) for kind in self.filters.classes]
        categories = [("category", name) for name in self.filters.categories]
        zoom = ("zoom", f"{self.zoom:g}")
        return f"{reverse('around')}?{urlencode([*place, zoom, *kinds, *categories])}"

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


def filters_in(request: HttpRequest) -> Filters:
    """The filters of a list; unknown ones are ignored (FB 1.2)."""
    known = {kind.value: kind for kind in PinClass}
    chosen = [known[value] for value in request.GET.getlist("status") if value in known]
    categories = [one_line(value)[:200] for value in request.GET.getlist("category")]
    return Filters(tuple(chosen), tuple(value for value in categories if value))


def _number(text: str, usual: float, *, least: float = 2.0, most: float = 20.0) -> float:
    try:
        number = float(text)
    except ValueError:
        return usual
    return usual if math.isnan(number) else min(max(number, least), most)


def _box(text: str) -> Box | None:
    try:
        return Box.parse(text) if text else None
    except ValueError:
        return None


def _still_pins(reports: list[Report]) -> list[tuple[int, str, PinClass, Point]]:
    return [
        (
            report.pk,
            report.title,
            report.pin_class or PinClass.CLOSED,
            Point(report.lat, report.lon),
        )
        for report in reports
    ]


def _around(request: HttpRequest, view: MapView, rows: list[Report]) -> dict[str, Any]:
    centre = (view.centre.lat, view.centre.lon, view.zoom)
    return {
        "map": map_settings(
            request,
            mode="around",
            centre=centre,
            pins_url=reverse("pins"),
            report_url=reverse("report-new"),
        ),
        "still": still_map(view.centre, view.zoom, pins=_still_pins(rows)),
        "categories": queries.category_names(queries.site_bodies(view.cobrand)),
    }


@require_safe
def bodies(request: HttpRequest) -> HttpResponse:
    """Every body of the site, with how many reports it has."""
    rows = queries.bodies_with_counts(cobrand_of(request))
    return render(request, "web/bodies.html", {"rows": rows})


@require_safe
def body(request: HttpRequest, slug: str) -> HttpResponse:
    """One body's reports: a list and a map."""
    cobrand = cobrand_of(request)
    found = body_by_slug(slug)
    if found is None or found.is_deleted or (cobrand.bodies and slug not in cobrand.bodies):
        raise Http404
    filters = filters_in(request)
    page = int(_number(request.GET.get("page", ""), 1, least=1, most=MOST_PAGES))
    first = (page - 1) * PAGE
    rows = list(queries.body_reports(found, filters)[first : first + PAGE + 1])
    values = {
        "body": found,
        "filters": filters,
        "categories": queries.category_names([found]),
        "reports": rows[:PAGE],
        "page": page,
        "has_more": len(rows) > PAGE,
        **_body_map(request, slug, rows[:PAGE]),
    }
    return render(request, "web/body.html", values)


def _body_map(request: HttpRequest, slug: str, rows: list[Report]) -> dict[str, Any]:
    lat, lon, zoom = cobrand_of(request).centre
    if rows:
        lat = sum(report.lat for report in rows) / len(rows)
        lon = sum(report.lon for report in rows) / len(rows)
    return {
        "still": still_map(Point(lat, lon), zoom, pins=_still_pins(rows)),
        "map": map_settings(
            request,
            mode="around",
            centre=(lat, lon, zoom),
            pins_url=f"{reverse('pins')}?{urlencode({'body': slug})}",
            report_url="",
        ),
    }
