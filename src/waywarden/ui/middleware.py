"""Chooses the site by the host of each request."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from waywarden.kernel.cobrand import registry
from waywarden.ui.current import speaking_for


class CobrandMiddleware:
    """Puts the site on the request as `request.cobrand`, for views and templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cobrand = registry.for_host(request.get_host())
        request.cobrand = cobrand  # type: ignore[attr-defined]  # read by `cobrand_of`
        with speaking_for(cobrand):
            return self._get_response(request)
