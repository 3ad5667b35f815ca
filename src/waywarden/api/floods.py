"""Stops a flood of calls without a key: counted in memory, by each web process for itself.

A key's own rate is counted in the database, exactly (`users.key_services`).
"""

from datetime import timedelta
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from waywarden.kernel.errors import TryLater

CALLS_A_MINUTE = 300
"""From one network address, without a good key, in one web process."""

_ITEM = RateLimitItemPerMinute(CALLS_A_MINUTE)
_LIMITER = MovingWindowRateLimiter(MemoryStorage())


def count_call(network: str) -> None:
    """Counts a call. Raises TryLater when there were too many in the last minute."""
    if _LIMITER.hit(_ITEM, network):
        return
    wait = max(_LIMITER.get_window_stats(_ITEM, network).reset_time - time(), 1.0)
    message = f"Without a key {CALLS_A_MINUTE} calls a minute are answered."
    raise TryLater(message, after=timedelta(seconds=wait))


def forget() -> None:
    """Forgets what was counted: for tests."""
    _LIMITER.storage.reset()
