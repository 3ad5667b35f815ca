"""Pages that look alike to everybody who is not signed in, kept for some seconds.

Only what was asked for twice within a minute is kept: most pages are looked at once, and would
only fill the memory of each process.

What must differ in each answer (the policy's nonce, the forgery token, the key that makes a form
count once) is cut out when a page is kept and put in anew each time it is given.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from waywarden.reports.queries import last_change

#: Seconds within which a second visitor makes a page worth keeping.
_AGAIN = 60
#: Longer pages are not kept: a process holds a few hundred.
_LONGEST = 200_000
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_KEY = re.compile(rb'name="form_key" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class _Kept:
    """The pieces of a page, and what stands between each two: nonce, token or key."""

    version: str
    pieces: tuple[bytes, ...]
    between: tuple[str, ...]


def kept(request: HttpRequest, version: str, draw: Callable[[], HttpResponse]) -> HttpResponse:
    """The page as it was drawn a few seconds ago, if nothing of this version changed, else anew.

    Only for visitors without a session, and only pages that carry no cookie of their own. The
    caller has made sure that everybody may see it.
    """
    if not _is_alike_for_all(request):
        return draw()
    name = f"page {get_language()} {request.get_host()}{request.get_full_path()}"[:230]
    held: _Kept | None = cache.get(_safe(name))
    if held is not None and held.version == version:
        return _given(request, held)
    response = draw()
    if _may_be_kept(response) and not cache.add(_safe(f"asked {name}"), 1, _AGAIN):
        cache.set(_safe(name), _cut(request, version, response.content), settings.PAGES_KEPT)
    return response


def _may_be_kept(response: HttpResponse) -> bool:
    return response.status_code == 200 and not response.cookies and len(response.content) < _LONGEST


P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def while_nothing_changes(view: View[P]) -> View[P]:
    """Keeps a page of lists and numbers until any public report changes."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not _is_alike_for_all(request):
            return view(request, *args, **kwargs)
        return kept(request, last_change(), lambda: view(request, *args, **kwargs))

    return wrapped


def _is_alike_for_all(request: HttpRequest) -> bool:
    return (
        settings.PAGES_KEPT > 0
        and request.method in ("GET", "HEAD")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and not getattr(request, "htmx", False)
        and len(request.get_full_path()) < 150
    )


def _safe(name: str) -> str:
    """A key that any cache takes."""
    return name.encode("unicode_escape").decode("ascii").replace(" ", "_")


def _cut(request: HttpRequest, version: str, page: bytes) -> _Kept:
    holes = {str(request.csp_nonce).encode(): "nonce"}  # type: ignore[attr-defined]  # by its middleware
    holes |= dict.fromkeys(_TOKEN.findall(page), "token")
    holes |= dict.fromkeys(_KEY.findall(page), "key")
    found = sorted((at, hole) for hole in holes for at in _places(hole, page))
    pieces, begin = [], 0
    for at, hole in found:
        pieces.append(page[begin:at])
        begin = at + len(hole)
    return _Kept(version, (*pieces, page[begin:]), tuple(holes[hole] for _at, hole in found))


def _places(hole: bytes, page: bytes) -> Iterator[int]:
    """Where it stands in the page."""
    at = page.find(hole)
    while at >= 0:
        yield at
        at = page.find(hole, at + len(hole))


def _given(request: HttpRequest, held: _Kept) -> HttpResponse:
    fills = {"nonce": str(request.csp_nonce).encode(), "key": str(uuid.uuid4()).encode()}  # type: ignore[attr-defined]  # by its middleware
    if "token" in held.between:
        fills["token"] = get_token(request).encode()
    page = [held.pieces[0]]
    for kind, piece in zip(held.between, held.pieces[1:], strict=True):
        page += (fills[kind], piece)
    response = HttpResponse(b"".join(page))
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response
