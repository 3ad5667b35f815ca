"""What search machines and finders of faults look for: robots.txt, sitemaps, security.txt."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from waywarden.bodies.models import Body
from waywarden.kernel import clock
from waywarden.reports.models import Report
from waywarden.reports.queries import public_reports
from waywarden.ui.current import cobrand_of
from waywarden.ui.languages import codes_of

#: Numbers of reports that one sitemap covers; the protocol's own limit is 50,000 addresses.
BLOCK = 20_000
#: Seconds that others may keep an answer.
KEPT = 3600
#: Pages that stand for themselves.
PAGES = ("/", "/around", "/reports", "/alert", "/about", "/help", "/privacy", "/accessibility")
#: What is one person's, or leads nowhere without a form.
_CLOSED = ("/admin/", "/auth", "/my", "/staff", "/report/new", "/language/", "/A/", "/C/", "/M/",
           "/P/", "/Q/")  # fmt: skip
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What programs may read; a site may keep them all out (`may_be_found`)."""
    lines = ["User-agent: *"]
    if cobrand_of(request).may_be_found:
        lines += [f"Disallow: {path}" for path in _CLOSED]
        lines += ["", f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}"]
    else:
        lines.append("Disallow: /")
    return _kept("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The sitemaps: one of pages, and one for each block of numbers of reports."""
    last = public_reports().aggregate(last=Max("pk"))["last"] or 0
    names = ["pages", *(f"reports-{number}" for number in range(last // BLOCK + 1))]
    places = (request.build_absolute_uri(f"/sitemap/{name}.xml") for name in names)
    inside = "".join(f"<sitemap><loc>{place}</loc></sitemap>\n" for place in places)
    return _xml(f"<sitemapindex {_SPACE}>\n{inside}</sitemapindex>\n")


@require_safe
def sitemap_of_pages(request: HttpRequest) -> HttpResponse:
    """The pages of the site and of its bodies."""
    wanted = cobrand_of(request).bodies
    bodies = Body.objects.filter(is_deleted=False).order_by("slug")
    if wanted:
        bodies = bodies.filter(slug__in=wanted)
    paths = [*PAGES, *(f"/reports/{slug}" for slug in bodies.values_list("slug", flat=True))]
    return _xml(_urls(f"<loc>{request.build_absolute_uri(path)}</loc>" for path in paths))


@require_safe
def sitemap_of_reports(request: HttpRequest, number: int) -> HttpResponse:
    """The public reports whose numbers lie in a block."""
    first = number * BLOCK
    if first > 2**62:
        raise Http404
    rows = public_reports().filter(pk__gte=first, pk__lt=first + BLOCK)
    bodies = cobrand_of(request).bodies
    if bodies:
        mine = Report.objects.filter(at_bodies__body__slug__in=bodies)
        rows = rows.filter(pk__in=mine.values("pk"))
    base = request.build_absolute_uri("/report/")
    return _xml(
        _urls(
            f"<loc>{base}{pk}</loc><lastmod>{changed.date().isoformat()}</lastmod>"
            for pk, changed in rows.order_by("pk").values_list("pk", "changed").iterator()
        )
    )


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole in the site (RFC 9116)."""
    cobrand = cobrand_of(request)
    address = cobrand.contact or parseaddr(cobrand.mail_from or settings.DEFAULT_FROM_EMAIL)[1]
    until = (clock.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{address}",
        f"Contact: {request.build_absolute_uri('/contact')}",
        f"Expires: {until.isoformat()}",
        f"Preferred-Languages: {', '.join(codes_of(cobrand))}",
        f"Canonical: {request.build_absolute_uri('/.well-known/security.txt')}",
    ]
    return _kept("\n".join(lines) + "\n", "text/plain; charset=utf-8")


def _urls(entries: Iterator[str]) -> str:
    inside = "".join(f"<url>{entry}</url>\n" for entry in entries)
    return f"<urlset {_SPACE}>\n{inside}</urlset>\n"


def _xml(body: str) -> HttpResponse:
    return _kept(_HEAD + body, "application/xml; charset=utf-8")


def _kept(text: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Cache-Control"] = f"public, max-age={KEPT}"
    return response
