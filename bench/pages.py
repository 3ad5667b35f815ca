"""Pages and pins at a size of city, asked of the real site by two clients."""

import random
from collections.abc import Iterator

from bench import city
from bench.figures import Figure
from bench.home import command, family_of, free_port, megabytes_of, running, site
from bench.load import Timing, ask

COMMAND = "python -m bench pages"


def measure(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """The figures of each size of city, then the memory of a web process."""
    bare = _bare()
    for size in sizes:
        copied = city.grow_to(size)
        told = city.stories() if size == sizes[0] else list(range(1, 21))
        with site() as (port, pid):
            yield from _figures(port, size, told, f"bare answer {bare.p50:.1f} ms")
            if size == sizes[-1]:
                most = max(megabytes_of(child) for child in family_of(pid))
                yield Figure("memory, one web process", most, "MB", 160, command=COMMAND)
        if copied:
            yield Figure(f"COPY of reports up to {size:,}", copied, "rows/s", command=COMMAND)


def _bare() -> Timing:
    port = free_port()
    with running("bare", *command("bench.bare"), "nothing", str(port), port=port):
        return ask(port, ["/"], seconds=2)


def _figures(port: int, size: int, told: list[int], bare: str) -> Iterator[Figure]:
    chosen = random.Random(city.SEED)  # noqa: S311 - the same places every time
    places = [
        (60.17 + chosen.uniform(-0.1, 0.1), 24.94 + chosen.uniform(-0.2, 0.2)) for _one in range(50)
    ]
    boxes = [
        f"/api/pins?bbox={lon - 0.019:.5f},{lat - 0.0077:.5f},{lon + 0.019:.5f},{lat + 0.0077:.5f}"
        for lat, lon in places
    ]
    views = [f"/around?lat={lat:.6f}&lon={lon:.6f}&zoom=15" for lat, lon in places]
    reports = [f"/report/{number}" for number in told]
    rare = [f"{box}&category=Rare%20thing" for box in boxes]
    for name, paths, targets in (
        ("pins of a 2.1 × 1.7 km box", boxes, (12, 40)),
        ("the same, a rare category", rare, (25, 80)),
        ("map page with its list of 30", views, (25, 0)),
        ("one report's page, 3 updates, photo", reports, (10, 0)),
        ("front page", ["/"], (0, 0)),
    ):
        found, alone = ask(port, paths), ask(port, paths, clients=1, seconds=1.5)
        title = f"{name}, {size:,} reports"
        yield Figure(f"{title}: p50, 1 client", alone.p50, "ms", targets[0], bare, COMMAND)
        yield Figure(f"{title}: p50, 2 clients", found.p50, "ms", targets[0], bare, COMMAND)
        yield Figure(f"{title}: p95, 2 clients", found.p95, "ms", targets[1], bare, COMMAND)
        rate = 200 if reports is paths else 0
        busy = ask(port, paths, clients=4, seconds=2)
        yield Figure(f"{title}: answers, 4 clients", busy.rate, "/s", rate, bare, COMMAND)
