"""Bodies: all of them with their figures, and one with its reports on a map, by ward too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.dates import MONTHS_3
from django.utils.http import urlencode
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from waywarden.areas.queries import areas_by_slug, extent_of, outline_of
from waywarden.areas.wards import ward_slug
from waywarden.bodies.models import Body
from waywarden.bodies.queries import body_by_slug, body_named
from waywarden.bodies.words import said
from waywarden.geo.points import Point
from waywarden.kernel.text import one_line
from waywarden.reports.clusters import category_names
from waywarden.reports.figure_queries import (
    Figures,
    Ward,
    figures_in_short,
    figures_of,
    figures_of_wards,
    wards_of,
)
from waywarden.reports.lists import Listed, listed
from waywarden.reports.pins import Order, Slice, numbers_in
from waywarden.ui.charts import Chart, columns
from waywarden.ui.current import cobrand_of
from waywarden.ui.filters import Chosen
from waywarden.ui.maps import map_settings, still_map, zoom_for
from waywarden.web import queries
from waywarden.web.alert_forms import Offered
from waywarden.web.browse_views import number_in, page_in, point_in, still_pins
from waywarden.web.kept_pages import while_nothing_changes
from waywarden.web.queries import PAGE

#: Bodies on a page.
BODIES = 50
#: Months in a chart.
MONTHS = 12


@require_safe
@while_nothing_changes
def bodies(request: HttpRequest) -> HttpResponse:
    """Every body of the site by name, with how many reports it has and how it does."""
    cobrand = cobrand_of(request)
    asked, page = one_line(request.GET.get("name", ""))[:100], page_in(request)
    first = (page - 1) * BODIES
    found = queries.site_bodies(cobrand).order_by("name", "pk")
    if asked:
        found = found.filter(name__icontains=asked)
    rows = list(found[first : first + BODIES + 1])
    figures = None if cobrand.bodies else figures_of()
    values = {
        "rows": queries.with_counts(rows[:BODIES], figures_in_short(row.pk for row in rows)),
        "asked": asked,
        "page": page,
        "has_more": len(rows) > BODIES,
        "is_long": page > 1 or len(rows) > 8 or bool(asked),
        "totals": queries.site_totals(cobrand),
        "figures": figures,
        "chart": chart_of(figures),
    }
    return render(request, "web/bodies.html", values)


@require_safe
@while_nothing_changes
def body(request: HttpRequest, slug: str, ward: str = "") -> HttpResponse:
    """One body's reports, all or those of some wards (`a|b`): a list, a map and figures."""
    found = _body(request, slug)
    if found is None:
        return by_name(request, slug, ward)
    if "ward" in request.GET:
        return _to_wards(request, found)
    wards = _wards(found, ward)
    chosen = Chosen.of(request.GET, usual=Order.CHANGED)
    page = page_in(request)
    part = Slice(PAGE + 1, (page - 1) * PAGE, chosen.order)
    numbers = numbers_in(None, chosen.filters([found.pk], wards), part)
    rows = listed(numbers)
    values: dict[str, Any] = {
        "body": found,
        "ward": get_text_list([said(name) for name in wards.values()], _("and")),
        "chosen": chosen,
        "reports": rows[:PAGE],
        "page": page,
        "has_more": len(rows) > PAGE,
    }
    if request.htmx:  # type: ignore[attr-defined]  # put there by its middleware
        response = render(request, "web/body_list.html", values)
    else:
        response = render(request, "web/body.html", values | _whole(request, found, wards, rows))
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def by_name(_request: HttpRequest, name: str, ward: str = "") -> HttpResponse:
    """To a body that an address names otherwise than we do: by its name (FB 1.8)."""
    found = body_named(name.replace("+", " "))
    if found is None:
        raise Http404
    return redirect(
        f"/reports/{found.slug}" + (f"/{_slugs(ward.split('|'))}" if ward else ""), permanent=True
    )


def _body(request: HttpRequest, slug: str) -> Body | None:
    """None for one that is not called so here."""
    found, shown = body_by_slug(slug), cobrand_of(request).bodies
    if found is not None and (found.is_deleted or (shown and slug not in shown)):
        raise Http404
    return found


