"""Dates as Open311 writes them (W3C profile of ISO 8601), strictly out and tolerantly in."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

FIRST_BELIEVABLE_YEAR = 1900
"""Systems write year 0001 where they mean "no date"."""
LENGTH_OF_A_DAY = len("2026-11-25")
_AS_IT_SHOULD_BE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date that was read, None when absent, and the code and words of what was forgiven."""

    value: datetime | None
    code: str = ""
    message: str = ""


def write_date(moment: datetime | None) -> str | None:
    """UTC with `Z` and whole seconds, such as `2026-11-25T09:30:00Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def read_exact_date(text: str) -> datetime | None:
    """A date that is written as it should be, in UTC; None for any other. Quick: of each row."""
    if not _AS_IT_SHOULD_BE.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.year >= FIRST_BELIEVABLE_YEAR else None
    except (ValueError, OverflowError):
        return None


def read_date(text: str, zone: tzinfo = UTC) -> ReadDate:
    """The date in UTC; a missing zone means `zone`; what cannot be a date is absent."""
    text = text.strip()
    if not text:
        return ReadDate(None)
    if (exact := read_exact_date(text)) is not None:
        return ReadDate(exact)
    try:
        moment = datetime.fromisoformat(text.upper())
        if moment.year < FIRST_BELIEVABLE_YEAR:
            return ReadDate(None, "date-impossible", f"{text[:40]!r} stands for no date.")
        bare = moment.tzinfo is None
        moment = (moment.replace(tzinfo=zone) if bare else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return ReadDate(None, "date-impossible", f"{text[:40]!r} is no date; leave it out.")
    return _with_remark(moment, text, bare=bare)


def _with_remark(moment: datetime, text: str, *, bare: bool) -> ReadDate:
    if ":" not in text and len(text) <= LENGTH_OF_A_DAY:
        return ReadDate(moment, "date-without-time", "A date must have a time and a zone.")
    if bare:
        return ReadDate(moment, "date-without-zone", "A date must end in `Z` or `±hh:mm`.")
    if "T" not in text.upper():
        return ReadDate(moment, "date-without-t", "A `T` must stand between date and time.")
    return ReadDate(moment)
