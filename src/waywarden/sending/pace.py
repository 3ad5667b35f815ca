"""Keeps calls apart: a connection's pace is shared out among its lanes."""

import time
from datetime import timedelta

from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

#: A pace slower than this (seconds between calls) is not slept through; the lane is woken again.
LONGEST_SLEEP = 5.0


class Pace:
    """Keeps calls of a lane apart, so that all lanes together keep the connection's pace."""

    def __init__(self, lane: Lane, connection: Connection | None) -> None:
        self.interval = 0.0
        self.next_at = clock.now()
        if connection is None or not connection.calls_per_minute:
            return
        self.interval = 60.0 * max(connection.lanes, 1) / connection.calls_per_minute
        apart = timedelta(seconds=self.interval)
        latest = (
            Delivery.objects.filter(
                connection=lane.connection_id,
                lane=lane.number,
                last_attempt_at__gt=self.next_at - apart,
            )
            .order_by("-last_attempt_at")
            .values_list("last_attempt_at", flat=True)
            .first()
        )
        if latest is not None:
            self.next_at = latest + apart

    def limit(self, most: int) -> int:
        """How many to claim, so that none waits long for its turn."""
        if not self.interval:
            return most
        return min(most, max(1, int(2 * LONGEST_SLEEP / self.interval)))

    def wait(self) -> None:
        """Sleeps until the next call may go."""
        if self.interval:
            time.sleep(max(0.0, (self.next_at - clock.now()).total_seconds()))
            self.next_at = max(self.next_at, clock.now()) + timedelta(seconds=self.interval)
