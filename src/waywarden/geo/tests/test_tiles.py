"""Reading tiles out of a PMTiles file that another program wrote."""

import gzip
import os
import random

import pytest

from waywarden.geo.tests import town
from waywarden.geo.tiles import TileFile, open_tiles
from waywarden.kernel.errors import Misconfigured


def test_a_tile_is_given_as_it_lies_in_the_file(tmp_path):
    tiles = TileFile(town.write_map(tmp_path / "m.pmtiles", {(3, 1, 2): b"hello"}))
    packed = tiles.read(3, 1, 2)
    assert tiles.is_gzipped
    assert gzip.decompress(packed) == b"hello"
    assert tiles.read_plain(3, 1, 2) == b"hello"


@pytest.mark.parametrize("at", [(3, 2, 2), (3, 8, 0), (3, -1, 0), (-1, 0, 0), (99, 0, 0)])
def test_where_there_is_no_tile_there_is_none(tmp_path, at):
    tiles = TileFile(town.write_map(tmp_path / "m.pmtiles", {(3, 1, 2): b"hello"}))
    assert tiles.read(*at) is None
    assert tiles.read_plain(*at) is None


def test_the_file_tells_what_it_covers(tmp_path):
    tiles = TileFile(town.write_map(tmp_path / "m.pmtiles", {(3, 1, 2): b"a", (5, 1, 2): b"b"}))
    assert tiles.zooms == range(3, 6)
    assert tiles.content_type == "application/vnd.mapbox-vector-tile"
    assert tiles.attribution == "© the mappers"
    assert (tiles.box.west, tiles.box.north) == (24.9, 60.2)


def test_tiles_behind_a_second_directory_are_found(tmp_path):
    # So many that the root directory no longer fits its 16 kB.
    dice = random.Random(7)  # noqa: S311 - only to make tiles of uneven sizes
    grid = {(7, x, y): dice.randbytes(dice.randint(1, 400)) for x in range(128) for y in range(128)}
    tiles = TileFile(town.write_map(tmp_path / "m.pmtiles", grid))
    assert tiles._header["leaf_directory_length"] > 0
    assert all(tiles.read_plain(*at) == grid[at] for at in [(7, 0, 0), (7, 127, 3), (7, 64, 99)])


@pytest.mark.parametrize("content", [b"", b"no map at all" * 20, b"PMTiles\x01" + b"\0" * 200])
def test_a_file_that_is_no_map_is_a_mistake_of_the_operator(tmp_path, content):
    path = tmp_path / "m.pmtiles"
    path.write_bytes(content)
    with pytest.raises(Misconfigured):
        open_tiles(path)


def test_a_missing_file_is_a_mistake_of_the_operator(tmp_path):
    with pytest.raises(Misconfigured, match="no map"):
        open_tiles(tmp_path / "none.pmtiles")


def test_a_file_is_opened_once_and_again_when_replaced(tmp_path):
    path = town.write_map(tmp_path / "m.pmtiles", {(3, 1, 2): b"old"})
    first = open_tiles(path)
    assert open_tiles(path) is first
    town.write_map(tmp_path / "next", {(3, 1, 2): b"new"}).replace(path)
    os.utime(path, ns=(1, 1))
    assert open_tiles(path).read_plain(3, 1, 2) == b"new"
