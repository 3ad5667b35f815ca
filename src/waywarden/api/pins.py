"""Pins of the visible box as JSON: what the map in the browser fetches as it moves."""

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from waywarden.geo.points import Box
from waywarden.reports.pins import MOST, reports_in
from waywarden.reports.states import PinClass, pin_class_of
from waywarden.ui.current import cobrand_of

Row = tuple[int, float, float, str, str]
_KINDS = {kind.value: kind for kind in PinClass}
#: Seconds that others may keep an answer.
KEPT = 30


@require_safe
def pins(request: HttpRequest) -> HttpResponse:
    """`{"pins": [{"id", "lat", "lon", "class", "title"}], "more": bool}`, newest first.

    `bbox` is west,south,east,north in degrees; `status` (a class of pin), `category` and `body`
    (a short name) narrow it, each any number of times. Never a private or hidden report; on a
    body's own site only its reports. 400 without a box.
    """
    try:
        box = Box.parse(request.GET.get("bbox", ""))
    except ValueError:
        message = "bbox must be west,south,east,north in degrees"
        return JsonResponse({"error": message}, status=400)
    bodies = _bodies(request)
    rows = [] if bodies is None else _rows(request, box, bodies)
    answer = {"pins": [_pin(row) for row in rows[:MOST]], "more": len(rows) > MOST}
    response = HttpResponse(msgspec.json.encode(answer), content_type="application/json")
    response["Cache-Control"] = f"public, max-age={KEPT}"
    return response


def _bodies(request: HttpRequest) -> tuple[str, ...] | None:
    """The bodies whose reports are wanted and shown here: () means all, None means none."""
    wanted = tuple(request.GET.getlist("body"))
    shown = cobrand_of(request).bodies
    if not (wanted and shown):
        return wanted or shown
    return tuple(slug for slug in wanted if slug in shown) or None


def _rows(request: HttpRequest, box: Box, bodies: tuple[str, ...]) -> list[Row]:
    found = reports_in(
        box,
        classes=tuple(_KINDS[one] for one in request.GET.getlist("status") if one in _KINDS),
        categories=tuple(one for one in request.GET.getlist("category") if one),
        body_slugs=bodies,
    )
    return list(found.values_list("id", "lat", "lon", "state", "title")[: MOST + 1])


def _pin(row: Row) -> dict[str, int | float | str]:
    number, lat, lon, state, title = row
    kind = pin_class_of(state) or PinClass.CLOSED
    return {"id": number, "lat": lat, "lon": lon, "class": kind.value, "title": title}
