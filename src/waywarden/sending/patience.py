"""Writes what was sent, also when the database is being started again just then."""

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.db import connections as databases

log = logging.getLogger(__name__)

#: What Django raises while the database is away.
AWAY = (OperationalError, InterfaceError)
#: Seconds between tries to write when the database is away; claims last longer than all of them.
AGAIN_AFTER = (1, 2, 4, 8, 15)


def patiently(write: Callable[[], None]) -> None:
    """Writes, and waits a while for a database that is away. Raises one of AWAY in the end.

    What was sent and not written would be found out by looking it up, which not every system can.
    """
    for seconds in AGAIN_AFTER:
        try:
            return write()
        except AWAY:
            log.warning("the database is away; what was sent is written in %d s", seconds)
            databases.close_all()
            time.sleep(seconds)
    return write()
