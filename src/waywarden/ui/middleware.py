"""Chooses the site by the host of each request, and the language it is answered in."""

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from waywarden.kernel.cobrand import registry
from waywarden.ui.current import speaking_for
from waywarden.ui.languages import language_of

PLAIN = "text/plain; charset=utf-8"


class CobrandMiddleware:
    """Puts the site on the request as `request.cobrand`, for views and templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            host = request.get_host()
        except DisallowedHost:
            # Nobody's site: no page of any can be drawn, and scanners ask so all day long.
            return HttpResponseBadRequest("No site of this name is here.\n", content_type=PLAIN)
        cobrand = registry.for_host(host)
        request.cobrand = cobrand  # type: ignore[attr-defined]  # read by `cobrand_of`
        with speaking_for(cobrand):
            return self._get_response(request)


class LanguageMiddleware:
    """Answers in the language that the person chose, else that of host or browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        code = language_of(request)
        request.LANGUAGE_CODE = code
        with translation.override(code):
            response = self._get_response(request)
        response.headers.setdefault("Content-Language", code)
        patch_vary_headers(response, ["Accept-Language"])
        return response
