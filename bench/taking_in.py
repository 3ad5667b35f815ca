"""Taking updates in that a body's system tells, new ones and the same again."""

import time
from collections.abc import Iterator
from datetime import timedelta

from bench import city
from bench.figures import Figure
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
