"""Points, areas and look-alikes, asked inside one process."""

import random
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import shapely

from bench import city
from bench.figures import Figure
from waywarden.areas.models import Area
from waywarden.areas.queries import areas_at, forget_shapes
from waywarden.geo.points import Point
from waywarden.reports.duplicates import lookalikes

COMMAND = "python -m bench places"
#: Areas, and corners of each.
AREAS, CORNERS = 500, 1500


def measure(size: int) -> Iterator[Figure]:
    """Look-alikes in a city of so many reports; areas of a point."""
    city.grow_to(size)
    chosen = random.Random(city.SEED)  # noqa: S311 - the same places every time
    points = [
        Point(60.17 + chosen.uniform(-0.1, 0.1), 24.94 + chosen.uniform(-0.2, 0.2))
        for _one in range(500)
    ]
    name = f"look-alikes within 250 m, same category, {size:,} reports"
    near = _middle(points[:100], lambda point: lookalikes(point, categories=("Potholes",)))
    yield Figure(f"{name}: p50", near, "ms", 5, command=COMMAND)
    _build()
    try:
        held = _middle(points, lambda point: areas_at(lat=point.lat, lon=point.lon))
    finally:
        Area.objects.filter(code__startswith="bench-").delete()
        forget_shapes()
    bare = _bare(points)
    title = f"point → areas, {AREAS} polygons, {AREAS * CORNERS:,} corners: p50"
    yield Figure(title, held, "ms", 0.1, f"a bare STRtree {bare:.3f} ms", COMMAND)


def _middle(points: list[Point], question: Callable[[Point], object]) -> float:
    question(points[0])
    times = []
    for point in points:
        began = time.perf_counter()
        question(point)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _shapes() -> list[shapely.Polygon]:
    """Round shapes with wavy edges that overlap their neighbours."""
    turn = np.linspace(0, 2 * np.pi, CORNERS - 1, endpoint=False)
    far = 0.02 * (1 + 0.1 * np.sin(9 * turn) + 0.02 * np.cos(40 * turn))
    return [
        shapely.Polygon(
            np.column_stack(
                [
                    24.7 + number % 25 * 0.02 + far * np.cos(turn),
                    60.05 + number // 25 * 0.012 + far * np.sin(turn),
                ]
            )
        )
        for number in range(AREAS)
    ]


def _build() -> None:
    rows = []
    for number, shape in enumerate(_shapes()):
        west, south, east, north = shape.bounds
        rows.append(
            Area(
                name=f"Area {number}", kind="bench", code=f"bench-{number}",
                boundary=shapely.to_wkb(shape), west=west, south=south, east=east, north=north,
            )
        )  # fmt: skip
    Area.objects.filter(code__startswith="bench-").delete()
    Area.objects.bulk_create(rows)
    forget_shapes()


def _bare(points: list[Point]) -> float:
    shapes = _shapes()
    for shape in shapes:
        shapely.prepare(shape)
    tree = shapely.STRtree(shapes)
    return _middle(
        points,
        lambda point: tree.query(shapely.Point(point.lon, point.lat), predicate="intersects"),
    )
