"""What somebody typed to find a place → where that is; and the other way round."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.areas.queries import extent_of
from waywarden.geo.gazetteer import Gazetteer, open_gazetteer
from waywarden.geo.places import Reference, ShortPlusCode, Spot, understand
from waywarden.geo.points import Point
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.reports.queries import report_by_reference
from waywarden.web import queries
from waywarden.web.place_services import ask_geocoder

#: Places of one name that are offered.
MOST = 20


@dataclass(frozen=True, slots=True)
class Found:
    """One match: what it is called, what kind of thing it is, and the page that shows it."""

    name: str
    url: str
    kind: str = ""


def find(text: str, *, cobrand: Cobrand) -> tuple[Found, ...]:
    """At least one match. Raises RuleBroken that says what to try instead."""
    if not text:
        raise RuleBroken(_("Please say where: a street, coordinates, or a reference."), field="pc")
    lat, lon, _zoom = cobrand.centre
    asked = understand(text, near=Point(lat, lon), grid=settings.WAYWARDEN_GRID)
    if isinstance(asked, Reference):
        return (_by_reference(asked.reference),)
    if isinstance(asked, Spot):
        return (Found(name=text, url=place_url(asked.point)),)
    if isinstance(asked, ShortPlusCode):
        near = _named(asked.where, cobrand)[0]
        return (Found(name=text, url=place_url(asked.recover(near[1]))),)
    return tuple(
        Found(name, place_url(point), kind) for name, point, kind in _named(asked.text, cobrand)
    )


def _by_reference(reference: str) -> Found:
    report = report_by_reference(reference)
    if report is None:
        raise RuleBroken(_("There is no report with this reference."), field="pc")
    return Found(name=report.title, url=report.get_absolute_url())


def _named(text: str, cobrand: Cobrand) -> list[tuple[str, Point, str]]:
    """The gazetteer's places of a name, else the geocoder's within what the site's bodies serve."""
    held = _gazetteer()
    matches = held.search(text, limit=MOST) if held else []
    if not matches:
        within = extent_of(queries.site_areas(cobrand))
        matches = ask_geocoder(text, language=get_language() or "", within=within)
    if not matches:
        raise RuleBroken(
            _("We do not know this place. Please try a street near it, or start on the map."),
            field="pc",
        )
    return [(match.name, match.point, match.kind) for match in matches]


def _gazetteer() -> Gazetteer | None:
    try:
        return open_gazetteer(Path(settings.WAYWARDEN_MAP_DIR) / "gazetteer.json")
    except Misconfigured:
        return None


def place_url(point: Point) -> str:
    """The map at a place."""
    return (
        f"{reverse('around')}?{urlencode({'lat': f'{point.lat:.6f}', 'lon': f'{point.lon:.6f}'})}"
    )


def look_up(point: Point) -> str:
    """The address that a place is near, "" where none is known."""
    held = _gazetteer()
    return (held.nearest(point) or "") if held else ""
