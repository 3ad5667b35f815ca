"""Pieces of pages: icons, pins, states in words, times, map settings."""

import json
from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, localize, time_format
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.bodies.words import said
from waywarden.geo.pins import pin_classes
from waywarden.kernel import clock
from waywarden.reports.lists import Listed
from waywarden.reports.models import Report
from waywarden.reports.states import PinClass, pin_class_of
from waywarden.reports.templatetags import words
from waywarden.ui import rows
from waywarden.ui.current import current_cobrand
from waywarden.ui.filters import Chosen
from waywarden.ui.icons import ICONS
from waywarden.ui.languages import AWAITING_READERS, languages_of
from waywarden.ui.maps import StillCluster, StillMap, StillPin
from waywarden.ui.viewers import viewer_of

register = template.Library()
register.filters |= words.register.filters  # one library is enough for a page


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One of our icons; hidden from screen readers, for words stand beside it."""
    return format_html(
        '<svg class="icon icon-{}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">'
        '<path d="{}"/></svg>',
        name,
        ICONS[name],
    )


@register.simple_tag
def colon(label: object) -> str:
    """What stands between a label and what is said of it: nothing after a question."""
    return "" if str(label).rstrip().endswith(("?", "؟")) else ":"


@register.simple_tag
@cache
def pin(kind: PinClass | str | None) -> SafeString:
    """The pin of a class, as it is on the map."""
    kind = PinClass(kind or PinClass.CLOSED)
    return format_html(
        '<svg class="pin pin-{}" viewBox="0 0 24 30" width="24" height="30" aria-hidden="true">'
        "{}</svg>",
        kind.value,
        _paths(kind),
    )


@register.simple_tag
@cache
def pin_symbols() -> SafeString:
    """The pins of all classes to be used many times in one picture, as `#pin-open` and so on."""
    symbols = (
        format_html('<g id="pin-{0}" class="pin-{0}">{1}</g>', kind.value, _paths(kind))
        for kind in PinClass
    )
    return format_html("<defs>{}</defs>", mark_safe("".join(symbols)))  # noqa: S308 - made here


@register.simple_tag
def site_text(name: str) -> str:
    """What this site says in its own words, "" where it leaves that to us (`TEXTS`)."""
    return current_cobrand().text(name, get_language() or "")


@register.simple_tag(takes_context=True)
def languages(context: template.Context) -> list[tuple[str, str, str]]:
    """The other languages of this site: code, own name, and the address that switches to it."""
    request = context.get("request")
    if request is None:
        return []
    here = urlencode({"next": request.get_full_path()})
    return [
        (code, name, f"/language/{code}?{here}")
        for code, name in languages_of(request)
        if code != get_language()
    ]


@register.simple_tag
def awaits_a_reader() -> bool:
    """Whether the page speaks a first translation, which a native reader has not read yet."""
    return (get_language() or "").partition("-")[0] in AWAITING_READERS


@register.simple_tag(takes_context=True)
def works_for_a_body(context: template.Context) -> bool:
    """Whether who looks has business on the staff pages; one question, so asked on few pages."""
    viewer = viewer_of(context["request"])
    return viewer.is_operator or bool(viewer.body_ids)


@register.simple_tag
def report_row(report: Report | Listed) -> SafeString:
    """The row of a report in a list."""
    return rows.draw(report)


@register.simple_tag
def report_rows(reports: Iterable[Report | Listed]) -> SafeString:
    """The rows of a list of reports."""
    seen = rows.seen_now()
    return mark_safe("".join(rows.draw(one, seen) for one in reports))  # noqa: S308 - drawn there


@register.simple_tag
def still_tiles(still: object) -> SafeString:
    """The pictures of the map of pictures."""
    return _for_each_tile(still, _SEEN)


@register.simple_tag
def still_clicks(still: object) -> SafeString:
    """What lies on them unseen where no scripts run: each sends the place of a click on it."""
    return _for_each_tile(still, _CLICKED)


def _for_each_tile(still: object, drawn: str) -> SafeString:
    if not isinstance(still, StillMap):
        return SafeString()
    html = "".join(drawn.format(tile) for tile in still.tiles)
    return mark_safe(html)  # noqa: S308 - our own numbers


_CLICKED = (
    '<input type="image" class="tile" name="{0.name}" alt="" tabindex="-1" formnovalidate'
    ' src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">'
)
_SEEN = (
    '<picture><source media="(prefers-color-scheme: dark)" srcset="{0.dark_url}">'
    '<img class="tile" src="{0.url}" alt="" width="256" height="256" loading="lazy"></picture>'
)


@register.simple_tag
def still_pins(still: object, linked: object) -> SafeString:
    """The pins of the map of pictures; linked, each leads to its report."""
    if not isinstance(still, StillMap):
        return SafeString()
    html = "".join(_still_pin(pin, is_linked=bool(linked)) for pin in still.pins)
    return mark_safe(html)  # noqa: S308 - titles are escaped there


def _still_pin(pin: StillPin, *, is_linked: bool) -> str:
    x, y = pin.corner
    drawn = f'<use href="#pin-{pin.kind.value}" x="{x}" y="{y}"/>'
    if not is_linked:
        return drawn
    title = escape(pin.title)
    # The list beside it holds the same: the Tab key need not go through all of them twice.
    attributes = f'href="/report/{pin.id}" aria-label="{title}" tabindex="-1"'
    return f"<a {attributes}><title>{title}</title>{drawn}</a>"


@register.simple_tag(takes_context=True)
def still_clusters(context: template.Context, still: object, linked: object) -> SafeString:
    """The clusters of the map of pictures; linked, each leads closer."""
    if not isinstance(still, StillMap) or not still.clusters:
        return SafeString()
    if not linked:
        return SafeString("".join(_still_cluster(one) for one in still.clusters))
    kept = urlencode(_others(context["request"], ("lat", "lon", "zoom", "page")))
    words = _("%(n)s reports; look closer")
    html = "".join(
        f'<a href="{escape(_closer(kept, one, still.zoom + 1))}"'
        f' aria-label="{escape(words % {"n": localize(one.count)})}">{_still_cluster(one)}</a>'
        for one in still.clusters
    )
    return mark_safe(html)  # noqa: S308 - escaped where it is not our own


def _closer(kept: str, cluster: StillCluster, zoom: int) -> str:
    place = f"lat={cluster.place.lat:.6f}&lon={cluster.place.lon:.6f}&zoom={zoom}"
    return f"?{kept}&{place}" if kept else f"?{place}"


def _still_cluster(cluster: StillCluster) -> str:
    return (
        f'<g class="still-cluster"><circle cx="{cluster.left}" cy="{cluster.top}"'
        f' r="{cluster.radius}"/><text x="{cluster.left}" y="{cluster.top}" dy=".35em">'
        f"{localize(cluster.count)}</text></g>"
    )


def _paths(kind: PinClass) -> SafeString:
    drawn = pin_classes()[kind.value]
    return format_html(
        '<path class="pin-shape" d="{}"/><path class="pin-mark" d="{}"/>', drawn.shape, drawn.mark
    )


#: The addresses that the menu leads to.
_MENU = ("/", "/around", "/reports", "/alert", "/my", "/auth")


@register.filter
def place_in_menu(path: object) -> str:
    """The address of the menu's line that leads to this very page, "" for none."""
    return str(path) if path in _MENU else ""


