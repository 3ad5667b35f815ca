"""Fetches the photos that fetched updates and problems name: guarded, outside transactions."""

import base64
import binascii
import io
import logging
from urllib.parse import unquote_to_bytes

from django.conf import settings

from waywarden.kernel.errors import RuleBroken, TryLater, WaywardenError
from waywarden.kernel.http import Limits, Way
from waywarden.reports.fetched_photo_services import (
    MOST_PHOTOS,
    join_report_photos,
    join_update_photos,
)
from waywarden.reports.models import Photo, ReportBody, Update
from waywarden.reports.photos import MAX_BYTES, take_in

log = logging.getLogger(__name__)

#: What a server answers that is only down for now.
AGAIN = (408, 425, 429, 500, 502, 503, 504)
LIMITS = Limits(connect_seconds=10, read_seconds=20, max_bytes=MAX_BYTES)


def fetch_update_photos(update_id: int, *, is_last: bool = True) -> int:
    """Fetches an update's photos, once; how many joined it. What fails is logged and left out.

    Unless it is the last try, a server that is down for now is asked again: raises TryLater, and
    nothing is kept.
    """
    update = Update.objects.get(pk=update_id)
    if "photos_fetched" in update.extras:
        return 0
    photos = _fetch(update.extras.get("media_urls", ()), f"update {update_id}", is_last=is_last)
    return len(photos) if join_update_photos(update_id, photos) else 0


def fetch_report_photos(report_id: int, *, is_last: bool = True) -> int:
    """The same for a problem born in a body's system."""
    joined = 0
    for at_body in ReportBody.objects.filter(report=report_id, extras__has_key="media_urls"):
        if "photos_fetched" in at_body.extras:
            continue
        photos = _fetch(at_body.extras["media_urls"], f"report {report_id}", is_last=is_last)
        joined += len(photos) if join_report_photos(at_body.pk, photos) else 0
    return joined


def _fetch(urls: list[str] | tuple[str, ...], whose: str, *, is_last: bool) -> list[Photo]:
    way = Way(limits=LIMITS, allowed_private=frozenset(settings.WAYWARDEN_PRIVATE_HOSTS))
    held, photos = [], []
    for url in list(dict.fromkeys(urls))[:MOST_PHOTOS]:
        try:
            held.append(_bytes_of(url, way))
        except WaywardenError as error:
            if isinstance(error, TryLater) and not is_last:
                raise
            log.warning("a photo of %s was not to be had: %s", whose, type(error).__name__)
    for data in held:
        try:
            photos.append(take_in(io.BytesIO(data)))
        except WaywardenError as error:
            log.warning("a photo of %s is none: %s", whose, type(error).__name__)
    return photos


def _bytes_of(url: str, way: Way) -> bytes:
    """The bytes behind an address or inside a `data:` one. Raises WaywardenError."""
    if url.startswith("data:"):
        return _inside(url)
    answer = way.get(url)
    if answer.status in AGAIN:
        message = f"The server answered {answer.status}."
        raise TryLater(message)
    if answer.status != 200:
        message = f"The server answered {answer.status}."
        raise RuleBroken(message)
    return answer.body


def _inside(url: str) -> bytes:
    head, _, data = url.partition(",")
    if len(data) > MAX_BYTES * 4 / 3 + 4:
        message = "The photo inside the address is too large."
        raise RuleBroken(message)
    if not head.endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(unquote_to_bytes(data), validate=False)
    except (binascii.Error, ValueError) as error:
        message = "The photo inside the address cannot be read."
        raise RuleBroken(message) from error
