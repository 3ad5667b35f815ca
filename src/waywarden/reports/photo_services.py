"""Gives stored photos to what they were sent with."""

from django.utils.translation import gettext as _

from waywarden.events.services import NOBODY, Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Photo, Report, Update
from waywarden.users.models import User

MAX_PHOTOS = 3


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
    """The photos of something are these now; those left out belong to nothing and go by age."""
    mine = Photo.objects.filter(report=report, update=update)
    mine.exclude(key__in=keys).update(report=None, update=None)
    for order, key in enumerate(dict.fromkeys(keys)):
        mine.filter(key=key).update(order=order)
    attach_photos(keys, report=report, update=update)


def actor_of(user: User | None) -> Actor:
    """A person as facts name them."""
    return Actor("user", user.pk) if user else NOBODY
