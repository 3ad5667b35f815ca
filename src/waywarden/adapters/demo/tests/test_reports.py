"""A report becomes a job, once, with all that belongs to it."""

import pytest

from waywarden.adapters.demo.tests.asking import JPEG, jobs, multipart, update
from waywarden.adapters.demo.tests.conftest import report


def test_a_report_becomes_a_job_that_carries_our_number(adapter, works):
    got = adapter.post("/requests.json", report(media_url="https://example.org/a.jpg"))
    assert (got.status, got.json[0]["service_request_id"]) == (200, "1")
    (job,) = jobs(works)
    assert (job["their_ref"], job["origin"], job["details"]) == ("77", "OPEN311", "A deep hole")
    assert (job["lat"], job["lon"], job["answers"]) == (60.17, 24.94, {"depth": ["deep"]})
    assert (job["reporter"], job["reporter_email"]) == ("Rosa Reporter", "rosa@example.org")
    assert job["photo_urls"] == ["https://example.org/a.jpg"]


def test_several_choices_come_over(adapter, works):
    adapter.post("/requests.json", report(**{"attribute[where_in_road]": ["lane", "kerb"]}))
    assert jobs(works)[0]["answers"]["where_in_road"] == ["lane", "kerb"]


def test_uploaded_photos_are_stored_and_what_is_no_photo_never_stops_a_report(adapter, works):
    files = [
        ("photo1", "a.jpg", "image/jpeg", JPEG),
        ("photo2", "b.jpg", "image/jpeg", b"<html>no photo"),
    ]
    body = multipart(report(), files)
    kind = "multipart/form-data; boundary=b"
    assert adapter.ask("POST", "/requests.json", body=body, kind=kind).status == 200
    assert jobs(works)[0]["photo_nos"] == [1]
    assert works.photo(1).data == JPEG


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"attribute[depth]": ""}, "attribute[depth]"),
        ({"attribute[depth]": "bottomless"}, "attribute[depth]"),
        ({"attribute[where_in_road]": ["lane", "sky"]}, "attribute[where_in_road]"),
        ({"attribute[easting]": "far"}, None),
        ({"lat": "", "long": "", "address_string": "Kamppi"}, "lat"),
        ({"lat": "91"}, "lat"),
        ({"service_code": ""}, "service_code"),
    ],
)
def test_a_wrong_report_is_refused_by_name_and_makes_no_job(adapter, works, wrong, named):
    got = adapter.post("/requests.json", report(**wrong))
    assert got.status == 400
    assert (named or "attribute[easting]") in got.json[0]["description"]
    assert jobs(works) == []


@pytest.mark.parametrize("key", ["", "wrong", "OPEN SESAME"])
def test_without_a_good_key_nothing_is_sent(adapter, works, key):
    assert adapter.post("/requests.json", report(api_key=key)).status == 403
    assert adapter.post("/servicerequestupdates.json", update(api_key=key)).status == 403
    assert adapter.get("/servicerequestupdates.json", api_key=key).status == 403
    assert jobs(works) == []


def test_another_jurisdiction_is_not_known(adapter):
    got = adapter.post("/requests.xml", report(jurisdiction_id="ambridge"))
    assert got.status == 404
    assert b"<errors>" in got.body


def test_the_same_report_twice_is_one_job(adapter, works):
    first = adapter.post("/requests.json", report())
    again = adapter.post("/requests.json", report(description="A very deep hole"))
    assert first.json == again.json
    assert len(jobs(works)) == 1


def test_the_idempotency_key_goes_before_our_number(adapter, works):
    for key in ("one", "two", "one"):
        adapter.post("/requests.json", report(), idempotency_key=key)
    assert len(jobs(works)) == 2


def test_a_key_used_for_something_else_is_a_conflict(adapter, works):
    adapter.post("/requests.json", report(), idempotency_key="one")
    got = adapter.post("/requests.json", report(description="Other"), idempotency_key="one")
    assert got.status == 409
    assert len(jobs(works)) == 1
