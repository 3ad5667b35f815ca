"""Pictures of tiles: the colours lie where the map's things are."""

import io

import pytest
from PIL import Image

from waywarden.geo.raster import _palettes, draw_tile
from waywarden.geo.tests import town
from waywarden.geo.tests.town import ZOOM, X, Y


@pytest.fixture(scope="module")
def town_map(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "town.pmtiles"
    return town.write_map(path, {(ZOOM, X, Y): town.tile()})


def picture(path, *at, **options):
    image = Image.open(io.BytesIO(draw_tile(path, *at, **options)))
    assert image.format == "PNG"
    assert image.size == (256, 256)
    return image.convert("RGB")


def is_near(pixel, colour):
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return all(abs(a - b) <= 6 for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("at", "colour"),
    [
        ((10, 10), "water"),
        ((10, 250), "park"),
        ((200, 30), "land"),
        ((170, 170), "building"),
        ((193, 193), "land"),  # the building's yard
    ],
)
def test_each_thing_has_its_colour_from_the_palette(town_map, dark, at, colour):
    palette = _palettes()["dark" if dark else "light"]
    assert is_near(picture(town_map, ZOOM, X, Y, dark=dark).getpixel(at), palette[colour])


def test_where_there_is_no_map_the_background_is_plain(town_map):
    image = picture(town_map, ZOOM, X + 5, Y)
    assert len(image.getcolors()) == 1
    assert is_near(image.getpixel((9, 9)), _palettes()["light"]["outside"])


def test_past_the_last_zoom_the_tile_is_enlarged(town_map):
    south_west = picture(town_map, ZOOM + 2, X * 4, Y * 4)
    light = _palettes()["light"]
    assert is_near(south_west.getpixel((100, 100)), light["water"])
    assert is_near(south_west.getpixel((250, 250)), light["land"])


def test_a_road_is_as_wide_as_on_the_ground(town_map):
    close = picture(town_map, ZOOM + 2, X * 4, Y * 4 + 1)
    assert is_near(close.getpixel((20, 144)), _palettes()["light"]["main"])
    assert is_near(close.getpixel((20, 154)), _palettes()["light"]["land"])


def test_names_are_written_from_zoom_15_on(town_map):
    def dark_pixels(zoom, x, y):
        return sum(count for count, p in picture(town_map, zoom, x, y).getcolors() if sum(p) < 400)

    assert dark_pixels(ZOOM, X, Y) == 0
    assert dark_pixels(ZOOM + 1, X * 2, Y * 2) > 20


def test_the_same_tile_is_drawn_once(town_map):
    assert draw_tile(town_map, ZOOM, X, Y) is draw_tile(town_map, ZOOM, X, Y)
