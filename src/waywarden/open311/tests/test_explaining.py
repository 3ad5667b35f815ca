"""What a saved answer is explained as: rows with the names of the wire, and what was forgiven."""

from zoneinfo import ZoneInfo

import pytest

from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.explaining import KINDS, explain

REQUEST = (
    "<request><service_request_id>7</service_request_id><status>Open</status>"
    "<requested_datetime>2026-06-01T10:00:00</requested_datetime>"
    "<lat>60,17</lat><long>24.94</long><colour>red</colour></request>"
)
SAMPLES = {
    "services": ("[{'service_code': '001', 'service_name': 'Hole'}]", "service_code", "001"),
    "definition": (
        "<service_definition><service_code>H</service_code><attributes/></service_definition>",
        "attributes",
        [],
    ),
    "requests": (f"<service_requests>{REQUEST}</service_requests>", "service_request_id", "7"),
    "updates": (
        "[{'update_id': 9, 'service_request_id': 7, 'status': 'fixed', 'description': 'Filled'}]",
        "status",
        "FIXED",
    ),
    "post": ("[{'service_request_id': 'A-1'}]", "service_request_id", "A-1"),
    "token": ("[{'token': 't', 'service_request_id': '8'}]", "service_request_id", "8"),
    "discovery": ("{'contact': 'it@example.org'}", "contact", "it@example.org"),
    "error": ("<error>No such service</error>", "description", "No such service"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_document_becomes_rows_with_the_names_of_the_wire(kind):
    document, name, value = SAMPLES[kind]
    found = explain(document.replace("'", '"').encode(), kind)
    assert found.rows[0][name] == value


def test_what_was_forgiven_is_told_with_its_place():
    found = explain(SAMPLES["requests"][0].encode(), "requests", zone=ZoneInfo("Europe/Helsinki"))
    (row,) = found.rows
    assert row["requested_datetime"] == "2026-06-01T07:00:00Z"
    assert (row["lat"], row["extras"]) == (60.17, {"colour": "red"})
    told = {(one.code, one.where) for one in found.deviations}
    assert told == {
        ("date-without-zone", "request[1].requested_datetime"),
        ("decimal-comma", "request[1].lat"),
    }


def test_a_list_that_breaks_off_gives_what_came_before():
    found = explain(f"<service_requests>{REQUEST}<request><service_re".encode(), "requests")
    assert [row["service_request_id"] for row in found.rows] == ["7"]
    assert "document-broken-off" in {one.code for one in found.deviations}


def test_the_answer_to_a_posted_update_is_a_receipt_too():
    document = (
        "<service_request_updates><request_update><update_id>5</update_id></request_update>"
        "</service_request_updates>"
    )
    assert explain(document.encode(), "post").rows == [{"update_id": "5"}]


def test_a_token_that_is_not_ready_is_a_row_without_an_id():
    found = explain(b'[{"token": "t", "service_request_id": ""}]', "token")
    assert found.rows == [{"service_request_id": None, "token": "t"}]
    assert explain(b"[]", "token").rows == []


def test_an_empty_list_is_understood():
    assert explain(b"<service_requests/>", "requests").rows == []


@pytest.mark.parametrize(
    ("document", "kind", "error"),
    [
        (b"", "requests", NotOpen311),
        (b"<html><title>Log in</title></html>", "services", NotOpen311),
        (b"\x00\x01\x02", "updates", NotOpen311),
        (b"[]", "post", NotOpen311),
        (b"<services/>", "error", NotOpen311),
        (b"<errors><error><code>403</code></error></errors>", "requests", Fault),
        (b"<errors><error><code>403</code></error></errors>", "post", Fault),
    ],
)
def test_where_there_is_nothing_to_read_it_is_said(document, kind, error):
    with pytest.raises(error):
        explain(document, kind)
