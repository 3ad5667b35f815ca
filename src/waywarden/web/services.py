"""Stops those who try too often in a day, and stores a form once however often it is sent."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.ui.clients import network_of
from waywarden.web.models import SentForm, Tally

#: Tries a day: from one network address, for one e-mail address.
LIMITS = {
    "report": (120, 30),
    "update": (240, 60),
    "sign_in": (120, 30),
    "password": (200, 40),
    "follow": (120, 30),
    "contact": (30, 10),
    "export": (50, 10),
    "me_too": (100, 100),
    "flag": (60, 20),
}

#: How long it is remembered that a form was sent.
KEPT = timedelta(days=2)


class TooOften(RuleBroken):
    """This was tried too often today."""


def count_try(kind: str, *, request: HttpRequest, email: str) -> None:
    """Counts one try by the network address and by the e-mail address. Raises TooOften."""
    by_address, by_email = LIMITS[kind]
    wanted = ((network_of(request), by_address), (email, by_email))
    for key, limit in wanted:
        if key and _count(kind, key.strip().lower()) > limit:
            raise TooOften(_("This was tried too often today. Please come back tomorrow."))


def store_once(key: UUID, make: Callable[[], int]) -> int:
    """Stores what a form holds, by `make`, and gives its number; the same number a second time.

    Two presses at the same moment wait for each other. What `make` raises undoes it all.
    """
    moment = clock.now()
    SentForm.objects.filter(created__lt=moment - KEPT).delete()
    with transaction.atomic():
        form, is_new = SentForm.objects.get_or_create(key=key, defaults={"created": moment})
        if is_new:
            form.subject_id = make()
            form.save(update_fields=["subject_id"])
    return form.subject_id


def tell_stored(response: HttpResponse, key: UUID) -> HttpResponse:
    """Tells the browser that what it keeps of a form is stored here now (assets/app/drafts.js)."""
    response.set_cookie(
        "stored_form", str(key), max_age=3600, samesite="Lax", secure=settings.CSRF_COOKIE_SECURE
    )
    return response


def _count(kind: str, key: str) -> int:
    """The tries today, this one included. The key is kept as a keyed hash only."""
    day = clock.now().date()
    hashed = salted_hmac("waywarden.web.tally", key, algorithm="sha256").hexdigest()
    with transaction.atomic():
        row, _made = Tally.objects.get_or_create(day=day, kind=kind, key=hashed)
        Tally.objects.filter(pk=row.pk).update(count=F("count") + 1)
        return Tally.objects.values_list("count", flat=True).get(pk=row.pk)
