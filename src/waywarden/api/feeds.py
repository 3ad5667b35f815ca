"""Atom and RSS of public reports, each with its place (GeoRSS): all, an area, a body, a circle.

The addresses under `/rss/` are FB 3's; the same stand under `/atom/`. An answer may be kept by
anybody for some minutes; nothing private is ever in one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import linebreaks
from django.utils.text import get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from waywarden.areas.models import Area
from waywarden.areas.queries import areas_by_slug
from waywarden.bodies.models import Body
from waywarden.bodies.queries import body_by_slug
from waywarden.bodies.words import said
from waywarden.geo.points import Box, Point
from waywarden.kernel.cobrand import Cobrand
from waywarden.reports import states
from waywarden.reports.clusters import reports_in
from waywarden.reports.models import Report, Update
from waywarden.reports.pins import Filters, Slice
from waywarden.reports.queries import public_reports
from waywarden.reports.words import credit_in_words, state_in_words, text_in_words
from waywarden.ui.current import cobrand_of
from waywarden.ui.filters import shown_bodies

#: Items of a feed, and seconds that others may keep it.
ITEMS, KEPT = 20, 300
#: The radius of a feed around a place unless one is given, and the widest, in kilometres (FB 1.6).
USUAL_KM, MOST_KM = 2.0, 100.0
_GEORSS = "http://www.georss.org/georss"
_STATES = {"open": states.OPEN, "fixed": states.FIXED, "closed": states.CLOSED}


class _WithPlaces(SyndicationFeed):
    """What both kinds of feed say of a place: latitude and longitude, in degrees."""

    content_type = ""

    def root_attributes(self) -> dict[str, str]:
        """The name space of GeoRSS beside the feed's own."""
        return {**super().root_attributes(), "xmlns:georss": _GEORSS}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """The place after all else."""
        super().add_item_elements(handler, item)
        if item.get("point"):
            handler.addQuickElement("georss:point", item["point"])


class _Rss(_WithPlaces, Rss201rev2Feed):
    content_type = "application/rss+xml; charset=utf-8"

    def rss_attributes(self) -> dict[str, str]:
        """RSS's own way of saying them."""
        return {**super().rss_attributes(), "xmlns:georss": _GEORSS}


class _Atom(_WithPlaces, Atom1Feed):
    content_type = "application/atom+xml; charset=utf-8"


