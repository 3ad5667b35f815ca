"""Photos on their way into a form: taken in at once, so that no error loses them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from waywarden.reports.models import Photo, Report
from waywarden.reports.photo_services import MAX_PHOTOS
from waywarden.reports.photos import NotAPhoto, take_in


@dataclass(frozen=True, slots=True)
class Uploads:
    """The keys of the photos that a form holds by now, and what was wrong with new ones."""

    keys: tuple[str, ...] = ()
    error: str = ""


def uploads_of(request: HttpRequest, *, of: Report | None = None) -> Uploads:
    """Takes new photos in and keeps those that came before, but for those to be dropped.

    `of` is the report whose own photos may be among them.
    """
    dropped = set(request.POST.getlist("drop_photo"))
    kept = kept_photos(request.POST.getlist("photo_keys"), of=of)
    keys = [key for key in kept if key not in dropped]
    error = ""
    for file in request.FILES.getlist("photo"):
        if len(keys) >= MAX_PHOTOS:
            return Uploads(tuple(keys), _("Three photos fit; the first three are kept."))
        try:
            keys.append(str(take_in(cast("BinaryIO", file)).key))
        except NotAPhoto as wrong:
            error = f"{file.name}: {wrong}"
    return Uploads(tuple(keys), error)


def kept_photos(given: Iterable[str], *, of: Report | None = None) -> tuple[str, ...]:
    """Those keys that name a photo which belongs to nothing yet, or to `of`, as given."""
    keys = list(dict.fromkeys(key for key in given if _is_key(key)))[:MAX_PHOTOS]
    whose = Q(report=None, update=None) | (Q(report=of) if of else Q())
    found = Photo.objects.filter(whose, key__in=keys)
    known = {str(key) for key in found.values_list("key", flat=True)}
    return tuple(key for key in keys if key in known)


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
