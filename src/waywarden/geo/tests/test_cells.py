"""Spans of cells: they hold all of their box, are few, and are not much more than it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waywarden.geo.cells import (
    Span,
    cell_at_zoom,
    span_of_tile,
    spans_of_box,
    tile_of_cell,
)
from waywarden.geo.points import Box, Point, tile_at

lats, lons = st.floats(-84, 84), st.floats(-179.9, 179.9)
shares = st.floats(0, 1)


def held(spans, point):
    return any(span.first <= point.cell <= span.last for span in spans)


@given(lats, lons, st.floats(0.00001, 2), st.floats(0.00001, 2), shares, shares)
def test_every_point_of_a_box_is_in_its_spans(south, west, height, width, up, along):
    box = Box(west, south, min(west + width, 180), min(south + height, 85))
    point = Point(
        min(south + (box.north - south) * up, box.north),
        min(west + (box.east - west) * along, box.east),
    )
    spans = spans_of_box(box)
    assert held(spans, point)
    assert len(spans) <= 16


@given(lats, lons, st.integers(1, 30))
def test_spans_are_in_order_and_apart_and_as_few_as_asked(lat, lon, most):
    spans = spans_of_box(Box.around(Point(lat, lon), 700), most)
    assert 1 <= len(spans) <= most
    assert all(a.last + 1 < b.first for a, b in pairwise(spans))


def test_spans_cover_little_more_than_the_box():
    box = Box(24.93, 60.16, 24.97, 60.18)
    left, top = tile_at(Point(box.north, box.west), 31)
    right, bottom = tile_at(Point(box.south, box.east), 31)
    asked = (right - left + 1) * (bottom - top + 1)
    covered = sum(span.last - span.first + 1 for span in spans_of_box(box))
    assert asked <= covered < 2 * asked


def test_the_whole_world_is_one_span():
    assert spans_of_box(Box(-180, -90, 180, 90)) == (Span(0, 2**62 - 1),)


def test_a_box_over_the_date_line_has_spans_on_both_sides():
    spans = spans_of_box(Box(179, -1, -179, 1))
    assert held(spans, Point(0, 179.5))
    assert held(spans, Point(0, -179.5))
    assert not held(spans, Point(0, 0))


@given(lats, lons, st.integers(0, 31))
def test_a_cell_knows_its_tile_at_each_zoom(lat, lon, zoom):
    point = Point(lat, lon)
    number = cell_at_zoom(point.cell, zoom)
    assert tile_of_cell(number) == tile_at(point, zoom)
    span = span_of_tile(number, zoom)
    assert span.first <= point.cell <= span.last


def test_the_four_tiles_of_zoom_1_share_all_cells_in_order():
    spans = [span_of_tile(number, 1) for number in range(4)]
    assert spans[0].first == 0
    assert [b.first - a.last for a, b in pairwise(spans)] == [1, 1, 1]
    assert spans[-1].last == 2**62 - 1


@pytest.mark.parametrize("most", [1, 2, 4])
def test_even_very_few_spans_hold_the_box(most):
    box = Box(-0.001, -0.001, 0.001, 0.001)  # across the lines where the quarters meet
    spans = spans_of_box(box, most)
    assert len(spans) <= most
    corners = [(box.south, box.west), (box.north, box.east), (box.north, box.west)]
    assert all(held(spans, Point(lat, lon)) for lat, lon in corners)
