"""Rows that are kept because they have no time or no id of their own, or come only once. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from waywarden.open311.types import ServiceRequestUpdate

LATE_AFTER = timedelta(hours=1)
"""An update that is this old when it comes is told by the time it came: those who ask from time
to time for what is new would never see it else."""


def content_id(row: Any) -> str:
    """An id that the row's content gives, the same whenever the same row comes."""
    text = msgspec.json.encode(row, order="deterministic")
    return hashlib.sha256(text).hexdigest()[:24]


def as_told(update: ServiceRequestUpdate, *, taken_at: datetime) -> ServiceRequestUpdate:
    """The update with the time it is told by; the system's own stays in its extras."""
    taken_at = taken_at.replace(microsecond=0)  # as it is written; nobody asks by less
    own = update.updated_datetime
    if own is not None and taken_at - LATE_AFTER <= own <= taken_at:
        return update
    extras = dict(update.extras)
    if own is not None:
        extras["system_datetime"] = own.isoformat()
    return replace(update, updated_datetime=taken_at, extras=extras)
