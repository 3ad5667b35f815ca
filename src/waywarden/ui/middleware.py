"""Chooses the site by the host of each request, and the language it is answered in."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from waywarden.kernel.cobrand import registry
from waywarden.ui.current import speaking_for
from waywarden.ui.languages import language_of


class CobrandMiddleware:
    """Puts the site on the request as `request.cobrand`, for views and templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cobrand = registry.for_host(request.get_host())
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
