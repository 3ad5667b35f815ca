"""Changes of jobs come back as updates, and what people add goes in."""

import pytest

from waywarden.adapters.demo.fake import Switches
from waywarden.adapters.demo.tests.asking import KEYED, update, window
from waywarden.adapters.demo.tests.conftest import report
from waywarden.adapters.demo.works import NewJob


def test_a_job_marked_done_is_an_update_that_carries_our_number(adapter, works):
    adapter.post("/requests.json", report())
    works.change_job(1, state="DONE", note="Fixed by the road crew")
    (row,) = adapter.get("/servicerequestupdates.json", **window()).json
    assert (row["update_id"], row["service_request_id"]) == ("1", "1")
    assert row["status"].lower() == "fixed"
    assert row["description"] == "Fixed by the road crew"
    assert row["external_status_code"] == "DONE"
    assert int(row["fixmystreet_id"]) == 77


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("INSPECTED", "investigating"),
        ("ORDERED", "action_scheduled"),
        ("NO_ACTION", "no_further_action"),
        ("DUPLICATE", "duplicate"),
    ],
)
def test_states_are_told_in_open311_words(adapter, works, state, status):
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    works.change_job(1, state=state, note="")
    (row,) = adapter.get("/servicerequestupdates.json", **window()).json
    assert row["status"].lower() == status


def test_an_ignored_state_tells_nothing(deploy, works):
    adapter = deploy(
        lambda text: text.replace('INSPECTED = "investigating"', 'INSPECTED = "ignore"')
    )
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    works.change_job(1, state="INSPECTED", note="")
    works.change_job(1, state="DONE", note="")
    rows = adapter.get("/servicerequestupdates.json", **window()).json
    assert [row["update_id"] for row in rows] == ["2"]


def test_update_ids_stay_the_same_however_often_they_are_asked(adapter, works):
    for _ in range(3):
        works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    for job_no in (2, 3, 1):
        works.change_job(job_no, state="DONE", note="")
    asked = [adapter.get("/servicerequestupdates.json", **window()).json for _ in range(2)]
    assert asked[0] == asked[1]
    assert [(row["update_id"], row["service_request_id"]) for row in asked[0]] == [
        ("1", "2"),
        ("2", "3"),
        ("3", "1"),
    ]


def test_a_window_that_is_past_holds_nothing(adapter, works):
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    works.change_job(1, state="DONE", note="")
    past = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-02T00:00:00Z"}
    assert adapter.get("/servicerequestupdates.json", **past, **KEYED).json == []


def test_more_updates_than_a_page_all_come(adapter, works):
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    for number in range(205):
        works.change_job(1, state="NEW", note=str(number))
    rows = adapter.get("/servicerequestupdates.json", **window()).json
    assert [row["description"] for row in rows] == [str(number) for number in range(205)]


def test_a_posted_update_is_a_message_once_and_no_echo(adapter, works):
    adapter.post("/requests.json", report())
    first = adapter.post("/servicerequestupdates.json", update())
    assert first.json == adapter.post("/servicerequestupdates.json", update()).json
    assert first.json[0]["update_id"] == "1"
    (message,) = works.messages(1)
    assert (message["text"], message["wanted"], message["their_ref"]) == (
        "Still there",
        "OPEN",
        "900",
    )
    assert adapter.get("/servicerequestupdates.json", **window()).json == []


def test_a_posted_update_whose_answer_was_lost_is_found(adapter, works, works_app):
    adapter.post("/requests.json", report())
    works_app.switches = Switches(lost_reply=True)
    assert adapter.post("/servicerequestupdates.json", update()).status == 504
    assert len(works.messages(1)) == 1
    works_app.switches = Switches()
    assert adapter.post("/servicerequestupdates.json", update()).status == 200
    assert len(works.messages(1)) == 1


@pytest.mark.parametrize("number", ["x", "-1", "9" * 40])
def test_an_update_to_what_cannot_be_a_job_is_404(adapter, number):
    got = adapter.post("/servicerequestupdates.json", update(service_request_id=number))
    assert got.status == 404
