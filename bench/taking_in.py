"""Taking updates in that a body's system tells, new ones and the same again."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta

from bench import city
from bench.bare import LONG
from bench.figures import Figure
from bench.home import HOST, command, free_port, running
from waywarden.connections.services import open_backend
from waywarden.kernel import clock
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.reports.models import Report
from waywarden.sync.updates import take_in_updates

COMMAND = "python -m bench taking-in"


def measure(count: int = 2000) -> Iterator[Figure]:
    """Updates a second of one answer, and the seconds of the same answer again."""
    rows = updates(count)
    first, again = take(rows), take(rows)
    yield Figure(f"taking in {count:,} new updates", count / first, "/s", 2000, command=COMMAND)
    yield Figure("the same answer again", again, "s", 0.3, command=COMMAND)
    yield from _streamed()


def _streamed() -> Iterator[Figure]:
    """A poll of one long answer, in a process of its own, so that its memory is the poll's."""
    port = free_port()
    with running("long", *command("bench.bare"), "long", str(port), port=port):
        done = subprocess.run(
            [*command("bench.streaming"), f"http://{HOST}:{port}", str(LONG)],
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    told = json.loads(done.stdout.splitlines()[-1])
    rate = told["rows"] / told["seconds"]
    said = f"{rate:,.0f} rows a second, read over HTTP and taken in"
    yield Figure(
        f"memory above idle, a poll of {LONG:,} new updates (40 MB)",
        told["megabytes"], "MB", 60, said, COMMAND,
    )  # fmt: skip


def updates(count: int) -> list[ServiceRequestUpdate]:
    """An answer about the city's reports, one update a report."""
    ids = list(Report.objects.order_by("pk").values_list("pk", flat=True)[:count])
    moment = clock.now() - timedelta(hours=1)
    mark = f"{moment:%H%M%S%f}"
    return [
        ServiceRequestUpdate(
            update_id=f"U{mark}-{number}",
            service_request_id=f"B{number}",
            status="IN_PROGRESS",
            updated_datetime=moment + timedelta(seconds=turn),
            description=f"We have looked at it, job {number} of {mark}.",
        )
        for turn, number in enumerate(ids)
    ]


def take(rows: list[ServiceRequestUpdate]) -> float:
    """Seconds that taking them in needs."""
    city_body = city.body()
    way = city_body.sending_connection
    if way is None:
        message = "The city has no connection."
        raise RuntimeError(message)
    backend = open_backend(way).backend
    began = time.perf_counter()
    counts = take_in_updates(body=city_body, connection=way, rows=rows, backend=backend)
    seconds = time.perf_counter() - began
    if counts.new + counts.repeated != len(rows):
        message = f"not all were taken in: {counts.new} new, {counts.repeated} repeated"
        raise RuntimeError(message)
    return seconds
