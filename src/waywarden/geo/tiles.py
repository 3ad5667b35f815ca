"""Reads single tiles out of a PMTiles file: what the site serves at /tiles/z/x/y.

The file is mapped, not read; its directories are kept once unpacked. Format: PMTiles
specification, version 3.
"""

import gzip
import json
import mmap
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pmtiles.tile import (
    Compression,
    HeaderDict,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

from waywarden.geo.points import Box
from waywarden.kernel.errors import Misconfigured

HEADER_BYTES = 127
DIRECTORY_DEPTH = 4  # the specification allows a root and up to three below it
DIRECTORIES_KEPT = 64
MOST_ZOOM = 26

NOT_PMTILES = (IndexError, KeyError, MagicNumberNotFound, SpecVersionUnsupported)

CONTENT_TYPES = {
    TileType.MVT: "application/vnd.mapbox-vector-tile",
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}


class TileFile:
    """One PMTiles file, open for reading; may be shared by threads."""

    def __init__(self, path: Path) -> None:
        """Raises Misconfigured if there is no PMTiles file at `path`."""
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._header: HeaderDict = deserialize_header(self._bytes[:HEADER_BYTES])
        except (OSError, ValueError, *NOT_PMTILES) as trouble:
            raise Misconfigured(f"{path} is not a PMTiles file of version 3") from trouble
        self._directory = self._kept_directories()

    @property
    def content_type(self) -> str:
        """The media type of its tiles; "" if the file does not say."""
        return CONTENT_TYPES.get(self._header["tile_type"], "")

    @property
    def is_gzipped(self) -> bool:
        """Whether `read` gives gzip, to be sent with `Content-Encoding: gzip`."""
        return bool(self._header["tile_compression"] == Compression.GZIP)

    @property
    def zooms(self) -> range:
        """The zooms that have tiles; a map enlarges the last one beyond them."""
        return range(self._header["min_zoom"], self._header["max_zoom"] + 1)

    @property
    def box(self) -> Box:
        """What the map covers."""
        header = self._header
        return Box(
            west=header["min_lon_e7"] / 1e7,
            south=header["min_lat_e7"] / 1e7,
            east=header["max_lon_e7"] / 1e7,
            north=header["max_lat_e7"] / 1e7,
        )

    @cached_property
    def attribution(self) -> str:
        """Who made the data, to be shown on every map; "" if the file does not say."""
        start, length = self._header["metadata_offset"], self._header["metadata_length"]
        packed = self._bytes[start : start + length]
        if self._header["internal_compression"] == Compression.GZIP:
            packed = gzip.decompress(packed)
        return str(json.loads(packed).get("attribution", ""))

    def read(self, zoom: int, x: int, y: int) -> bytes | None:
        """The tile as it lies in the file (see `is_gzipped`), None if there is none."""
        if not (0 <= zoom <= MOST_ZOOM and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
            return None
        wanted = zxy_to_tileid(zoom, x, y)
        start, length = self._header["root_offset"], self._header["root_length"]
        for _ in range(DIRECTORY_DEPTH):
            entry = find_tile(self._directory(start, length), wanted)
            if entry is None:
                return None
            if entry.run_length:
                place = self._header["tile_data_offset"] + entry.offset
                return self._bytes[place : place + entry.length]
            start = self._header["leaf_directory_offset"] + entry.offset
            length = entry.length
        return None

    def read_plain(self, zoom: int, x: int, y: int) -> bytes | None:
        """The tile unpacked, None if there is none."""
        tile = self.read(zoom, x, y)
        return gzip.decompress(tile) if tile and self.is_gzipped else tile

    def _kept_directories(self) -> Callable[[int, int], list[Any]]:
        """A reader of directories with a memory: unpacking one costs more than any look-up."""

        @lru_cache(maxsize=DIRECTORIES_KEPT)
        def directory(start: int, length: int) -> list[Any]:
            entries: list[Any] = deserialize_directory(self._bytes[start : start + length])
            return entries

        return directory


def open_tiles(path: Path) -> TileFile:
    """The file at `path`, opened once and again when it was replaced.

    Raises Misconfigured if it is not there or no PMTiles file.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as trouble:
        raise Misconfigured(f"there is no map at {path}") from trouble
    return _opened(path, changed)


@lru_cache(maxsize=8)
def _opened(path: Path, _changed: int) -> TileFile:
    return TileFile(path)
