"""When to try again: pure rules, no clock and no data of their own (integration.md 2.4)."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

#: Pauses after the first, second, … failed attempt; the last one repeats.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=6),
)
#: Pauses between the probes of an open circuit: one harmless call in five minutes tells soon when
#: a system is back, however long it was away.
PROBE_PAUSES = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))
#: After this long without success a delivery is refused by age.
GIVE_UP_AFTER = timedelta(days=7)
#: Attempts within that time, with the usual pauses.
ATTEMPTS_UNTIL_THEN = len(PAUSES) + (GIVE_UP_AFTER - sum(PAUSES, timedelta())) // PAUSES[-1]
#: A pause is stretched by up to this share, so that what failed together does not return together.
JITTER = 0.1
#: Failures in a row that open a connection's circuit.
CIRCUIT_OPENS_AT = 5


def pause_after(
    attempts: int,
    *,
    pauses: tuple[timedelta, ...] = PAUSES,
    chance: Callable[[], float] = random.random,
) -> timedelta:
    """The pause after `attempts` failed attempts (1 or more), jitter included."""
    pause = pauses[min(max(attempts, 1), len(pauses)) - 1]
    return pause * (1 + JITTER * chance())


def probe_pause(
    probes: int,
    *,
    own: tuple[timedelta, ...] = (),
    chance: Callable[[], float] = random.random,
) -> timedelta:
    """The pause before the next probe after `probes` failed ones (1 or more).

    It is never longer than the longest of the connection's `own` pauses, where it has any.
    """
    longest = max(own, default=PROBE_PAUSES[-1])
    pauses = tuple(min(pause, longest) for pause in PROBE_PAUSES)
    return pause_after(probes, pauses=pauses, chance=chance)


def next_attempt_at(
    *,
    now: datetime,
    attempts: int,
    asked_wait: timedelta | None = None,
    pauses: tuple[timedelta, ...] = PAUSES,
    chance: Callable[[], float] = random.random,
) -> datetime:
    """When to try again; never sooner than the other side asked (`Retry-After`)."""
    pause = pause_after(attempts, pauses=pauses, chance=chance)
    return now + max(pause, asked_wait or timedelta())


def is_too_old(*, first_attempt_at: datetime, now: datetime) -> bool:
    """Whether a delivery has been tried for longer than it may be."""
    return now - first_attempt_at >= GIVE_UP_AFTER
