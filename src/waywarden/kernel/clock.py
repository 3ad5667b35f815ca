"""The only source of the time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def seconds_ahead(headers: Mapping[str, str], *, since: datetime) -> float | None:
    """How far another's clock is ahead of ours, by the Date of an answer that we asked for at
    `since`; 0.0 where it fits, negative where it is behind, None where the header does not tell.
    """
    if headers.get("Age"):  # a cache's answer is as old as it says
        return None
    try:
        theirs = parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    # A Date has whole seconds.
    behind = (since - theirs).total_seconds() - 1
    ahead = (theirs - now()).total_seconds()
    return ahead if ahead > 0 else -behind if behind > 0 else 0.0
