"""Where nobody answers: on the map and as a list, for operators."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from waywarden.bodies.coverage_queries import Unserved, unserved_ground
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.pages import page
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import map_settings, zoom_for


@require_safe
@staff_only
def unserved(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Points without a body. No body's business, so the operator's."""
    if not staff.is_operator:
        raise PermissionDenied
    found = unserved_ground()
    values = {"found": found, "map": _map(request, found)}
    return page(request, staff, "staff/unserved.html", values, here="unserved")


def _map(request: HttpRequest, found: Unserved) -> dict[str, Any]:
    lat, lon, zoom = cobrand_of(request).centre
    if found.box is not None:
        lat, lon = found.box.centre.lat, found.box.centre.lon
        zoom = zoom_for(found.box, size=(1.4, 0.8))
    return map_settings(
        request,
        mode="around",
        centre=(lat, lon, zoom),
        min_zoom=2,
        report_url="",
        unserved=found.shape,
    )
