"""`/metrics` and `/metrics.json`, for those who hold the token or ask from a known network."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from waywarden.health import metrics as health


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format; 404 for everybody else, who need not know that it is here."""
    if not may_read(request):
        return HttpResponse(status=404)
    return HttpResponse(health.as_text(), content_type=CONTENT_TYPE_LATEST)


@never_cache
@require_safe
def metrics_json(request: HttpRequest) -> HttpResponse:
    """The same as JSON."""
    return JsonResponse(health.as_plain()) if may_read(request) else HttpResponse(status=404)


def may_read(request: HttpRequest) -> bool:
    """By the token where one is set, else by the network that the call comes from."""
    token = settings.WAYWARDEN_METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), token.encode())
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        known = [ipaddress.ip_network(one, strict=False) for one in settings.WAYWARDEN_METRICS_FROM]
    except ValueError:
        return False
    return any(address in network for network in known)