def _slugs(names: Iterable[str]) -> str:
    """The names of wards as an address has them."""
    return "|".join(dict.fromkeys(ward_slug(name) for name in names if name.strip()))


def _to_wards(request: HttpRequest, found: Body) -> HttpResponse:
    """From the form that offers the wards to the address of those that were ticked."""
    others = request.GET.copy()
    wards = _slugs(others.pop("ward"))
    address = f"/reports/{found.slug}" + (f"/{wards}" if wards else "")
    return redirect(f"{address}?{others.urlencode()}" if others else address)


def _wards(found: Body, ward: str) -> dict[int, str]:
    """The areas' numbers and names; {} without one."""
    if not ward:
        return {}
    slugs = dict.fromkeys(ward.split("|"))
    areas = areas_by_slug(*slugs)
    counted = {one.line.name for one in wards_of(found.pk)}
    picked = {}
    for one in slugs:
        named = {number: name for number, name in areas.items() if ward_slug(name) == one}
        if not named:
            raise Http404
        number = next((number for number, name in named.items() if name in counted), min(named))
        picked[number] = named[number]
    return picked


def _whole(
    request: HttpRequest, found: Body, wards: Mapping[int, str], rows: list[Listed]
) -> dict[str, Any]:
    """What the page has around its list."""
    figures = figures_of_wards(found.pk, tuple(wards)) if wards else figures_of(found.pk)
    all_wards = wards_of(found.pk)
    chosen_wards = {ward_slug(name) for name in wards.values()}
    return {
        "categories": category_names([found.pk]),
        "figures": figures,
        "chart": chart_of(figures),
        "wards": all_wards,
        "compared": _compared(all_wards, chosen_wards),
        "chosen_wards": chosen_wards,
        "follow": _to_follow(found, wards),
        **_map(request, found, tuple(wards), rows[:PAGE]),
    }


def _compared(wards: tuple[Ward, ...], chosen: set[str]) -> list[Ward]:
    """The wards that the table of figures compares: all, or those chosen; one alone is itself."""
    if len(chosen) == 1:
        return []
    return [ward for ward in wards if not chosen or ward.slug in chosen]


def _to_follow(found: Body, wards: Mapping[int, str]) -> Offered:
    """What the page shows, as something to follow."""
    words = said(found.name)
    if not wards:
        return Offered(f"body:{found.pk}", words, f"reports/{found.slug}")
    names = get_text_list([said(name) for name in wards.values()], _("and"))
    numbers = ",".join(map(str, wards))
    return Offered(
        f"ward:{found.pk}:{numbers}",
        _("%(body)s in %(area)s") % {"body": words, "area": names},
        f"reports/{found.slug}/{quote(_slugs(wards.values()))}",
    )


def chart_of(figures: Figures | None) -> Chart | None:
    """The last months as columns, None where there is nothing to draw."""
    if figures is None or not figures.months:
        return None
    months = figures.months[-MONTHS:]
    return columns([(_month(one.name), one.reported, one.fixed) for one in months])


def _month(name: str) -> str:
    return str(MONTHS_3[int(name[5:7])]).capitalize()


def _map(
    request: HttpRequest, found: Body, wards: tuple[int, ...], rows: Sequence[Listed]
) -> dict[str, Any]:
    areas = wards or tuple(found.areas.values_list("pk", flat=True))
    lat, lon, zoom = cobrand_of(request).centre
    if box := extent_of(areas):
        lat, lon, zoom = box.centre.lat, box.centre.lon, zoom_for(box)
    asked = point_in(request, "lat", "lon")
    centre = asked or Point(lat, lon)
    zoom = number_in(request, "zoom", zoom)
    fields = [("body", found.slug), *(("area", str(number)) for number in wards)]
    return {
        "still": still_map(centre, zoom, pins=still_pins(rows)),
        "map": map_settings(
            request,
            mode="around",
            centre=(centre.lat, centre.lon, zoom),
            pins_url=f"{reverse('pins')}?{urlencode(fields)}",
            report_url="",
            outline=outline_of(areas),
        ),
    }
