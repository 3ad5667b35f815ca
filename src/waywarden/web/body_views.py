"""Bodies: all of them, and one with its reports on a map."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from waywarden.bodies.models import Body
from waywarden.bodies.queries import body_by_slug
from waywarden.geo.points import Point
from waywarden.reports.clusters import category_names
from waywarden.reports.models import Report
from waywarden.reports.pins import Order, Slice, numbers_in, reports_with
from waywarden.ui.current import cobrand_of
from waywarden.ui.filters import Chosen
from waywarden.ui.maps import map_settings, still_map
from waywarden.web import queries
from waywarden.web.browse_views import page_in, still_pins
from waywarden.web.queries import PAGE


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
    chosen = Chosen.of(request.GET, usual=Order.CHANGED)
    page = page_in(request)
    part = Slice(PAGE + 1, (page - 1) * PAGE, chosen.order)
    numbers = numbers_in(None, chosen.filters([found.pk]), part)
    rows = list(queries.for_list(reports_with(numbers, part.order)))
    values = {
        "body": found,
        "chosen": chosen,
        "categories": category_names([found.pk]),
        "reports": rows[:PAGE],
        "page": page,
        "has_more": len(rows) > PAGE,
        **_map(request, found, rows[:PAGE]),
    }
    return render(request, "web/body.html", values)


def _map(request: HttpRequest, found: Body, rows: list[Report]) -> dict[str, Any]:
    lat, lon, zoom = cobrand_of(request).centre
    if rows:
        lat = sum(report.lat for report in rows) / len(rows)
        lon = sum(report.lon for report in rows) / len(rows)
    return {
        "still": still_map(Point(lat, lon), zoom, pins=still_pins(rows)),
        "map": map_settings(
            request,
            mode="around",
            centre=(lat, lon, zoom),
            pins_url=f"{reverse('pins')}?{urlencode({'body': found.slug})}",
            report_url="",
        ),
    }
