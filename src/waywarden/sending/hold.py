"""Whether something may still be changed: none of its deliveries has gone out, nor is going."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from waywarden.kernel import clock
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Cause

State = Delivery.State
#: How long something may be changed that nobody is sent.
WITHOUT_DELIVERY = timedelta(days=1)
#: Causes of a dead letter that may have arrived, or surely has.
MAYBE_THERE = (Cause.UNKNOWN, Cause.TOKEN, Cause.DUPLICATE_ID, Cause.LEFT_BEHIND)
NOT_GONE = (State.QUEUED, State.WAITING, State.HELD, State.REFUSED, State.CANCELLED)


def is_held(deliveries: Iterable[Delivery], *, since: datetime | None) -> bool:
    """Whether all of them are still here; `since` is when that which they carry was confirmed."""
    rows = list(deliveries)
    if not rows:
        return since is not None and clock.now() - since <= WITHOUT_DELIVERY
    return all(row.state in NOT_GONE and row.cause not in MAYBE_THERE for row in rows)
