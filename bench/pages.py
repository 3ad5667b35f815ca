"""Pages and pins at a size of city, asked of the real site by two clients."""

import random
from collections.abc import Iterator
from urllib.parse import quote

from bench import city
from bench.figures import Figure
from bench.home import command, family_of, free_port, megabytes_of, running, site
from bench.load import Timing, ask

COMMAND = "python -m bench pages"


def measure(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """The figures of each size of city, then the memory of a web process."""
    bare, told = _bare(), list[int]()
    for size in sizes:
        copied = city.grow_to(size)
        told = told or city.stories()
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
    for name, paths, targets in _asked(told):
        # Where no page may come twice, each turn has addresses of its own.
        third = len(paths) // 3 if len(paths) > 500 else 0
        parts = [paths[turn * third : (turn + 1) * third] or paths for turn in range(3)]
        found, alone = ask(port, parts[0]), ask(port, parts[1], clients=1, seconds=1.5)
        title = f"{name}, {size:,} reports"
        yield Figure(f"{title}: p50, 1 client", alone.p50, "ms", targets[0], bare, COMMAND)
        yield Figure(f"{title}: p50, 2 clients", found.p50, "ms", targets[0], bare, COMMAND)
        yield Figure(f"{title}: p95, 2 clients", found.p95, "ms", targets[1], bare, COMMAND)
        if "page" in name:
            rate = 200 if "report's page" in name else 0
            busy = ask(port, parts[2], clients=4, seconds=2)
            yield Figure(f"{title}: answers, 4 clients", busy.rate, "/s", rate, bare, COMMAND)


#: The whole city, as a map at zoom 11 asks for it.
WHOLE = f"/api/pins?bbox={24.67},{60.035},{25.21},{60.305}&zoom=11"
Row = tuple[str, list[str], tuple[int, int]]


def _asked(told: list[int]) -> Iterator[Row]:
    """Name, addresses, targets of p50 and p95. No address of a page drawn anew comes twice."""
    chosen = random.Random(city.SEED)  # noqa: S311 - the same places every time
    places = [
        (60.17 + chosen.uniform(-0.1, 0.1), 24.94 + chosen.uniform(-0.2, 0.2))
        for _one in range(3000)
    ]
    boxes = [
        f"/api/pins?bbox={lon - 0.019:.5f},{lat - 0.0077:.5f},{lon + 0.019:.5f},{lat + 0.0077:.5f}"
        for lat, lon in places[:50]
    ]
    yield "pins of a 2.1 × 1.7 km box", boxes, (12, 40)
    for name, filters in (
        ("a rare category (Rare thing)", "&category=Rare%20thing"),
        ("a rare word (rare)", "&q=rare"),
        ("a common word (number, in every report)", "&q=number"),
    ):
        yield f"the same box, {name}", [f"{box}{filters}" for box in boxes], (25, 80)
    kinds = [
        f"{WHOLE}&status={kind}&category={quote(name)}"
        for kind in ("open", "progress", "fixed", "closed")
        for name in city.CATEGORIES[:5]
    ]
    yield "clusters of the whole city, by class and category", kinds, (25, 60)
    yield "clusters of the whole city, all", [WHOLE], (25, 60)
    words = [f"{WHOLE}&q={word}" for word in ("number", "graffiti", "rare")]
    ages = [f"{WHOLE}&age={age}" for age in ("week", "month", "half", "year")]
    yield "clusters of the whole city, by words and age", [*words, *ages], (150, 300)
    views = [f"/around?lat={lat:.6f}&lon={lon:.6f}&zoom=15" for lat, lon in places]
    yield "map page with its list of 30", views, (25, 0)
    yield "one report's page, 3 updates, photo, drawn anew", [f"/report/{n}" for n in told], (10, 0)
    yield "one report's page, asked for again", [f"/report/{n}" for n in told[:20]], (10, 0)
    yield "front page, asked for again", ["/"], (0, 0)
    yield "a body's page, asked for again", ["/reports/bench"], (0, 0)
