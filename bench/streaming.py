"""Polls one long answer in a process of its own, and tells its memory: `… ADDRESS COUNT`."""

import gc
import json
import sys
import time
from pathlib import Path

from bench import home


def main() -> None:
    """Prints JSON: `megabytes` above idle at the peak, `seconds`, `rows` taken in."""
    address, count = sys.argv[1], int(sys.argv[2])
    home.prepare()
    from bench import city
    from waywarden.connections.models import Connection
    from waywarden.sync.models import Cursor, What
    from waywarden.sync.polling import poll

    way = city.body().sending_connection
    assert way is not None  # noqa: S101 - the city has one
    Connection.objects.filter(pk=way.pk).update(
        fetches_updates=True, options={"endpoint": f"{address}/few{time.time_ns()}"}
    )
    poll(way.pk, What.UPDATES)  # of a few rows: everything is loaded now
    Cursor.objects.filter(connection=way).update(position=None)
    Connection.objects.filter(pk=way.pk).update(
        options={"endpoint": f"{address}/M{time.time_ns()}"}, is_paused=False
    )
    gc.collect()
    idle, began = home.megabytes_of_self(), time.perf_counter()
    run = poll(way.pk, What.UPDATES)
    seconds = time.perf_counter() - began
    if run.error or run.rows != count:
        message = f"{run.rows} rows were read: {run.error}"
        raise RuntimeError(message)
    told = {"megabytes": _peak() - idle, "seconds": seconds, "rows": run.rows}
    print(json.dumps(told))


def _peak() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
