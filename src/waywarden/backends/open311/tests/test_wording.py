"""A report and an update as an Open311 server is told of them."""

import pytest

from waywarden.backends.contract import (
    Person,
)
from waywarden.backends.open311.options import Open311Options
from waywarden.backends.open311.tests.values import ANY, WATER_TOWER, options, photo, report, update
from waywarden.backends.open311.wording import description_of, new_request, new_update
from waywarden.kernel.errors import (
    Refused,
)


def test_title_detail_and_link_stand_in_the_description():
    assert description_of(report(), ANY) == (
        "title: Deep pothole\n\ndetail: By the bus stop.\n\nurl: https://example.org/report/7"
    )
    assert description_of(report(), options(description_style="plain")) == "By the bus stop."


def test_a_long_description_keeps_its_link_within_four_thousand_characters():
    text = description_of(report(description="x" * 5000), ANY)

    assert len(text) == 4000
    assert text.endswith("…\n\nurl: https://example.org/report/7")


def test_names_key_and_number_travel():
    new = new_request(report(), ANY)

    assert (new.first_name, new.last_name) == ("Rosa", "van Dale")
    assert (new.lat, new.long) == (52.2, -1.5)
    assert new.idempotency_key == report().key
    assert new.attributes == {"fixmystreet_id": ("7",)}


def test_a_category_names_its_own_field_for_our_number():
    assert new_request(report(id_field="ref"), ANY).attributes == {"ref": ("7",)}


def test_what_the_definition_asks_the_sender_to_fill_is_filled():
    asked = ("easting", "northing", "closest_address", "report_url", "title", "group", "usrn")

    attributes = new_request(
        report(**WATER_TOWER, server_set=asked, answers={"depth": ("a", "b")}), ANY
    ).attributes
    for axis, metres in (("easting", 651_410), ("northing", 313_177)):
        assert abs(int(attributes[axis][0]) - metres) < 10

    assert attributes == {
        "depth": ("a", "b"),
        "easting": attributes["easting"],
        "northing": attributes["northing"],
        "closest_address": ("12 High Street",),
        "report_url": ("https://example.org/report/7",),
        "title": ("Deep pothole",),
        "group": ("Roads",),
        "fixmystreet_id": ("7",),
    }


def test_what_the_site_knows_of_the_place_is_filled_where_it_is_asked_for():
    sent = new_request(
        report(
            server_set=("uprn", "usrn", "external_id", "unheard_of"),
            known={"uprn": "1000", "usrn": "22", "other": "x"},
            external_id="OLD-7",
        ),
        Open311Options(endpoint="https://c.example.org"),
    )
    assert sent.attributes["uprn"] == ("1000",)
    assert sent.attributes["usrn"] == ("22",)
    assert sent.attributes["external_id"] == ("OLD-7",)
    assert {"unheard_of", "other"}.isdisjoint(sent.attributes)


def test_a_server_with_a_grid_gets_northing_and_easting():
    tower = report(**WATER_TOWER)

    new = new_request(tower, options(coordinates="grid", projection="EPSG:27700"))

    assert abs(new.lat - 313_177.450) < 10
    assert abs(new.long - 651_409.804) < 10


def test_a_place_outside_of_the_grid_is_refused():
    with pytest.raises(Refused):
        new_request(report(lat=0.0, lon=88.0), options(coordinates="grid"))


def test_a_pin_that_was_not_placed_may_go_as_an_address():
    unplaced = report(is_placed=False)

    assert new_request(unplaced, ANY).lat == 52.2
    as_address = new_request(unplaced, options(always_latlong=False))
    assert (as_address.lat, as_address.address_string) == (None, "12 High Street")
    nowhere = report(is_placed=False, nearest_address="")
    assert new_request(nowhere, options(always_latlong=False)).lat == 52.2


@pytest.mark.parametrize(
    ("style", "urls", "uploads"),
    [
        ("one_url", ("u1",), 0),
        ("all_urls", ("u1", "u2"), 0),
        ("upload_when_private", ("u1", "u2"), 0),
        ("upload", (), 2),
    ],
)
def test_photos_go_as_the_connection_says(style, urls, uploads):
    new = new_request(
        report(photos=(photo(0, url="u1"), photo(1, url="u2"))), options(photos=style)
    )

    assert new.media_urls == urls
    assert [upload.name for upload in new.uploads] == ["photo1", "photo2"][:uploads]


@pytest.mark.parametrize("style", ["one_url", "all_urls", "upload", "upload_when_private"])
def test_photos_of_a_private_report_are_uploaded_whatever_the_connection_says(style):
    new = new_request(report(photos=(photo(0),), is_private=True), options(photos=style))

    assert new.media_urls == ()
    assert [upload.data for upload in new.uploads] == [b"\xff\xd8"]


def test_an_address_of_ours_is_put_in_where_one_is_required():
    nobody = report(person=Person(name="Rosa"))
    required = options(requires_email=True, substitute_email="us@example.org")

    assert new_request(nobody, ANY).email == ""
    assert new_request(nobody, required).email == "us@example.org"
    assert new_request(report(), required).email == "rosa@example.org"


@pytest.mark.parametrize(
    ("state", "reopens", "values", "wire"),
    [
        ("in progress", False, {}, "OPEN"),
        ("in progress", False, {"extended_statuses": True}, "IN_PROGRESS"),
        ("fixed - user", False, {}, "CLOSED"),
        ("fixed - user", False, {"extended_statuses": True}, "FIXED"),
        ("confirmed", True, {}, "OPEN"),
        ("confirmed", True, {"send_reopen": True}, "REOPEN"),
        ("fixed - user", False, {"statuses_sent": {"fixed - user": "MENDED"}}, "MENDED"),
    ],
)
def test_the_status_of_an_update(state, reopens, values, wire):
    assert new_update(update(state=state, reopens=reopens), options(**values)).status == wire


def test_an_update_without_the_bodys_number_is_refused():
    with pytest.raises(Refused):
        new_update(update(external_id=""), ANY)
