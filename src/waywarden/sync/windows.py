"""Which span is polled, in which pieces, and when the next poll is due. Pure (integration.md 3)."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from waywarden.backends.contract import Span
from waywarden.kernel.retry import pause_after

#: A span longer than this is asked for in pieces of this length (after an outage).
PIECE = timedelta(hours=24)
#: A poll comes up to this share of its interval off its time.
JITTER = 0.05
#: Connections that are asked more often than this have no times of their own.
SHORTEST_GRID = timedelta(minutes=1)
#: The golden ratio: the steps by it fill a round evenly, however many there are.
_GOLDEN = 0.6180339887498949
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
#: A connection is never asked more often than this.
SHORTEST_INTERVAL = timedelta(seconds=5)
#: After failures a connection with a shorter interval is given this much rest.
SHORTEST_REST = timedelta(minutes=1)
#: How far the nightly mop-up reaches back.
MOP_UP = timedelta(hours=24)


def span_to_poll(
    *,
    now: datetime,
    position: datetime | None,
    overlap: timedelta,
    since: datetime | None = None,
    reach_back_to: datetime | None = None,
) -> Span:
    """From the cursor less the overlap to now; earlier where asked (`since`, the mop-up).

    Without a cursor the span is the overlap alone. A cursor in the future counts as now.
    """
    start = min(position or now, now) - overlap
    if reach_back_to is not None:
        start = min(start, reach_back_to)
    if since is not None:
        start = min(since, now)
    return Span(start=start, end=now)


def pieces_of(span: Span, *, length: timedelta = PIECE) -> tuple[Span, ...]:
    """The span cut into pieces of at most `length`, oldest first, without gap or overlap.

    A span that is only a little longer (the overlap at the end of a quiet day) stays whole.
    """
    if span.end - span.start <= length * 1.25:
        return (span,)
    pieces = []
    start = span.start
    while start < span.end:
        end = min(start + length, span.end)
        pieces.append(Span(start=start, end=end))
        start = end
    return tuple(pieces)


def next_poll_at(
    *, now: datetime, interval: timedelta, number: int, chance: Callable[[], float] = random.random
) -> datetime:
    """When to ask again after a poll that worked: half an interval later at least.

    Each connection, by its `number`, has its own time within the interval, so that thousands which
    were switched on together (or waited while nobody worked) are spread out after one round.
    """
    interval = max(interval, SHORTEST_INTERVAL)
    jitter = interval * JITTER * chance()
    if interval < SHORTEST_GRID:
        return now + interval + jitter
    own = _EPOCH + interval * (number * _GOLDEN % 1)
    rounds = (now + interval - own + interval / 2) // interval
    return own + rounds * interval + jitter


def next_try_at(
    *,
    now: datetime,
    failures: int,
    interval: timedelta,
    asked_wait: timedelta | None = None,
    chance: Callable[[], float] = random.random,
) -> datetime:
    """When to ask again after `failures` polls in a row that did not work (1 or more).

    The pause grows up to the connection's own interval: who is back is asked as soon as ever.
    """
    pause = min(pause_after(failures, chance=chance), max(interval, SHORTEST_REST))
    return now + max(pause, asked_wait or timedelta())


#: A span that is not cut in two any more when its answer is cut.
SHORTEST_SPAN = timedelta(seconds=2)
#: The longest span that a server must answer (open311.md 1: under 90 days).
LONGEST_SPAN = timedelta(days=89)
#: Rows that one answer of an import should rather have: under what servers cut at.
WANTED_ROWS = 600


def halved(span: Span) -> tuple[Span, Span] | None:
    """The span in two of whole seconds, None when it is too short for that."""
    length = span.end - span.start
    if length < 2 * SHORTEST_SPAN:
        return None
    middle = span.start + timedelta(seconds=int(length.total_seconds() / 2))
    return Span(span.start, middle), Span(middle, span.end)


def next_length(length: timedelta, rows: int) -> timedelta:
    """How long the next span of an import should be, after one with so many rows."""
    factor = min(max(WANTED_ROWS / max(rows, 1), 0.5), 3.0)
    seconds = int(length.total_seconds() * factor)
    return min(max(timedelta(seconds=seconds), SHORTEST_SPAN), LONGEST_SPAN)
