"""What people and tools read about the endpoint: a page to try it, and OpenAPI."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from waywarden.api.endpoint import site_of
from waywarden.api.offers import services_of
from waywarden.api.openapi import document, methods_to_try
from waywarden.api.provider import PATH
from waywarden.ui.current import cobrand_of


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """A form for each list, and what to type on a command line; it needs no scripts."""
    site = site_of(request)
    lat, long, _zoom = cobrand_of(request).centre
    offered = services_of(None)
    values = {
        "address": site.base_url + PATH,
        "contact": site.contact,
        "methods": methods_to_try(),
        "service_code": offered[0].service_code if offered else "CODE",
        "lat": f"{lat:.5f}",
        "long": f"{long:.5f}",
    }
    return render(request, "api/open311.html", values)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The description in OpenAPI 3.1, with the address it was asked at."""
    site = site_of(request)
    made = document(title=site.name, address=site.base_url + PATH)
    response = JsonResponse(made, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Cache-Control"] = "public, max-age=3600"
    return response
