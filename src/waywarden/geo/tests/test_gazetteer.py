"""Names to places and back, in a town of three streets."""

import json

import pytest

from waywarden.geo.gazetteer import Gazetteer, folded, open_gazetteer
from waywarden.geo.points import Box, Point
from waywarden.geo.tests.town import NAMES
from waywarden.kernel.errors import Misconfigured


@pytest.fixture
def town():
    return Gazetteer(NAMES)


def names(matches):
    return [match.name for match in matches]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("High Street", ["High Street", "Old High Street"]),
        ("high  STREET", ["High Street", "Old High Street"]),
        ("storgatan", ["High Street"]),
        ("toolonkatu", ["Töölönkatu"]),
        ("high", ["High Park", "High Street", "Old High Street"]),
        ("street old", ["Old High Street"]),
        ("nowhere", []),
        ("  ", []),
    ],
)
def test_names_are_found_likeliest_first(town, typed, found):
    assert names(town.search(typed)) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("High Street 2", ["High Street 2"]),
        ("high street 12a", ["High Street 12 A"]),
        ("Storgatan 12 B", ["High Street 12 B"]),
        ("High Street, 12", ["High Street 12 A", "High Street 12 B"]),
        ("High Street 99", ["High Street", "Old High Street"]),
    ],
)
def test_an_address_is_found_else_its_street(town, typed, found):
    assert names(town.search(typed)) == found


def test_a_match_says_what_and_where_it_is(town):
    (park,) = town.search("high park")
    assert (park.kind, park.point) == ("park", Point(60.171, 24.945))


def test_only_what_lies_within_the_box_is_given(town):
    south = Box(24.9, 60.1, 25, 60.175)
    assert names(town.search("high street", within=south)) == ["High Street"]
    assert len(town.search("high", limit=1)) == 1


@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (60.1701, 24.93805, "High Street 2"),
        (60.1701, 24.9414, "High Street 12 B"),
        (60.1700, 24.9396, "High Street"),
        (60.1601, 24.9301, "Töölönkatu"),
        (60.25, 24.94, None),
    ],
)
def test_a_spot_is_named_by_the_nearest_door_else_street(town, lat, lon, name):
    assert town.nearest(Point(lat, lon)) == name


def test_a_gazetteer_of_nothing_finds_nothing():
    empty = Gazetteer({})
    assert empty.search("x") == []
    assert empty.nearest(Point(60, 24)) is None


def test_the_file_is_read_with_its_attribution(tmp_path):
    path = tmp_path / "names.json"
    path.write_text(json.dumps(NAMES))
    assert open_gazetteer(path).attribution == "© the mappers"
    assert open_gazetteer(path) is open_gazetteer(path)


@pytest.mark.parametrize("content", ["", "[1]", '{"streets": [{"name": "x"}]}'])
def test_a_broken_or_missing_file_is_a_mistake_of_the_operator(tmp_path, content):
    path = tmp_path / "names.json"
    with pytest.raises(Misconfigured):
        open_gazetteer(path)
    path.write_text(content)
    with pytest.raises(Misconfigured):
        open_gazetteer(path)


def test_folding_forgets_case_accents_and_spaces():
    assert folded("  Ääkkös   TIE ") == "aakkos tie"
