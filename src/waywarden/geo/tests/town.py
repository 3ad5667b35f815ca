"""A town of three streets for the tests: its vector tiles and its names."""

import gzip
from pathlib import Path
from typing import Any

import mapbox_vector_tile
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as Spot

ZOOM, X, Y = 14, 9326, 4743  # a tile in Helsinki

NAMES: dict[str, Any] = {
    "attribution": "© the mappers",
    "streets": [
        {"name": "High Street", "also": ["Storgatan"], "lat": 60.17, "lon": 24.94,
         "line": [[60.17, 24.938], [60.17, 24.94], [60.17, 24.942]]},
        {"name": "Old High Street", "also": [], "lat": 60.18, "lon": 24.94, "line": []},
        {"name": "Töölönkatu", "also": [], "lat": 60.16, "lon": 24.93,
         "line": [[60.16, 24.93]]},
    ],
    "places": [
        {"name": "High Park", "also": [], "kind": "park", "lat": 60.171, "lon": 24.945},
    ],
    "addresses": [
        {"street": "High Street", "number": "2", "lat": 60.1701, "lon": 24.938},
        {"street": "High Street", "number": "12 A", "lat": 60.1701, "lon": 24.941},
        {"street": "High Street", "number": "12 B", "lat": 60.1701, "lon": 24.9415},
    ],
}  # fmt: skip


def tile() -> bytes:
    """Ground, a building with a yard, two roads with names, a railway, a square, a number."""
    square = [(0, 0), (4096, 0), (4096, 4096), (0, 4096)]
    house = Polygon(
        [(2600, 2600), (3600, 2600), (3600, 3600), (2600, 3600)],
        [[(3000, 3000), (3000, 3200), (3200, 3200), (3200, 3000)]],
    )
    across = LineString([(0, 1600), (4096, 1600)])
    layers = {
        "land": [(Polygon(square), {})],
        "water": [(Polygon([(0, 0), (900, 0), (900, 900), (0, 900)]), {})],
        "green": [(Polygon([(0, 3000), (900, 3000), (900, 4096), (0, 4096)]), {"class": "park"})],
        "buildings": [(house, {})],
        "roads": [(across, {"class": "main", "name": "High Street"})],
        "rail": [(LineString([(0, 1200), (4096, 1200)]), {"class": "rail"})],
        "places": [(Spot(2048, 2600), {"name": "Square", "class": "square", "from": 12})],
        "numbers": [(Spot(2100, 2300), {"number": "7"})],
    }
    content = [
        {"name": name, "features": [{"geometry": g, "properties": p} for g, p in features]}
        for name, features in layers.items()
    ]
    data: bytes = mapbox_vector_tile.encode(content, default_options={"y_coord_down": True})
    return data


def write_map(path: Path, tiles: dict[tuple[int, int, int], bytes]) -> Path:
    """A PMTiles file of gzipped vector tiles."""
    zooms = [zoom for zoom, _, _ in tiles]
    with path.open("wb") as out:
        writer = Writer(out)
        for at, data in sorted(tiles.items(), key=lambda item: zxy_to_tileid(*item[0])):
            writer.write_tile(zxy_to_tileid(*at), gzip.compress(data, mtime=0))
        header = {
            "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
            "min_zoom": min(zooms), "max_zoom": max(zooms),
            "min_lon_e7": 249000000, "min_lat_e7": 601000000,
            "max_lon_e7": 250000000, "max_lat_e7": 602000000,
            "center_zoom": 14, "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        writer.finalize(header, {"attribution": "© the mappers"})
    return path
