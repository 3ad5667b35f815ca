"""Gives stored photos to what they were sent with."""

from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from waywarden.events.services import NOBODY, Actor
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Photo, Report, Update
from waywarden.users.models import User

MAX_PHOTOS = 3
#: How long a photo may belong to nothing: a form that came back with errors still finds it.
ADRIFT = timedelta(days=7)


def attach_photos(
    keys: tuple[str, ...], *, report: Report | None = None, update: Update | None = None
) -> None:
    """Gives stored photos that belong to nothing yet to a report or an update, in order."""
    for order, key in enumerate(dict.fromkeys(keys)):
        if order >= MAX_PHOTOS:
            raise RuleBroken(_("Three photos fit."), field="photo")
        Photo.objects.filter(key=key, report=None, update=None).update(
            report=report, update=update, order=order
        )


def replace_photos(
    keys: tuple[str, ...], *, report: Report | None = None, update: Update | None = None
) -> None:
    """The photos of something are these now.

    Those left out belong to nothing, go by age, and have no address that anybody knows any more.
    """
    mine = Photo.objects.filter(report=report, update=update)
    set_adrift(mine.exclude(key__in=keys))
    for order, key in enumerate(dict.fromkeys(keys)):
        mine.filter(key=key).update(order=order)
    attach_photos(keys, report=report, update=update)


def set_adrift(photos: QuerySet[Photo]) -> None:
    """Photos belong to nothing any more: no address leads to them, and they go, files and all."""
    for photo_id in list(photos.values_list("pk", flat=True)):
        Photo.objects.filter(pk=photo_id).update(report=None, update=None, key=uuid4())


def drop_adrift_photos(*, most: int = 1000) -> int:
    """Photos of forms that were never sent go after a week, files and all; how many went."""
    with transaction.atomic():
        rows = list(
            Photo.objects.select_for_update(skip_locked=True)
            .filter(report=None, update=None, created__lt=clock.now() - ADRIFT)
            .order_by("created")[:most]
        )
        Photo.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:  # a file without a row is only lost space, a row without a file a broken page
        row.file.delete(save=False)
        row.thumbnail.delete(save=False)
    return len(rows)


def actor_of(user: User | None) -> Actor:
    """A person as facts name them."""
    return Actor("user", user.pk) if user else NOBODY
