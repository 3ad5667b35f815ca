"""What every site has: plain pages about it, and the answer to "are you there?"."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from waywarden.ui.addresses import own_path
from waywarden.ui.current import cobrand_of
from waywarden.ui.languages import codes_of, remember_language


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this site is."""
    return render(request, "web/about.html")


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions that people ask."""
    return render(request, "web/help.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What is done so that everybody can use the site, and what is not good enough yet."""
    return render(request, "web/accessibility.html")


@require_safe
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Switches the language and goes back; it changes nothing but a cookie of this browser."""
    response = redirect(own_path(request.GET.get("next", ""), otherwise="/"))
    if code in codes_of(cobrand_of(request)):
        remember_language(response, code)
    return response


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of people, and for what."""
    return render(request, "web/privacy.html")


@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """200 while the process answers; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers too, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("no database\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")
