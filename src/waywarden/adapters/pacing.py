"""How much one client may post: so many a minute, saved up for a minute at the most."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta


class Paces:
    """What each client has left. Threads may share it; a restart forgets it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def wait_of(self, client: str, *, a_minute: int) -> timedelta | None:
        """None when it may go on, and one is taken; else how long until it may. 0 has no end."""
        if not a_minute:
            return None
        each = 60 / a_minute
        with self._lock:
            now = self._now()
            left, at = self._left.get(client, (float(a_minute), now))
            left = min(left + (now - at) / each, float(a_minute))
            may = left >= 1
            self._left[client] = (left - 1 if may else left, now)
        return None if may else timedelta(seconds=(1 - left) * each)