@register.filter
def pin_class(state: str) -> str:
    """The class of a state's pin, as CSS and filters name it."""
    found = pin_class_of(state)
    return found.value if found else PinClass.CLOSED.value


@register.filter
def class_words(kind: PinClass | str) -> str:
    """What a class of pins is called."""
    return {
        PinClass.OPEN: _("Open"),
        PinClass.PROGRESS: _("In progress"),
        PinClass.FIXED: _("Fixed"),
        PinClass.CLOSED: _("Closed"),
    }[PinClass(kind)]


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """A time as people say it, with the whole of it for machines."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), _said(local))


def _said(local: datetime) -> str:
    days = (timezone.localtime(clock.now()).date() - local.date()).days
    is_english = (get_language() or "en").startswith("en")
    if days not in (0, 1):
        return date_format(local, "j M Y" if is_english else "DATE_FORMAT")
    hour = time_format(local, "H:i" if is_english else "TIME_FORMAT")
    if days == 0:
        return _("today at %(time)s") % {"time": hour}
    return _("yesterday at %(time)s") % {"time": hour}


@register.simple_tag
def day(moment: datetime | None) -> SafeString | str:
    """A day, with its date for machines."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    is_english = (get_language() or "en").startswith("en")
    said = date_format(local, "j M Y" if is_english else "DATE_FORMAT")
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), said)


@register.simple_tag
def span_between(start: datetime | None, end: datetime | None) -> str:
    """How long it took: "2 minutes later", "at once"."""
    if start is None or end is None or end - start < timedelta(minutes=1):
        return _("at once")
    return _("%(span)s later") % {"span": timesince(start, end, depth=1)}


@register.filter
def as_json(value: Any) -> str:
    """Plain data for a `data-` attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query string with some values changed; None takes one out."""
    kept = _others(context["request"], changes)
    changed = [(name, value) for name, value in changes.items() if value is not None]
    return f"?{urlencode([*kept, *changed])}"


def _others(request: HttpRequest, but: Container[str]) -> list[tuple[str, str]]:
    """The values in the page's address, but those of some names."""
    lists = request.GET.lists()
    return [(name, str(one)) for name, values in lists if name not in but for one in values]


@register.inclusion_tag("ui/filters.html", takes_context=True)
def filters(context: template.Context, chosen: Chosen, categories: list[str]) -> dict[str, Any]:
    """The filters of a list: words, classes of state, category, age; and its order."""
    return {
        "classes": [(kind, class_words(kind), kind in chosen.classes) for kind in PinClass],
        "chosen": chosen,
        "request": context["request"],
        "categories": sorted(((name, said(name)) for name in categories), key=_by_words),
    }


def _by_words(named: tuple[str, str]) -> str:
    return named[1].casefold()
