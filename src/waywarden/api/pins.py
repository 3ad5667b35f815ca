"""Pins and clusters of the visible box as JSON: what the map in the browser fetches as it moves."""

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from waywarden.geo.points import CELL_ZOOM, Box
from waywarden.reports.clusters import Cluster, View, look
from waywarden.reports.pins import reports_with
from waywarden.reports.queries import last_change
from waywarden.reports.states import PinClass, pin_class_of
from waywarden.ui.current import cobrand_of
from waywarden.ui.filters import Chosen, shown_bodies

Row = tuple[int, float, float, str, str]
#: Seconds that others may keep an answer without asking again.
KEPT = 30
#: Maps come no closer than this.
FURTHEST_ZOOM = 24


@require_safe
def pins(request: HttpRequest) -> HttpResponse:
    """`{"pins": [{"id", "lat", "lon", "class", "title"}], "clusters": [...], "more": bool}`.

    `bbox` is west,south,east,north in degrees, `zoom` that of a map with tiles of 512 pixels.
    `status` (a class of pin), `category`, `body` (a short name) and `area` (a number), each any
    number of times, `q` (words) and `age` (week, month, half, year) narrow it. Pins are the
    newest; with a `zoom` at which there are too many come clusters instead: `{"lat", "lon",
    "count", "open"}`. `more` says that not all is in the answer. Never a private or hidden report;
    on a body's own site only its reports. 400 without a box. The tag of an answer changes whenever
    any report does.
    """
    try:
        box = Box.parse(request.GET.get("bbox", ""))
    except ValueError:
        message = "bbox must be west,south,east,north in degrees"
        return JsonResponse({"error": message}, status=400)
    tag = f'W/"{last_change()}-{crc32(request.get_full_path().encode()):x}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return _kept(HttpResponseNotModified(), tag)
    answer = msgspec.json.encode(_answer(request, box))
    return _kept(HttpResponse(answer, content_type="application/json"), tag)


def _kept(response: HttpResponse, tag: str) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={KEPT}"
    response["ETag"] = tag
    return response


def _answer(request: HttpRequest, box: Box) -> Mapping[str, Any]:
    bodies = shown_bodies(cobrand_of(request), request.GET.getlist("body"))
    filters = Chosen.of(request.GET).filters(bodies, _areas(request))
    zoom = min(_number(request, "zoom", CELL_ZOOM), FURTHEST_ZOOM)
    view = look(box, filters, zoom=zoom)
    return {
        "pins": [_pin(row) for row in _rows(view)],
        "clusters": [_cluster(one) for one in view.clusters],
        "more": view.has_more,
    }


def _areas(request: HttpRequest) -> Iterable[int]:
    return filter(None, (_read(text, 0) for text in request.GET.getlist("area")))


def _number(request: HttpRequest, name: str, usual: int) -> int:
    return _read(request.GET.get(name, ""), usual)


def _read(text: str, usual: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else usual


def _rows(view: View) -> Iterable[Row]:
    if not view.numbers:
        return ()
    return reports_with(view.numbers).values_list("id", "lat", "lon", "state", "title")


def _pin(row: Row) -> dict[str, int | float | str]:
    number, lat, lon, state, title = row
    kind = pin_class_of(state) or PinClass.CLOSED
    return {"id": number, "lat": lat, "lon": lon, "class": kind.value, "title": title}


def _cluster(one: Cluster) -> dict[str, int | float]:
    return {
        "lat": round(one.lat, 6),
        "lon": round(one.lon, 6),
        "count": one.count,
        "open": one.open,
    }
