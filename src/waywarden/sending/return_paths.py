"""The address that bounces and answers of one delivery come back to (VERP), and what it says."""

import re

from django.utils.crypto import constant_time_compare, salted_hmac

_ADDRESS = re.compile(r"delivery-(\d{1,18})-([0-9a-f]{16})@", re.IGNORECASE)


def address_for(delivery_id: int, *, domain: str) -> str:
    """`delivery-NUMBER-MARK@domain`; "" without a domain. The mark cannot be guessed."""
    return f"delivery-{delivery_id}-{_mark(delivery_id)}@{domain}" if domain else ""


def delivery_of(address: str) -> int | None:
    """The delivery that an address of ours is of; None for any other, and for a forged one."""
    found = _ADDRESS.search(address)
    if found is None:
        return None
    number = int(found[1])
    return number if constant_time_compare(found[2].lower(), _mark(number)) else None


def _mark(delivery_id: int) -> str:
    return salted_hmac("waywarden.sending", str(delivery_id), algorithm="sha256").hexdigest()[:16]
