"""The languages of a site, and which one a person reads.

In this order: the person's own choice (kept with the account, else in a cookie), what their
browser asks for among the site's languages, the site's first.
"""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language_info

from waywarden.kernel.cobrand import Cobrand
from waywarden.ui.current import cobrand_of


def languages_of(request: HttpRequest) -> list[tuple[str, str]]:
    """The languages of the site, each by its own name: `("fr", "français")`."""
    return [(code, get_language_info(code)["name_local"]) for code in codes_of(cobrand_of(request))]


def codes_of(cobrand: Cobrand) -> list[str]:
    """The codes of a site's languages that this install speaks, its first one first."""
    known = {code for code, _name in settings.LANGUAGES}
    return [code for code in cobrand.languages if code in known] or [settings.LANGUAGE_CODE]


def remember_language(response: HttpResponseBase, code: str) -> None:
    """Keeps the choice in the browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=60 * 60 * 24 * 365,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
