"""What geocoders are asked and answer."""

import json

import pytest

from waywarden.geo.gazetteer import Match
from waywarden.geo.geocoders import Geocoder, parse_geocoder, question, read_answer
from waywarden.geo.points import Box, Point
from waywarden.kernel.errors import Misconfigured

HERE = Box(24.8, 60.1, 25.1, 60.3)
NOMINATIM = Geocoder("nominatim", "https://geo.example")
PHOTON = Geocoder("photon", "https://geo.example")
MILL_LANE = Match("Mill Lane, Borchester", "residential", Point(60.17, 24.94))
NOMINATIM_ROW = {
    "display_name": "Mill Lane, Borchester", "type": "residential", "lat": "60.17", "lon": "24.94",
}  # fmt: skip
PHOTON_ROW = {
    "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
    "properties": {"name": "Mill Lane", "city": "Borchester", "osm_value": "residential"},
}


def test_a_geocoder_is_its_kind_and_its_address():
    assert parse_geocoder("nominatim:https://geo.example/") == NOMINATIM
    assert parse_geocoder("") is None


@pytest.mark.parametrize("text", ["google:https://geo.example", "photon", "photon:geo.example"])
def test_what_is_no_geocoder_is_said_so(text):
    with pytest.raises(Misconfigured, match="nominatim:https"):
        parse_geocoder(text)


def test_nominatim_is_asked_within_the_box():
    asked = question(NOMINATIM, "mill lane", within=HERE, language="fr", most=5)
    assert asked.url == "https://geo.example/search"
    assert asked.params == {
        "q": "mill lane", "format": "jsonv2", "viewbox": "24.8,60.3,25.1,60.1", "bounded": "1",
        "limit": "5", "accept-language": "fr",
    }  # fmt: skip


def test_photon_is_asked_within_the_box():
    asked = question(PHOTON, "mill lane", within=HERE, language="", most=5)
    assert asked.url == "https://geo.example/api"
    assert asked.params == {"q": "mill lane", "bbox": "24.8,60.1,25.1,60.3", "limit": "5"}


@pytest.mark.parametrize(
    ("geocoder", "answer"),
    [(NOMINATIM, [NOMINATIM_ROW]), (PHOTON, {"features": [PHOTON_ROW]})],
    ids=["nominatim", "photon"],
)
def test_answers_are_read_and_what_lies_outside_is_dropped(geocoder, answer):
    body = json.dumps(answer).encode()
    assert read_answer(geocoder, body, within=HERE) == [MILL_LANE]
    assert read_answer(geocoder, body, within=Box(0, 0, 1, 1)) == []


def test_a_photon_address_without_a_name_is_its_street_and_number():
    row = {
        "geometry": {"coordinates": [24.94, 60.17]},
        "properties": {"street": "Mill Lane", "housenumber": "4", "city": "Borchester"},
    }
    body = json.dumps({"features": [row]}).encode()
    assert read_answer(PHOTON, body, within=None)[0].name == "Mill Lane 4, Borchester"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[1]", b'{"features": [{}]}', b"null"])
@pytest.mark.parametrize("geocoder", [NOMINATIM, PHOTON])
def test_what_is_no_answer_is_said_so(geocoder, body):
    with pytest.raises(ValueError):  # noqa: PT011 - of JSON or of ours
        read_answer(geocoder, body, within=None)
