"""The address that the mails of one alert come back to when they do not arrive (VERP)."""

import re

from django.utils.crypto import constant_time_compare, salted_hmac

_ADDRESS = re.compile(r"alert-(\d{1,18})-([0-9a-f]{16})@", re.IGNORECASE)


def address_for(alert_id: int, *, domain: str) -> str:
    """`alert-NUMBER-MARK@domain`; "" without a domain. The mark cannot be guessed."""
    return f"alert-{alert_id}-{_mark(alert_id)}@{domain}" if domain else ""


def alert_of(address: str) -> int | None:
    """The alert that an address of ours is of; None for any other, and for a forged one."""
    found = _ADDRESS.search(address)
    if found is None:
        return None
    number = int(found[1])
    return number if constant_time_compare(found[2].lower(), _mark(number)) else None


def _mark(alert_id: int) -> str:
    return salted_hmac("waywarden.notifications", str(alert_id), algorithm="sha256").hexdigest()[
        :16
    ]
