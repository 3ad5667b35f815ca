"""Counts what people try, and stops those who try too often in a day."""

import ipaddress

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.web.models import Tally

#: Tries a day: from one network address, for one e-mail address.
LIMITS = {"report": (120, 30), "update": (240, 60), "sign_in": (120, 30)}


class TooOften(RuleBroken):
    """This was tried too often today."""


def count_try(kind: str, *, request: HttpRequest, email: str) -> None:
    """Counts one try by the network address and by the e-mail address. Raises TooOften."""
    by_address, by_email = LIMITS[kind]
    wanted = ((_network(request.META.get("REMOTE_ADDR", "")), by_address), (email, by_email))
    for key, limit in wanted:
        if key and _count(kind, key.strip().lower()) > limit:
            raise TooOften(_("This was tried too often today. Please come back tomorrow."))


def _count(kind: str, key: str) -> int:
    """The tries today, this one included. The key is kept as a keyed hash only."""
    day = clock.now().date()
    hashed = salted_hmac("waywarden.web.tally", key, algorithm="sha256").hexdigest()
    with transaction.atomic():
        row, _made = Tally.objects.get_or_create(day=day, kind=kind, key=hashed)
        Tally.objects.filter(pk=row.pk).update(count=F("count") + 1)
        return Tally.objects.values_list("count", flat=True).get(pk=row.pk)


def _network(address: str) -> str:
    """The address, of IPv6 the network that one customer has (its first 64 bits)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
