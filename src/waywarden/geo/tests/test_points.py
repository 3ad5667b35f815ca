"""Distances, boxes, cells and tiles, against figures from elsewhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waywarden.geo.points import (
    Box,
    Point,
    TilePixel,
    metres_per_pixel,
    pixel_of,
    point_of_pixel,
    tile_at,
    tile_box,
)

points = st.builds(Point, st.floats(-85, 85), st.floats(-179.999, 179.999))


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.1, 0), (0, 180.1), (math.nan, 0), (0, math.inf), (-91, 0)]
)
def test_a_point_off_the_earth_is_refused(lat, lon):
    with pytest.raises(ValueError, match="not a place on earth"):
        Point(lat, lon)


def test_a_degree_of_latitude_is_about_111_kilometres():
    assert Point(51, 0).distance_m(Point(52, 0)) == pytest.approx(111_195, abs=10)


def test_london_to_paris_is_343_and_a_half_kilometres():
    london, paris = Point(51.5074, -0.1278), Point(48.8566, 2.3522)
    assert london.distance_m(paris) == pytest.approx(343_556, rel=0.002)


def test_the_way_over_the_date_line_is_the_short_one():
    assert Point(0, 179.5).distance_m(Point(0, -179.5)) == pytest.approx(111_195, abs=10)


@pytest.mark.parametrize(
    ("point", "zoom", "tile"),
    [
        # The worked example of the OpenStreetMap wiki's page on tile names is in Tokyo.
        (Point(35.6590699, 139.7006793), 18, (232798, 103246)),
        (Point(0, 0), 1, (1, 1)),
        (Point(90, 180), 3, (7, 0)),
        (Point(-90, -180), 3, (0, 7)),
    ],
)
def test_tiles_are_named_as_everywhere(point, zoom, tile):
    assert tile_at(point, zoom) == tile


def test_a_tile_covers_the_box_that_it_should():
    world = tile_box(0, 0, 0)
    assert (world.west, world.east) == (-180, 180)
    assert world.north == pytest.approx(85.0511, abs=1e-4)
    assert tile_box(1, 1, 0).south == pytest.approx(0, abs=1e-9)


@given(points, st.integers(0, 19))
def test_a_click_on_a_points_pixel_gives_the_point_back(point, zoom):
    back = point_of_pixel(pixel_of(point, zoom))
    assert back.lat == pytest.approx(point.lat, abs=1e-6)
    assert back.lon == pytest.approx(point.lon, abs=1e-6)


def test_the_middle_of_the_world_tile_is_nowhere_in_particular():
    assert point_of_pixel(TilePixel(zoom=0, x=0, y=0, left=128, top=128)) == Point(0, 0)


def test_a_pixel_is_156_kilometres_at_zoom_0_and_halves():
    assert metres_per_pixel(0, 0) == pytest.approx(156_367, rel=0.002)
    assert metres_per_pixel(60, 10) == pytest.approx(metres_per_pixel(0, 11), rel=1e-9)


def test_a_cell_fits_a_bigint_and_its_top_bits_are_the_tile():
    point = Point(60.17, 24.94)
    x, y = tile_at(point, 15)
    interleaved = int("".join(b + a for a, b in zip(f"{x:015b}", f"{y:015b}", strict=True)), 2)
    assert point.cell >> 2 * (31 - 15) == interleaved
    assert 0 <= point.cell < 2**63


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("24.9,60.1,25,60.2", Box(24.9, 60.1, 25, 60.2)),
        ("170,-10,190,10", Box(170, -10, -170, 10)),
        ("-300,-95,300,95", Box(-180, -90, 180, 90)),
    ],
)
def test_a_maps_box_is_read(text, box):
    assert Box.parse(text) == box


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,5,2,4", "nan,0,1,1", "1,2,3,4,5"])
def test_what_is_no_box_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ, the class is the promise
        Box.parse(text)


def test_a_box_over_the_date_line_holds_both_sides_and_not_the_middle():
    box = Box(170, -10, -170, 10)
    assert box.holds(Point(0, 175))
    assert box.holds(Point(0, -175))
    assert not box.holds(Point(0, 0))
    assert box.centre == Point(0, 180)


@given(points, st.floats(1, 50_000), st.floats(0, 360))
def test_the_box_around_a_point_holds_all_within_the_distance(point, metres, bearing):
    box = Box.around(point, metres)
    up = metres * 0.99 * math.cos(math.radians(bearing)) / 111_195
    lat = point.lat + up
    side = metres * 0.99 * math.sin(math.radians(bearing)) / 111_195
    lon = point.lon + side / math.cos(math.radians(max(abs(lat), abs(point.lat))))
    other = Point(lat, (lon + 180) % 360 - 180)
    assert point.distance_m(other) > metres or box.holds(other)
