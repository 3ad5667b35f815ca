"""Files that pages show: photos, and the tiles of the base map."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import condition, require_safe

from waywarden.geo.raster import draw_tile
from waywarden.reports.models import Photo, Update
from waywarden.reports.privacy import Sight, sight_of
from waywarden.reports.queries import bodies_of_report
from waywarden.ui.maps import map_path, map_version, tile_file
from waywarden.ui.viewers import viewer_of
from waywarden.web.error_views import refusal

YEAR = 365 * 24 * 3600
MOST_DRAWN_ZOOM = 19


@require_safe
def photo(request: HttpRequest, key: str, size: str) -> HttpResponseBase:
    """A photo by its key; one of a report that is not public only for those who see the report."""
    found = Photo.objects.filter(key=key).select_related("report", "update__report").first()
    if found is None:
        raise Http404
    report = found.report or (found.update.report if found.update else None)
    is_public = report is not None and report.is_visible and not report.is_private
    if found.update and found.update.visibility != Update.Visibility.SHOWN:
        return refusal(request, Sight.NOT_FOUND)
    if report is not None and not is_public:
        sight = sight_of(
            state=report.state,
            is_private=report.is_private,
            reporter_id=report.user_id,
            body_ids=bodies_of_report(report.pk),
            viewer=viewer_of(request),
        )
        if sight is not Sight.FULL:
            return refusal(request, sight)
    file = found.thumbnail if size == "small" else found.file
    response = FileResponse(file.open("rb"), content_type="image/jpeg")
    # A photo never changes; but a report may be taken down, so not for ever.
    response["Cache-Control"] = "public, max-age=86400" if is_public else "private, no-store"
    return response


def _etag(_request: HttpRequest, **_place: object) -> str | None:
    path = map_path()
    return quote_etag(map_version(path)) if path else None


@require_safe
@condition(etag_func=_etag)
def vector_tile(request: HttpRequest, zoom: int, x: int, y: int) -> HttpResponse:
    """A tile of the base map as it lies in its file; 204 where the map has nothing."""
    tiles = tile_file()
    if tiles is None:
        raise Http404
    data = tiles.read(zoom, x, y)
    if data is None:
        return _kept(request, HttpResponse(status=204))
    response = HttpResponse(data, content_type=tiles.content_type)
    if tiles.is_gzipped:
        response["Content-Encoding"] = "gzip"
    return _kept(request, response)


@require_safe
@condition(etag_func=_etag)
def picture_tile(
    request: HttpRequest, zoom: int, x: int, y: int, *, dark: bool = False
) -> HttpResponse:
    """A tile as a picture, for browsers that run no scripts."""
    path = map_path()
    if path is None or zoom > MOST_DRAWN_ZOOM or max(x, y) >= 2**zoom:
        raise Http404
    drawn = draw_tile(path, zoom, x, y, dark=dark)
    return _kept(request, HttpResponse(drawn, content_type="image/png"))


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A year by an address that names the map's version, else an hour."""
    path = map_path()
    is_named = path is not None and request.GET.get("v") == map_version(path)
    response["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if is_named else "public, max-age=3600"
    )
    if path is not None:
        response["Last-Modified"] = http_date(path.stat().st_mtime)
    return response
