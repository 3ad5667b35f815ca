"""`/open311/v2/…`: Django's request handed to the Open311 server, and the page to try it."""

from itertools import chain

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from waywarden.api.provider import PATH, Site, SiteProvider
from waywarden.open311.server import Open311App
from waywarden.ui.clients import network_of
from waywarden.ui.current import cobrand_of


@csrf_exempt
def open311(request: HttpRequest) -> HttpResponseBase:
    """Every call of the protocol; failures too are documents of it, never pages.

    The server reads the call from the WSGI environment itself: no body is parsed before it.
    """
    app = Open311App(SiteProvider(site_of(request)), prefix=PATH)
    # What WSGI gave is in META, with the address that a trusted proxy told.
    answer = app.answer({**request.META, "REQUEST_METHOD": request.method or "GET"})
    response: HttpResponseBase
    if request.method == "HEAD" or answer.status == 304:
        response = HttpResponse(status=answer.status)
    elif any(name == "Content-Length" for name, _value in answer.headers):
        response = HttpResponse(answer.beginning, status=answer.status)
    else:
        pieces = chain([answer.beginning], answer.rest)
        response = StreamingHttpResponse(pieces, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers:
        response[name] = value
    return response


def site_of(request: HttpRequest) -> Site:
    """The site that a request came to, as the provider speaks of it."""
    cobrand = cobrand_of(request)
    return Site(
        base_url=f"{request.scheme}://{request.get_host()}",
        name=cobrand.site_name,
        contact=cobrand.mail_from or settings.DEFAULT_FROM_EMAIL,
        body_slugs=cobrand.bodies,
        client=network_of(request),
    )
