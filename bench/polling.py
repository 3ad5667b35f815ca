"""Thousands of connections without news, polled by one real worker: what that costs."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench import city
from bench.figures import Figure
from bench.home import HOST, command, free_port, running
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.sync.models import Cursor, PollRun

COMMAND = "python -m bench polling"
#: Seconds until a worker is at work, and seconds that are watched.
WARM_UP, WATCHED = 15.0, 60.0
EVERY = 900


def measure(count: int = 5000) -> Iterator[Figure]:
    """Cores that a worker takes, at the pace of `count` connections each 15 minutes."""
    port = free_port()
    with running("quiet", *command("bench.bare"), "quiet", str(port), port=port):
        _connect(count, port)
        city.empty_queue()
        with running("poller", *command("waywarden.config.cli"), "worker") as pid:
            time.sleep(WARM_UP)
            since, burnt, began = clock.now(), _seconds_of(pid), time.perf_counter()
            time.sleep(WATCHED)
            cores = (_seconds_of(pid) - burnt) / (time.perf_counter() - began)
            # Other parts of the bench leave connections whose back-end has ended.
            ours = PollRun.objects.filter(
                started_at__gte=since, connection__name__startswith="Quiet "
            )
            runs = ours.filter(error="").count()
            failed = ours.exclude(error="").count()
    Connection.objects.filter(name__startswith="Quiet ").update(fetches_updates=False)
    expected = count / EVERY * WATCHED
    if failed or runs < expected * 0.8:
        message = f"{runs} polls worked and {failed} failed; {expected:.0f} were due"
        raise RuntimeError(message)
    said = f"{runs / WATCHED:.1f} polls a second; {count / EVERY:.1f} are due"
    yield Figure(
        f"{count:,} connections without news, one worker", cores, "cores", 0.25, said, COMMAND
    )


def _connect(count: int, port: int) -> None:
    """The connections, with their bodies, each at its own time."""
    names = [f"Quiet {number}" for number in range(count)]
    there = set(Connection.objects.filter(name__startswith="Quiet ").values_list("name", flat=True))
    ways = Connection.objects.bulk_create(
        Connection(name=name, kind="open311", zone="UTC") for name in names if name not in there
    )
    Body.objects.bulk_create(
        Body(name=way.name, slug=way.name.lower().replace(" ", "-"), fetching_connection=way)
        for way in ways
    )
    moment, endpoint = clock.now(), f"http://{HOST}:{port}/open311/v2"
    quiet = Connection.objects.filter(name__in=names)
    quiet.update(
        options={"endpoint": endpoint}, fetches_updates=True, poll_seconds=EVERY, is_paused=False
    )
    Cursor.objects.all().delete()
    Cursor.objects.bulk_create(
        Cursor(
            connection=way,
            what="updates",
            position=moment - timedelta(minutes=15),
            next_poll_at=moment + timedelta(seconds=EVERY * turn / count),
        )
        for turn, way in enumerate(quiet.order_by("pk"))
    )


def _seconds_of(pid: int) -> float:
    """The processor's seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