_KINDS: dict[str, type[_WithPlaces]] = {"rss": _Rss, "atom": _Atom}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item: where it leads, relative to the site."""

    title: str
    path: str
    text: str
    published: datetime | None
    changed: datetime | None
    category: str
    point: str
    author: str = ""


@require_safe
def all_reports(request: HttpRequest, form: str) -> HttpResponseBase:
    """Every report of the site; `?type=open` or `fixed` narrows any of these feeds."""
    return _of_reports(request, form, _("New reports"), "/reports", _shown(request))


@require_safe
def area(request: HttpRequest, form: str, number: int) -> HttpResponseBase:
    """The reports in an area, whoever answers for them."""
    found = Area.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    title = _("New reports in %(area)s") % {"area": said(found.name)}
    return _of_reports(
        request, form, title, "/reports", _shown(request).filter(area_ids__contains=[number])
    )


@require_safe
def body(request: HttpRequest, form: str, slug: str, ward: str = "") -> HttpResponseBase:
    """The reports to a body, or to a body in one of its wards, or several (`a|b`)."""
    found = _body(slug, cobrand_of(request))
    reports = public_reports().filter(at_bodies__body=found)
    title = _("New reports to %(body)s") % {"body": said(found.name)}
    if ward:
        wards = areas_by_slug(*ward.split("|"))
        if not wards:
            raise Http404
        reports = reports.filter(area_ids__overlap=list(wards))
        called = get_text_list([said(name) for name in dict.fromkeys(wards.values())], _("and"))
        names = {"body": said(found.name), "ward": called}
        title = _("New reports to %(body)s in %(ward)s") % names
    page = f"/reports/{found.slug}" + (f"/{quote(ward)}" if ward else "")
    return _of_reports(request, form, title, page, reports)


def _body(slug: str, cobrand: Cobrand) -> Body:
    found = body_by_slug(slug)
    if found is None or found.is_deleted or (cobrand.bodies and slug not in cobrand.bodies):
        raise Http404
    return found


@require_safe
def near(
    request: HttpRequest, form: str, lat: str, lon: str, km: str = "", state: str = ""
) -> HttpResponseBase:
    """The reports within some kilometres of a place, in degrees."""
    try:
        point, wide = Point(float(lat), float(lon)), float(km) if km else USUAL_KM
    except ValueError:
        raise Http404 from None
    if not 0 < wide <= MOST_KM:
        raise Http404
    cobrand = cobrand_of(request)
    box, filters = Box.around(point, wide * 1000), Filters(body_ids=shown_bodies(cobrand))
    rows = reports_in(box, filters, Slice(ITEMS * 40))
    if state in _STATES:
        rows = rows.filter(state__in=_STATES[state])
    title = _("New reports near %(place)s") % {"place": str(point)}
    page = f"/around?lat={point.lat:.6f}&lon={point.lon:.6f}"
    inside = _inside(_typed(request, rows), point, wide * 1000)
    return _answer(request, form, title, page, map(_entry_of_report, inside))


def _inside(rows: QuerySet[Report], point: Point, metres: float) -> list[Report]:
    """The newest in the circle, whose box the rows fill."""
    found: list[Report] = []
    for row in rows[: ITEMS * 10].iterator(chunk_size=ITEMS):
        if Point(row.lat, row.lon).distance_m(point) <= metres:
            found.append(row)
        if len(found) == ITEMS:
            break
    return found


@require_safe
def report(request: HttpRequest, form: str, number: int) -> HttpResponseBase:
    """The updates of one public report."""
    found = public_reports().filter(pk=number).first()
    if found is None:
        raise Http404
    updates = (
        Update.objects.filter(report=found, visibility=Update.Visibility.SHOWN)
        .select_related("body")
        .order_by("-confirmed_at", "-id")[:ITEMS]
    )
    title = _("News of “%(title)s”") % {"title": found.title}
    entries = (_entry_of_update(update, found) for update in updates)
    return _answer(request, form, title, found.get_absolute_url(), entries)


def _shown(request: HttpRequest) -> QuerySet[Report]:
    bodies = cobrand_of(request).bodies
    found = public_reports()
    if bodies:
        found = found.filter(at_bodies__body__slug__in=bodies).distinct()
    return found


def _typed(request: HttpRequest, rows: QuerySet[Report]) -> QuerySet[Report]:
    wanted = _STATES.get(request.GET.get("type", ""))
    return rows.filter(state__in=wanted) if wanted else rows


def _of_reports(
    request: HttpRequest, form: str, title: str, page: str, rows: QuerySet[Report]
) -> HttpResponseBase:
    newest = _typed(request, rows).order_by("-confirmed_at", "-id")[:ITEMS]
    return _answer(request, form, title, page, map(_entry_of_report, newest))


def _entry_of_report(row: Report) -> _Entry:
    return _Entry(
        title=f"{row.title}, {state_in_words(row.state)}",
        path=row.get_absolute_url(),
        text=row.detail,
        published=row.confirmed_at,
        changed=row.changed,
        category=said(row.category_name),
        point=f"{row.lat:.6f} {row.lon:.6f}",
    )


def _entry_of_update(update: Update, about: Report) -> _Entry:
    state = state_in_words(update.state) if update.state else ""
    who = credit_in_words(update) or _("Somebody")
    return _Entry(
        title=f"{who}: {state}" if state else who,
        path=f"{about.get_absolute_url()}#update-{update.pk}",
        text=text_in_words(update),
        published=update.confirmed_at,
        changed=update.confirmed_at,
        category=said(about.category_name),
        point=f"{about.lat:.6f} {about.lon:.6f}",
        author=who,
    )


def _answer(
    request: HttpRequest, form: str, title: str, page: str, entries: Iterable[_Entry]
) -> HttpResponseBase:
    """The feed, with what lets others keep it and ask whether it has changed."""
    cobrand = cobrand_of(request)
    feed = _KINDS[form](
        title=f"{title} – {cobrand.site_name}",
        link=request.build_absolute_uri(page),
        description=str(cobrand.tagline or title),
        language=get_language(),
        feed_url=request.build_absolute_uri(),
        feed_guid=request.build_absolute_uri(),  # several feeds lead to one page
    )
    for entry in entries:
        address = request.build_absolute_uri(entry.path)
        feed.add_item(
            title=entry.title,
            link=address,
            description=linebreaks(entry.text, autoescape=True),
            unique_id=address,
            pubdate=entry.published,
            updateddate=entry.changed,
            categories=[entry.category],
            author_name=entry.author or None,
            point=entry.point,
        )
    content = feed.writeString("utf-8").encode()
    response = HttpResponse(content, content_type=feed.content_type)
    response["Cache-Control"] = f"public, max-age={KEPT}"
    response["Access-Control-Allow-Origin"] = "*"
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
