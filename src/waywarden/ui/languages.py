"""The languages of a site, and which one a person reads.

In this order: the person's own choice (a cookie, which signing in sets from the account), the
language of the host name, what the browser asks for among the site's languages, the site's first.
"""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language_info
from django.utils.translation.trans_real import parse_accept_lang_header

from waywarden.kernel.cobrand import Cobrand
from waywarden.ui.current import cobrand_of

#: Languages whose texts are a first translation, which a native reader has not read yet.
AWAITING_READERS = frozenset({"fr", "ar"})


#: Pages of staff and operators, whose texts are in no catalog, and the language they are in: half
#: a page in another language, written from the right or not, helps nobody.
FOR_STAFF = ("/staff/", "/admin/")
SPOKEN_TO_STAFF = "en"


def is_for_staff(request: HttpRequest) -> bool:
    """Whether a page is one of those."""
    return request.path.startswith(FOR_STAFF)


def languages_of(request: HttpRequest) -> list[tuple[str, str]]:
    """The languages of the site, each by its own name: `("fr", "français")`; on staff's one."""
    codes = [SPOKEN_TO_STAFF] if is_for_staff(request) else codes_of(cobrand_of(request))
    return [(code, get_language_info(code)["name_local"]) for code in codes]


def codes_of(cobrand: Cobrand) -> list[str]:
    """The codes of a site's languages that this install speaks, its first one first."""
    known = {code for code, _name in settings.LANGUAGES}
    return [code for code in cobrand.languages if code in known] or [settings.LANGUAGE_CODE]


def language_of(request: HttpRequest) -> str:
    """The language that a request is answered in: one of the site's, or of staff's pages."""
    if is_for_staff(request):
        return SPOKEN_TO_STAFF
    cobrand = cobrand_of(request)
    codes = codes_of(cobrand)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in codes:
        return chosen
    host = request.get_host().partition(":")[0].lower()
    if cobrand.language_hosts.get(host) in codes:
        return cobrand.language_hosts[host]
    for asked, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        for code in (asked, asked.partition("-")[0]):
            if code in codes:
                return code
    return codes[0]


def remember_language(response: HttpResponseBase, code: str) -> None:
    """Keeps the choice in the browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=60 * 60 * 24 * 365,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
