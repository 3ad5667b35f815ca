"""Pages and unchanged answers: what the server adds where a provider can do more."""

import json
from urllib.parse import parse_qsl

import pytest

from waywarden.open311 import types
from waywarden.open311.filters import request_filter_of, request_filter_pairs
from waywarden.open311.pages import etag_of, is_held, links_of
from waywarden.open311.params import Fields, update_of, update_pairs
from waywarden.open311.provider import ProviderError
from waywarden.open311.server import Open311App
from waywarden.open311.tests.memory import MemoryProvider
from waywarden.open311.tests.test_server import ask


class Site(MemoryProvider):
    """A provider that knows its revision and what is on offer where."""

    revised = "1"

    def revision(self, call):
        if call.api_key == "bad":
            raise ProviderError(403, "api_key is not known.")
        return self.revised

    def services_at(self, _call, lat, long):
        return [types.Service(f"{lat},{long}", "Here")]


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def app(site):
    return Open311App(site)


def test_an_unchanged_answer_is_a_304_without_asking_for_rows(app, site):
    first = ask(app, "/requests.json", query="status=open")
    assert (first.status, first.headers["Cache-Control"]) == (200, "no-cache")
    asked = len(site.queries)
    mark = first.headers["ETag"]
    for held in (mark, f'"other", W/{mark}'):
        again = ask(app, "/requests.json", query="status=open", HTTP_IF_NONE_MATCH=held)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", mark)
    assert len(site.queries) == asked


@pytest.mark.parametrize(
    ("path", "query"),
    [("/requests.xml", "status=open"), ("/requests.json", "status=closed"), ("/requests.json", "")],
)
def test_another_question_has_another_mark(app, path, query):
    mark = ask(app, "/requests.json", query="status=open").headers["ETag"]
    assert ask(app, path, query=query, HTTP_IF_NONE_MATCH=mark).status == 200


def test_a_new_revision_is_a_new_answer(app, site):
    mark = ask(app, "/services.xml").headers["ETag"]
    site.revised = "2"
    assert ask(app, "/services.xml", HTTP_IF_NONE_MATCH=mark).status == 200


def test_who_may_not_ask_gets_no_304(app):
    mark = ask(app, "/services.xml", query="api_key=bad").headers.get("ETag")
    assert mark is None
    assert ask(app, "/services.xml", query="api_key=bad").status == 403


def test_posts_and_failures_carry_no_mark(app):
    form = {"service_code": "001", "lat": "1", "long": "2", "api_key": "key"}
    assert "ETag" not in ask(app, "/requests.json", method="POST", form=form).headers
    assert "ETag" not in ask(app, "/requests/none.json").headers


def test_services_at_a_place_are_asked_of_who_knows_them(app):
    found = json.loads(ask(app, "/services.json", query="lat=1.5&long=2").body)
    assert [one["service_code"] for one in found] == ["1.5,2.0"]
    plain = Open311App(MemoryProvider())
    assert len(json.loads(ask(plain, "/services.json", query="lat=1.5&long=2").body)) == 3
    assert ask(app, "/services.json", query="lat=1.5").status == 400


def test_a_full_page_names_the_next_and_a_later_one_the_previous(app, site):
    site.requests_list = [types.ServiceRequest(str(n)) for n in range(2)]
    answer = ask(app, "/requests.json", query="page=3&page_size=2&q=a+%26+b")
    prev, following = answer.headers["Link"].split(", ")
    address = following.partition("?")[2].partition(">")[0]
    assert dict(parse_qsl(address)) == {"q": "a & b", "page": "4", "page_size": "2"}
    assert (following.endswith('rel="next"'), "page=2" in prev) == (True, True)


def test_a_page_that_is_all_has_no_link(app, site):
    site.requests_list = [types.ServiceRequest("1")]
    assert "Link" not in ask(app, "/requests.json").headers
    query = types.RequestQuery(service_request_ids=("1",))
    assert links_of("/requests.json", [], query, rows=5000) == ""


def test_the_mark_does_not_hang_on_the_order_of_parameters():
    pairs = [("a", "1"), ("b", "2"), ("c", "")]
    assert etag_of("/x", pairs, "r") == etag_of("/x", pairs[1::-1], "r")
    assert etag_of("/x", pairs, "r") != etag_of("/x", pairs, "s")
    assert not is_held(etag_of("/x", pairs, "r"), "*")


def test_every_filter_goes_out_and_comes_back():
    query = types.RequestQuery(
        bounds=types.Bounds(24.9, 60.1, 25.0, 60.2),
        near=types.Near(60.15, 24.95, 250.0),
        words="dark lamp",
        page=2,
        page_size=50,
    )
    assert request_filter_of(Fields(request_filter_pairs(query))) == query


def test_a_page_is_never_larger_than_a_thousand_rows():
    assert request_filter_of(Fields([("page_size", "5000")])).page_size == 1000


def test_an_update_may_name_the_receivers_own_number():
    pairs = [
        ("service_request_id", "1"), ("update_id", "2"), ("status", "FIXED"),
        ("updated_datetime", "2026-11-25T09:30:00Z"), ("fixmystreet_id", "77"),
        ("external_status_code", "X1"), ("customer_reference", "R-9"),
    ]  # fmt: skip
    new = update_of(Fields(pairs))
    assert (new.fixmystreet_id, new.external_status_code, new.customer_reference) == (
        77,
        "X1",
        "R-9",
    )
    assert update_of(Fields(update_pairs(new))) == new
