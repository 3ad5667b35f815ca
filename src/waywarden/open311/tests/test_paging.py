"""Lists in pages, lists that are cut, lists that have not changed: as a client reads them."""

import pytest

from waywarden.kernel.http import Way
from waywarden.open311.client import Client
from waywarden.open311.pages import Listing, next_page
from waywarden.open311.types import RequestQuery


@pytest.fixture
def client(httpserver):
    way = Way(allowed_private={"127.0.0.1"})
    return Client(httpserver.url_for(""), way=way, format="json", jurisdiction_id="city")


def rows(*numbers):
    return [{"service_request_id": str(number), "status": "open"} for number in numbers]


def read(client, listing, *, most=1000, **query):
    found = client.all_requests(RequestQuery(**query), listing, most=most)
    return [row.service_request_id for row in found]


@pytest.mark.parametrize(
    ("link", "pairs"),
    [
        ("", None),
        ('<https://a.example/r.json?page=2>; rel="next"', (("page", "2"),)),
        ("<?page=2&x=>; rel=next", (("page", "2"), ("x", ""))),
        ('<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"', (("page", "3"),)),
        ('<https://a/?cursor=a%2Cb>; title="t"; rel="next last"', (("cursor", "a,b"),)),
        ('<https://a/?page=1>; rel="prev"', None),
        ('<https://a/?page=9>; rel="nextish"', None),
        ("rubbish", None),
    ],
)
def test_the_next_page_of_a_link_header(link, pairs):
    assert next_page(link) == pairs


def test_pages_are_followed_at_our_own_address_whatever_host_the_link_names(client, httpserver):
    asked = {"jurisdiction_id": "city", "start_date": "2026-01-01T00:00:00Z"}
    link = '<http://elsewhere.invalid/requests.json?page=2&jurisdiction_id=x>; rel="next"'
    httpserver.expect_ordered_request("/requests.json", query_string=asked).respond_with_json(
        rows(1, 2), headers={"Link": link}
    )
    httpserver.expect_ordered_request(
        "/requests.json", query_string={**asked, "page": "2"}
    ).respond_with_json(rows(3))
    listing = Listing()
    from datetime import UTC, datetime

    found = read(client, listing, most=2, start_date=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == ["1", "2", "3"]
    assert not listing.is_cut, "a server with pages cuts nothing"


def test_numbered_pages_are_asked_until_one_is_shorter(client, httpserver):
    for page, numbers in ((None, (1, 2)), (2, (3, 4)), (3, (5,))):
        query = {"jurisdiction_id": "city", "page_size": "2"} | (
            {"page": str(page)} if page else {}
        )
        httpserver.expect_ordered_request("/requests.json", query_string=query).respond_with_json(
            rows(*numbers)
        )
    listing = Listing()
    assert read(client, listing, page_size=2) == ["1", "2", "3", "4", "5"]
    assert not listing.is_cut


def test_a_server_that_does_not_know_pages_is_not_asked_for_ever(client, httpserver):
    httpserver.expect_request("/requests.json").respond_with_json(rows(1, 2))
    listing = Listing()
    assert read(client, listing, page_size=2) == ["1", "2"]
    assert len(httpserver.log) == 2


@pytest.mark.parametrize(("most", "is_cut"), [(2, True), (3, False)])
def test_an_answer_as_long_as_the_limit_was_cut(client, httpserver, most, is_cut):
    httpserver.expect_request("/requests.json").respond_with_json(rows(1, 2))
    listing = Listing()
    assert read(client, listing, most=most) == ["1", "2"]
    assert listing.is_cut is is_cut


def test_rows_that_are_left_out_took_up_room_in_an_answer_that_was_cut(client, httpserver):
    """Without that, what lies behind them would never be asked for."""
    listed = [*rows(1, 2), {"token": "T1"}, {"status": "open"}]
    httpserver.expect_request("/requests.json").respond_with_json(listed)
    listing = Listing()
    assert read(client, listing, most=4) == ["1", "2"]
    assert listing.is_cut


def test_a_list_that_has_not_changed_is_not_sent_again(client, httpserver):
    httpserver.expect_ordered_request("/requests.json").respond_with_json(
        rows(1), headers={"ETag": '"a"'}
    )
    first = Listing()
    assert read(client, first) == ["1"]
    assert (first.etag, first.is_unchanged) == ('"a"', False)
    httpserver.expect_ordered_request(
        "/requests.json", headers={"If-None-Match": '"a"'}
    ).respond_with_data("", status=304)
    again = Listing(etag=first.etag)
    assert read(client, again) == []
    assert (again.etag, again.is_unchanged) == ('"a"', True)
