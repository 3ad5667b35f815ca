"""Makes the gazetteer and the three invented areas that go with the demo's map."""

import re
from collections import defaultdict
from typing import Any

import shapely
from map_layers import ROADS, address_of, kind_of_place
from map_source import EXTENT, Extract, Tags, merge_lines
from shapely.geometry import LineString, box, mapping
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

DEGREE_OF_40_METRES = 40 / 111_195


def make_gazetteer(extract: Extract, attribution: str) -> dict[str, Any]:
    """Streets (with points along them), places and addresses, each by name."""
    return {
        "attribution": attribution,
        "streets": _streets(extract),
        "places": _places(extract),
        "addresses": _addresses(extract),
    }


def _also(tags: Tags) -> list[str]:
    """Other names that people use: Swedish, English, short."""
    keys = ("name:sv", "name:en", "alt_name", "short_name", "loc_name", "int_name")
    names = [part.strip() for key in keys for part in tags.get(key, "").split(";")]
    return sorted({name for name in names if name and name != tags.get("name")})


def _spot(shape: BaseGeometry) -> list[float]:
    point = shapely.point_on_surface(shape)
    return [round(point.y, 6), round(point.x, 6)]


def _streets(extract: Extract) -> list[dict[str, Any]]:
    shapes: dict[str, list[BaseGeometry]] = defaultdict(list)
    also: dict[str, set[str]] = defaultdict(set)
    for line in extract.lines:
        name = line.tags.get("name")
        if name and line.tags.get("highway") in ROADS:
            shapes[name].append(line.shape)
            also[name] |= set(_also(line.tags))
    found = []
    for name in sorted(shapes):
        dense = shapely.segmentize(merge_lines(shapes[name]), DEGREE_OF_40_METRES)
        line = sorted({(round(y, 5), round(x, 5)) for x, y in shapely.get_coordinates(dense)})
        middle = dense.centroid
        lat, lon = min(line, key=lambda at: (at[0] - middle.y) ** 2 + (at[1] - middle.x) ** 2 / 4)
        row = {"name": name, "also": sorted(also[name]), "lat": lat, "lon": lon, "line": line}
        found.append(row)
    return found


def _places(extract: Extract) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for thing in [*extract.points, *extract.areas]:
        kind, name = kind_of_place(thing.tags), thing.tags.get("name")
        if kind and name:
            lat, lon = _spot(thing.shape)
            row = {"name": name, "also": _also(thing.tags), "kind": kind[0], "lat": lat, "lon": lon}
            found.setdefault((name, kind[0]), row)
    return [found[key] for key in sorted(found)]


def _addresses(extract: Extract) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for thing in [*extract.points, *extract.areas]:
        address = address_of(thing.tags)
        if address:
            lat, lon = _spot(thing.shape)
            row = {"street": address[0], "number": address[1], "lat": lat, "lon": lon}
            found.setdefault(address, row)
    return [found[key] for key in sorted(found, key=_by_number)]


def _by_number(key: tuple[str, str]) -> tuple[str, int, str]:
    digits = re.match(r"\d+", key[1])
    return key[0], int(digits.group()) if digits else 0, key[1]


# The border between the two districts: in from the south along Mannerheimintie, east
# past the station, and out to the bay. Longitude, latitude.
BORDER = (
    (24.9438, 60.1630), (24.9436, 60.1655), (24.9424, 60.1675), (24.9407, 60.1690),
    (24.9418, 60.1703), (24.9447, 60.1703), (24.9462, 60.1712), (24.9468, 60.1735),
    (24.9489, 60.1752), (24.9476, 60.1771), (24.9480, 60.1800),
)  # fmt: skip


def make_areas(attribution: str) -> dict[str, Any]:
    """A county and its two districts, invented, over the real streets. GeoJSON."""
    extent = box(*EXTENT)
    halves = list(split(extent, LineString(BORDER)).geoms)
    west, east = sorted(halves, key=lambda half: half.centroid.x)
    areas = [("Borsetshire", "county", extent), ("Borchester", "district", west),
             ("Ambridge", "district", east)]  # fmt: skip
    return {
        "type": "FeatureCollection",
        "metadata": {"attribution": attribution, "note": "Invented areas, for the demo only."},
        "features": [
            {
                "type": "Feature",
                "id": name.lower(),
                "properties": {"name": name, "kind": kind},
                "geometry": mapping(shapely.set_precision(shape, 1e-6)),
            }
            for name, kind, shape in areas
        ],
    }
