"""The protocol: reading long answers, and the site's own endpoint asked by one client."""

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import shapely

from bench import city
from bench.figures import Figure
from bench.home import HOST, command, free_port, running, site
from bench.load import ask
from waywarden.areas.models import Area
from waywarden.bodies.models import Body, Category
from waywarden.geo.points import Box
from waywarden.reports.models import Report
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey

COMMAND = "python -m bench open311"
ROOT = "/open311/v2"
SERVICES = 2600


def measure() -> Iterator[Figure]:
    """Reading, then lists of the endpoint, an unchanged answer, and new reports."""
    for count in (10_000, 100_000):
        yield from _reading(count)
    key = create_key(
        ApiKey(name="Bench", scopes=["requests:write"], confirms="at_once", rate_per_minute=10**9)
    )
    size = Report.objects.count()
    _offer_many()
    with (
        site() as (port, _pid),
        running("bare", *command("bench.bare"), "nothing", str(bare := free_port()), port=bare),
    ):
        said = f"bare answer {ask(bare, ['/'], clients=1, seconds=2).p50:.1f} ms"
        for rows, target in ((50, 8.0), (1000, 80.0)):
            found = ask(port, [f"{ROOT}/requests.json?api_key={key}&page_size={rows}"], clients=1)
            name = f"Open311 requests.json, {rows:,} rows of {size:,} reports"
            yield Figure(f"{name}: p50, 1 client", found.p50, "ms", target, said, COMMAND)
        yield Figure("the same unchanged (304): p50", _unchanged(port, key), "ms", 3, said, COMMAND)
        found = ask(port, [f"{ROOT}/services.json?jurisdiction_id=many&api_key={key}"], clients=1)
        yield Figure(
            f"Open311 services.json, {SERVICES:,} services: p50", found.p50, "ms", 0, said, COMMAND
        )
        yield Figure("POST requests, 1 client", _posted(port, key), "/s", 0, said, COMMAND)


def _reading(count: int) -> Iterator[Figure]:
    """In a process of its own, so that its memory is the reader's."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.reading", str(count)], check=True, capture_output=True
    )
    told = json.loads(done.stdout)
    yield Figure(f"reading {count:,} updates (XML)", told["seconds"], "s", command=COMMAND)
    yield Figure(
        f"memory above idle while reading {count:,} updates",
        told["megabytes"], "MB", 60, command=COMMAND,
    )  # fmt: skip


def _offer_many() -> None:
    """The city gets its area; another body as many categories as the largest list in the wild."""
    box = Box.around(city.MIDDLE, 30_000)
    square = shapely.box(box.west, box.south, box.east, box.north)
    area, _made = Area.objects.get_or_create(
        code="bench",
        defaults={
            "name": "The city", "kind": "city", "boundary": shapely.to_wkb(square),
            "west": box.west, "south": box.south, "east": box.east, "north": box.north,
        },
    )  # fmt: skip
    city.body().areas.add(area)
    many, _made = Body.objects.get_or_create(slug="many", defaults={"name": "Many"})
    if many.categories.count() < SERVICES:
        Category.objects.bulk_create(
            Category(body=many, name=f"Kind {number}", slug=f"kind-{number}", service_code="K")
            for number in range(many.categories.count(), SERVICES)
        )


def _unchanged(port: int, key: str) -> float:
    """Milliseconds of a 304."""
    wire = http.client.HTTPConnection(HOST, port, timeout=30)
    path, host = f"{ROOT}/requests.json?api_key={key}&page_size=1000", {"Host": f"{HOST}:8000"}
    wire.request("GET", path, headers=host)
    answer = wire.getresponse()
    answer.read()
    headers = host | {"If-None-Match": answer.headers["ETag"]}
    times = []
    for _turn in range(400):
        began = time.perf_counter()
        wire.request("GET", path, headers=headers)
        answer = wire.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 304:
            message = f"an unchanged list answers {answer.status}"
            raise RuntimeError(message)
    wire.close()
    return statistics.median(times[50:]) * 1000


def _posted(port: int, key: str, count: int = 200) -> float:
    """New reports a second."""
    wire = http.client.HTTPConnection(HOST, port, timeout=30)
    began = 0.0
    for turn in range(count + 20):
        if turn == 20:
            began = time.perf_counter()
        form = {
            "api_key": key, "service_code": "potholes", "lat": "60.17", "long": "24.94",
            "description": f"Hole {turn}", "first_name": "Rosa", "email": "rosa@example.org",
        }  # fmt: skip
        headers = {
            "Host": f"{HOST}:8000", "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": f"{began}-{turn}",
        }  # fmt: skip
        wire.request("POST", f"{ROOT}/requests.json", urlencode(form), headers)
        answer = wire.getresponse()
        body = answer.read()
        if answer.status != 200:
            message = f"a new report is answered {answer.status}: {body[:200]!r}"
            raise RuntimeError(message)
    wire.close()
    return count / (time.perf_counter() - began)
