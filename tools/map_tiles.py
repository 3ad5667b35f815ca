"""Cuts features into vector tiles and writes them as one PMTiles file."""

import gzip
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import shapely
from map_layers import Feature
from map_source import EXTENT
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

ZOOMS = range(10, 17)
GRID = 4096  # steps along a tile's side
BUFFER = 64  # steps kept beyond the edge, so that wide lines and outlines meet
HALF_WORLD = 20037508.342789244  # metres of the web mercator plane
LAYERS = ("land", "water", "green", "paved", "buildings", "roads", "rail", "places", "numbers")


def write_tiles(features: list[Feature], target: Path, attribution: str) -> int:
    """Writes the file; returns how many tiles it holds."""
    flat = [(feature, shapely.transform(feature.shape, _to_mercator)) for feature in features]
    tiles = 0
    with target.open("wb") as out:
        writer = Writer(out)
        for zoom in ZOOMS:
            drawn = [
                (f, _simplified(shape, zoom))
                for f, shape in flat
                if f.zoom <= zoom or zoom == ZOOMS[-1]
            ]
            for x, y in sorted(_tiles_at(zoom), key=lambda at: zxy_to_tileid(zoom, *at)):
                data = gzip.compress(_tile(drawn, zoom, x, y), mtime=0)
                writer.write_tile(zxy_to_tileid(zoom, x, y), data)
                tiles += 1
        writer.finalize(_header(), _metadata(attribution))
    return tiles


def _to_mercator(degrees: Any) -> Any:
    out = degrees.copy()
    for row, (lon, lat) in enumerate(degrees):
        out[row, 0] = lon / 180 * HALF_WORLD
        out[row, 1] = math.asinh(math.tan(math.radians(lat))) / math.pi * HALF_WORLD
    return out


def _tile_size(zoom: int) -> float:
    return float(2 * HALF_WORLD / 2**zoom)


def _simplified(shape: BaseGeometry, zoom: int) -> BaseGeometry:
    """Drops what is finer than a third of a pixel at this zoom; the last zoom keeps all."""
    if zoom == ZOOMS[-1]:
        return shape
    return shapely.simplify(shape, _tile_size(zoom) / 512 / 3, preserve_topology=True)


def _tiles_at(zoom: int) -> Iterator[tuple[int, int]]:
    size = _tile_size(zoom)
    west, south, east, north = shapely.bounds(shapely.transform(box(*EXTENT), _to_mercator))
    for x in range(int((west + HALF_WORLD) // size), int((east + HALF_WORLD) // size) + 1):
        for y in range(int((HALF_WORLD - north) // size), int((HALF_WORLD - south) // size) + 1):
            yield x, y


def _tile(drawn: list[tuple[Feature, BaseGeometry]], zoom: int, x: int, y: int) -> bytes:
    size = _tile_size(zoom)
    west, north = x * size - HALF_WORLD, HALF_WORLD - y * size
    bounds = (west, north - size, west + size, north)
    margin = size * BUFFER / GRID
    window = (bounds[0] - margin, bounds[1] - margin, bounds[2] + margin, bounds[3] + margin)
    layers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for feature, shape in drawn:
        piece = shapely.clip_by_rect(shape, *window) if shape.geom_type != "Point" else shape
        if piece.is_empty or not shapely.box(*window).intersects(piece):
            continue
        layers[feature.layer].append({"geometry": piece, "properties": feature.facts})
    content = [{"name": name, "features": layers[name]} for name in LAYERS if layers[name]]
    options = {"quantize_bounds": bounds, "extents": GRID, "y_coord_down": False}
    data: bytes = mapbox_vector_tile.encode(content, default_options=options)
    return data


def _header() -> dict[str, Any]:
    west, south, east, north = (round(degrees * 10**7) for degrees in EXTENT)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
        "center_zoom": 15,
        "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
    }  # fmt: skip


def _metadata(attribution: str) -> dict[str, Any]:
    layers = [
        {"id": name, "fields": {}, "minzoom": ZOOMS[0], "maxzoom": ZOOMS[-1]} for name in LAYERS
    ]
    return {"name": "Central Helsinki", "attribution": attribution, "vector_layers": layers}
