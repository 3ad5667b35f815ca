"""Bulk import of the years of a made-up back-end, twice, beside a bare COPY of as many rows."""

import time
from collections.abc import Iterator

import shapely

from bench import city
from bench.figures import Figure
from bench.home import HOME, HOST, command, free_port, running
from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.reports.models import Report, ReportBody
from waywarden.sync.bulk_import import Imported, import_open311
from waywarden.sync.rejects import write_rejects
from waywarden.sync.tests.years import AREA, END, SERVICES, START, Years

COMMAND = "python -m bench importing"


def measure(count: int, *, page: int = 0) -> Iterator[Figure]:
    """Rows a second of the first run and of the second; the city is emptied for it.

    `page`: the server answers in pages of so many rows, each beginning with the last row of the
    page before; 0 cuts its answers instead.
    """
    bare = _bare_copy(count)
    city.empty()
    port = free_port()
    server = (*command("bench.years"), str(port), str(count), str(page))
    with running("years", *server, port=port):
        body = _body(port)
        first, seconds, work = _import(body)
        _check(first, Years(count))
        city.vacuum()
        again, seconds_again, work_again = _import(body)
        if again.totals.new or Report.objects.count() != first.totals.new:
            message = f"the second run added {again.totals.new}"
            raise RuntimeError(message)
    name = f"bulk import of {first.totals.rows:,} rows" + (f" in pages of {page}" if page else "")
    yield Figure(f"{name}: new", first.totals.new, "reports", command=COMMAND)
    yield Figure(f"{name}: repeated", first.totals.repeated, "rows", command=COMMAND)
    yield Figure(f"{name}: in the file of rejects", _rejects_of(first), "rows", command=COMMAND)
    rate, told = first.totals.rows / seconds, f"bare COPY of both tables: {bare:,.0f} rows/s"
    yield Figure(name, rate, "rows/s", 10_000, told, COMMAND)
    yield Figure(f"{name}, CPU of a row", work * 1e6, "µs", command=COMMAND)
    yield Figure(f"{name}, as a share of the bare COPY", rate / bare, "×/s", 1 / 6, told, COMMAND)
    rate = again.totals.rows / seconds_again
    yield Figure(f"{name}, the second run", rate, "rows/s", 20_000, told, COMMAND)
    name = f"{name}, the second run, CPU of a row"
    yield Figure(name, work_again * 1e6, "µs", command=COMMAND)


def _check(first: Imported, years: Years) -> None:
    """Every good row is held exactly once, every bad one with an id is in the file of rejects."""
    held = Report.objects.count()
    ids = ReportBody.objects.values("external_id").distinct().count()
    if not first.totals.new == held == ids == years.good:
        message = f"{first.totals.new} came across, {held} are held, {years.good} are good"
        raise RuntimeError(message)
    if (kept := _rejects_of(first)) != years.rejected:
        message = f"{kept} rows are in the file of rejects, {years.rejected} are bad"
        raise RuntimeError(message)


def _rejects_of(done: Imported) -> int:
    if done.run is None:
        message = "nothing was imported"
        raise RuntimeError(message)
    return write_rejects(done.run, HOME / "rejects.jsonl")


def _bare_copy(count: int) -> float:
    """Rows a second of a COPY of as many reports and body rows, made up before."""
    city.empty()
    owner = city.body()
    categories = dict(owner.categories.values_list("name", "pk"))
    rows = min(count, 100_000)
    names = [city.CATEGORIES[number % 5] for number in range(rows)]
    reports = list(city.reports_of(range(1, rows + 1), names))
    there = list(city.rows_of(range(1, rows + 1), names, body_id=owner.pk, categories=categories))
    began = time.perf_counter()
    city.copy(Report, reports)
    city.copy(ReportBody, there)
    return rows / (time.perf_counter() - began)


def _body(port: int) -> Body:
    west, south, east, north = AREA
    area = Area.objects.update_or_create(
        code="bench-years",
        defaults={
            "name": "Years", "kind": "city", "west": west, "south": south, "east": east,
            "north": north, "boundary": shapely.to_wkb(shapely.box(west, south, east, north)),
        },
    )[0]  # fmt: skip
    forget_shapes()
    way = Connection.objects.create(
        name="Years",
        kind="open311",
        options={"endpoint": f"http://{HOST}:{port}", "format": "json"},
        zone="UTC",
    )
    body = Body.objects.create(name="Years", slug="years", sending_connection=way)
    body.areas.add(area)
    Category.objects.bulk_create(
        Category(body=body, name=f"Category {code}", slug=code.lower(), service_code=code)
        for code in SERVICES[:3]
    )
    return body


def _import(body: Body) -> tuple[Imported, float, float]:
    """What came of it, its seconds, and the seconds of this process's own work on a row."""
    began, worked = time.perf_counter(), time.process_time()
    done = import_open311(body, since=START, until=END)
    work = (time.process_time() - worked) / done.totals.rows
    return done, time.perf_counter() - began, work
