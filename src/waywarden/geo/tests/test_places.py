"""What people type for a place, and what is meant by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waywarden.geo.places import (
    Reference,
    ShortPlusCode,
    Spot,
    Words,
    plus_code,
    understand,
)
from waywarden.geo.points import Point
from waywarden.geo.projections import BRITISH

HELSINKI = Point(60.1699, 24.9384)


@pytest.mark.parametrize(
    ("typed", "reference"),
    [("ref:4711", "4711"), ("REF: AB-12/3", "AB-12/3"), ("#4711", "4711"), (" ref:4711 ", "4711")],
)
def test_a_reference_is_known_by_its_mark(typed, reference):
    assert understand(typed) == Reference(reference)


@pytest.mark.parametrize(
    "typed",
    [
        "60.1699, 24.9384",
        "60.1699,24.9384",
        "60.1699 24.9384",
        "60,1699 24,9384",
        "60,1699; 24,9384",
        "+60.1699 +24.9384",
        "60.1699°, 24.9384°",
        "geo:60.1699,24.9384",
        "geo:60.1699,24.9384;u=35",
        "60.1699N 24.9384E",
        "N60.1699 E24.9384",
        "60.1699 N, 24.9384 E",
        "24.9384 E, 60.1699 N",
        "60° 10' 11.64\" N, 24° 56' 18.24\" E",
        "60°10′11.64″N 24°56′18.24″E",
    ],
)
def test_coordinates_are_understood_in_every_usual_hand(typed):
    found = understand(typed)
    assert isinstance(found, Spot)
    assert found.point.distance_m(HELSINKI) < 1


@pytest.mark.parametrize(
    ("typed", "lat", "lon"),
    [("-33.86, 151.21", -33.86, 151.21), ("33.86S 151.21E", -33.86, 151.21),
     ("51.5N 0.12W", 51.5, -0.12)],
)  # fmt: skip
def test_south_and_west_are_negative(typed, lat, lon):
    assert understand(typed) == Spot(Point(lat, lon))


@pytest.mark.parametrize(
    "typed",
    ["", "High Street", "High Street 12", "12 4", "60, 24", "95.5, 24.9", "51.5N 0.1N",
     "1.5 2.5 3.5", "SW1A 1AA", "AB12CD", "00100", "TQ 299 804"],
)  # fmt: skip
def test_anything_else_is_words(typed):
    assert understand(typed) == Words(typed)


def test_words_are_tidied():
    assert understand("  High \n Street ") == Words("High Street")


@pytest.mark.parametrize("typed", ["9GG65W9Q+X9", "9gg65w9q+x9"])
def test_a_full_plus_code_is_a_place(typed):
    found = understand(typed)
    assert isinstance(found, Spot)
    assert found.point.distance_m(HELSINKI) < 60


def test_a_short_plus_code_counts_from_the_place_named():
    found = understand("5W9Q+X9 Helsinki", near=Point(0, 0))
    assert found == ShortPlusCode("5W9Q+X9", "Helsinki")
    assert found.recover(Point(60.2, 24.9)).distance_m(HELSINKI) < 60


def test_a_short_plus_code_alone_counts_from_here():
    found = understand("5W9Q+X9", near=Point(60.2, 24.9))
    assert isinstance(found, Spot)
    assert found.point.distance_m(HELSINKI) < 60
    assert understand("5W9Q+X9") == ShortPlusCode("5W9Q+X9", "")


def test_a_maidenhead_locator_is_the_middle_of_its_square():
    found = understand("KP20le")
    assert isinstance(found, Spot)
    assert (found.point.lat, found.point.lon) == pytest.approx((60.1875, 24.9583), abs=1e-3)
    finer = understand("KP20le26")
    assert finer.point.distance_m(found.point) < 4000


def test_a_national_grid_reference_is_read_where_the_country_has_it():
    found = understand("TQ 299 804", grid=BRITISH)
    assert isinstance(found, Spot)
    assert found.point.distance_m(Point(51.5081, -0.1281)) < 150  # Trafalgar Square


@given(st.floats(-85, 85), st.floats(-179.9, 179.9))
def test_a_plus_code_of_a_place_leads_back_to_it(lat, lon):
    point = Point(lat, lon)
    found = understand(plus_code(point))
    assert isinstance(found, Spot)
    assert found.point.distance_m(point) < 15


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_coordinates_as_we_write_them_are_understood(lat, lon):
    point = Point(lat, lon).rounded()
    assert understand(str(point)) == Spot(point)


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text):
    assert isinstance(
        understand(text, near=HELSINKI, grid=BRITISH), (Reference, Spot, ShortPlusCode, Words)
    )
