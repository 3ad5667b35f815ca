"""A works system in trouble: what callers are told, and nothing lost or doubled."""

import socket

import pytest

from waywarden.adapters.demo.fake import Switches
from waywarden.adapters.demo.tests.asking import KEYED, jobs, update
from waywarden.adapters.demo.tests.conftest import report
from waywarden.adapters.demo.works import NewJob


def test_a_repeat_is_answered_after_the_adapter_was_started_again(deploy, works):
    assert deploy().post("/requests.json", report()).json == (
        deploy().post("/requests.json", report()).json
    )
    assert len(jobs(works)) == 1


@pytest.mark.parametrize(("switch", "status"), [("lost_reply", 504), ("garbage", 502)])
def test_after_a_lost_answer_a_repeat_finds_the_job(adapter, works, works_app, switch, status):
    adapter.get("/services.json")
    works_app.switches = Switches(**{switch: True})
    assert adapter.post("/requests.json", report()).status == status
    assert len(jobs(works)) == 1
    works_app.switches = Switches()
    got = adapter.post("/requests.json", report())
    assert got.json[0]["service_request_id"] == "1"
    assert len(jobs(works)) == 1


def test_a_lost_answer_is_not_taken_for_an_older_job_of_the_same_report(adapter, works, works_app):
    adapter.post("/requests.json", report(), idempotency_key="one")
    works_app.switches = Switches(html=True)
    assert adapter.post("/requests.json", report(), idempotency_key="two").status == 502
    works_app.switches = Switches()
    got = adapter.post("/requests.json", report(), idempotency_key="two")
    assert got.json[0]["service_request_id"] == "2"
    assert len(jobs(works)) == 2


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        ({"refuses": True}, 400),
        ({"garbage": True}, 502),
        ({"html": True}, 502),
        ({"down": True}, 503),
        ({"lost_reply": True}, 504),
        ({"slow": 0.6}, 504),
    ],
)
@pytest.mark.parametrize(
    "what", ["services", "definition", "requests", "updates", "post", "update"]
)
def test_a_vendor_in_trouble_gives_the_right_error(adapter, works, works_app, switch, status, what):
    works.add_job(NewJob(job_type="POTH", details="x", lat=60, lon=24))
    adapter.get("/services.json")
    works_app.switches = Switches(**switch)
    got = {
        "services": lambda: adapter.get("/services.json"),
        "definition": lambda: adapter.get("/services/POTH.json"),
        "requests": lambda: adapter.get("/requests.json"),
        "updates": lambda: adapter.get("/servicerequestupdates.json", **KEYED),
        "post": lambda: adapter.post("/requests.json", report()),
        "update": lambda: adapter.post("/servicerequestupdates.json", update()),
    }[what]()
    assert got.status == status
    assert int(got.json[0]["code"]) == status
    if what == "post":
        assert ("POST", "/api/jobs") in works_app.calls
    assert "Traceback" not in got.text
    assert "127.0.0.1" not in got.text


def test_a_vendor_that_is_not_there_is_503_and_a_repeat_may_be_sent_at_once(deploy, works):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    got = deploy(url=nobody).post("/requests.json", report())
    assert got.status == 503
    assert int(got.headers["retry-after"]) > 0
    assert deploy().post("/requests.json", report()).status == 200
    assert len(jobs(works)) == 1


def test_an_address_that_is_not_allowed_is_not_asked(deploy, works):
    got = deploy(lambda text: text.replace('allow_private = ["127.0.0.1", "localhost"]', ""))
    assert got.post("/requests.json", report()).status == 503
    assert jobs(works) == []


def test_a_job_that_may_still_turn_up_is_not_sent_again_at_once(deploy, works, works_app):
    adapter = deploy(lambda text: text.replace("settle_seconds = 0", "settle_seconds = 60"))
    adapter.get("/services.json")
    works_app.switches = Switches(html=True)
    assert adapter.post("/requests.json", report()).status == 502
    works_app.switches = Switches()
    assert adapter.post("/requests.json", report()).status == 503
    assert jobs(works) == []


@pytest.mark.parametrize("switch", ["garbage", "html", "lost_reply", "refuses", "down"])
def test_a_vendor_that_cannot_be_asked_for_services_was_sent_nothing(
    adapter, works, works_app, switch
):
    works_app.switches = Switches(**{switch: True})
    assert adapter.post("/requests.json", report()).status == 503
    works_app.switches = Switches()
    assert jobs(works) == []
    assert adapter.post("/requests.json", report()).status == 200
