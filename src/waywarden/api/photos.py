"""Photos that come with a POST: uploaded, or behind an address that is asked, guarded."""

import io
import logging

from django.conf import settings

from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.http import Limits, Way
from waywarden.open311.types import Upload
from waywarden.reports.photo_services import MAX_PHOTOS
from waywarden.reports.photos import MAX_BYTES, take_in

log = logging.getLogger(__name__)

#: The caller waits meanwhile.
LIMITS = Limits(connect_seconds=3, read_seconds=5, max_bytes=MAX_BYTES)


def keys_of(uploads: tuple[Upload, ...], urls: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of the photos, stored and belonging to nothing yet; at most three.

    Raises NotAPhoto for an upload that is none. What an address does not give is logged and left
    out: the report matters more.
    """
    keys = [str(take_in(io.BytesIO(upload.data)).key) for upload in uploads[:MAX_PHOTOS]]
    way = Way(limits=LIMITS, allowed_private=frozenset(settings.WAYWARDEN_PRIVATE_HOSTS))
    for url in list(dict.fromkeys(urls))[: MAX_PHOTOS - len(keys)]:
        try:
            keys.append(str(take_in(io.BytesIO(_bytes_of(url, way))).key))
        except WaywardenError as error:
            log.warning("a photo of a posted report was not to be had: %s", type(error).__name__)
    return tuple(keys)


def _bytes_of(url: str, way: Way) -> bytes:
    answer = way.get(url)
    if answer.status != 200:
        message = f"The server answered {answer.status}."
        raise RuleBroken(message)
    return answer.body
