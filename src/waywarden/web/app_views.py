"""The site as an app on a phone: manifest, icons, service worker, the page without a network."""

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from waywarden.ui.current import cobrand_of
from waywarden.ui.pictures import draw_icon

#: What the page without a network is made of.
KEPT_FILES = (
    "ui/page.css",
    "ui/forms.css",
    "ui/lists.css",
    "ui/maps.css",
    "ui/people.css",
    "ui/icon.svg",
    "ui/built/app.js",
)
ICON_SIDES = (180, 192, 512)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What an app of this site is called and looks like."""
    cobrand = cobrand_of(request)
    icons = [
        {
            "src": f"/icon-{side}{'-masked' if purpose == 'maskable' else ''}.png",
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": purpose,
        }
        for side in (192, 512)
        for purpose in ("any", "maskable")
    ]
    told = {
        "id": "/",
        "name": cobrand.site_name,
        "short_name": cobrand.site_name[:12].strip(),
        "description": cobrand.tagline,
        "lang": get_language() or "en",
        "start_url": "/?from=app",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf9f6",
        "theme_color": cobrand.accent,
        "icons": icons,
        "shortcuts": [
            {"name": _("Report a problem"), "url": "/around"},
            {"name": _("Begin with a photo"), "url": "/report/photo"},
            {"name": _("Your reports"), "url": "/my"},
        ],
    }
    response = JsonResponse(told, content_type="application/manifest+json")
    response["Cache-Control"] = "public, max-age=3600"
    response["Vary"] = "Accept-Language, Cookie"
    return response


@require_safe
def icon(request: HttpRequest, side: int, *, fills_frame: bool = False) -> HttpResponse:
    """The icon of this site."""
    if side not in ICON_SIDES:
        raise Http404
    drawn = draw_icon(cobrand_of(request).accent, side, fills_frame=fills_frame)
    response = HttpResponse(drawn, content_type="image/png")
    response["Cache-Control"] = "public, max-age=604800"
    return response


@require_safe
def service_worker(_request: HttpRequest) -> HttpResponse:
    """The worker's script, with the addresses of what it keeps put before it."""
    files = [static(name) for name in KEPT_FILES]
    edition = hashlib.sha256(f"{files}{_digest()}{get_language()}".encode()).hexdigest()[:12]
    listed = ",".join(f'"{address}"' for address in files)
    text = f'self.FILES=[{listed}];self.EDITION="{edition}";\n{_script()}'
    response = HttpResponse(text, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@cache
def _script() -> str:
    path = finders.find("ui/built/worker.js")
    return Path(path).read_text(encoding="utf-8") if path else ""


@cache
def _digest() -> str:
    """Of all that is kept, so that a new edition of it replaces the old."""
    digest = hashlib.sha256(_script().encode())
    for name in KEPT_FILES:
        path = finders.find(name)
        digest.update(Path(path).read_bytes() if path else b"")
    return digest.hexdigest()


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown without a network: what waits on the device, and a place to write it down."""
    response = render(request, "web/offline.html", {"texts": {}})
    response["Cache-Control"] = "no-cache"
    return response
