"""Photos on their way into a form: taken in at once, so that no error loses them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _

from waywarden.reports.models import Photo
from waywarden.reports.photo_services import MAX_PHOTOS
from waywarden.reports.photos import NotAPhoto, take_in


@dataclass(frozen=True, slots=True)
class Uploads:
    """The keys of the photos that a form holds by now, and what was wrong with new ones."""

    keys: tuple[str, ...] = ()
    error: str = ""


def uploads_of(request: HttpRequest) -> Uploads:
    """Takes new photos in and keeps those that came before, but for those to be dropped."""
    dropped = set(request.POST.getlist("drop_photo"))
    keys = [key for key in _kept(request.POST.getlist("photo_keys")) if key not in dropped]
    error = ""
    for file in request.FILES.getlist("photo"):
        if len(keys) >= MAX_PHOTOS:
            return Uploads(tuple(keys), _("Three photos fit; the first three are kept."))
        try:
            keys.append(str(take_in(cast("BinaryIO", file)).key))
        except NotAPhoto as wrong:
            error = f"{file.name}: {wrong}"
    return Uploads(tuple(keys), error)


def _kept(given: Iterable[str]) -> list[str]:
    """Those keys that name a photo which belongs to nothing yet, in the order given."""
    keys = list(dict.fromkeys(key for key in given if _is_key(key)))[:MAX_PHOTOS]
    found = Photo.objects.filter(key__in=keys, report=None, update=None)
    known = {str(key) for key in found.values_list("key", flat=True)}
    return [key for key in keys if key in known]


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
