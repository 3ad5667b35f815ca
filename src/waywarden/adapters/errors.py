"""What an adapter's caller is told when the vendor fails, by status (open311.md 4)."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from waywarden.adapters.contract import NotKnown, NotOffered
from waywarden.adapters.health import in_words
from waywarden.adapters.store import KeyReused
from waywarden.kernel.errors import (
    BadReply,
    Misconfigured,
    Refused,
    RuleBroken,
    TryLater,
    Unknown,
    WaywardenError,
)
from waywarden.open311.provider import ProviderError

T = TypeVar("T")
log = logging.getLogger(__name__)
SOON = timedelta(seconds=60)


def told(ask: Callable[[], T]) -> T:
    """What `ask` gives; our errors become the statuses that tell the caller what may have happened.

    503 nothing was done, 504 it may have been done, 502 rubbish came back (the same doubt),
    400 refused, 409 the key was used for something else.
    """
    try:
        return ask()
    except WaywardenError as error:
        raise _as_told(error) from error


def told_rows(rows: Iterable[T], *, skip: int = 0, most: int | None = None) -> Iterator[T]:
    """The same for a list that is streamed, and of it only a part."""
    try:
        yield from islice(rows, skip, None if most is None else skip + most)
    except WaywardenError as error:
        raise _as_told(error) from error


_STATUSES: tuple[tuple[type[WaywardenError], int], ...] = (
    (KeyReused, 409),
    (NotOffered, 404),
    (NotKnown, 404),
    (RuleBroken, 400),
    (Refused, 400),
    (TryLater, 503),
    (Unknown, 504),
    (BadReply, 502),
)


def _as_told(error: WaywardenError) -> ProviderError:
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            wait = (error.after or SOON) if isinstance(error, TryLater) else None
            return ProviderError(status, str(error), retry_after=wait)
    log.error("An adapter needs its operator: %s: %s", type(error).__name__, in_words(error))
    if isinstance(error, Misconfigured):
        return ProviderError(503, "This adapter is not set up right. Its operator was told.")
    return ProviderError(500, "Something went wrong in the adapter.")
