"""A body's own Open311 server with its oddities repaired."""

from datetime import timedelta

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.passthrough.fake import KEY as THEIR_KEY
from waywarden.adapters.passthrough.fake import OddServer
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.kernel import clock
from waywarden.kernel.secrets import hash_token
from waywarden.open311.dates import write_date
from waywarden.open311.tests.memory import served

_LISTS_ALL = "[system]\nlists_what_it_takes = true\n"
ENVIRON = {"BODY_API_KEY": THEIR_KEY}


@pytest.fixture
def server():
    return OddServer()


@pytest.fixture
def deploy(tmp_path, server):
    with served(server) as url:

        def build(change=lambda text: text):
            folder = tmp_path / "deployments"
            folder.mkdir(exist_ok=True)
            text = filled(
                KINDS["passthrough"], jurisdiction="east", name="East", api_key_hash=hash_token(KEY)
            )
            quick = (
                f'url = "{url}"\nallow_private = ["127.0.0.1"]\nread_seconds = 1.5\n'
                "services_seconds = 0\nsettle_seconds = 0\n"
            )
            text = text.replace('url = "https://open311.east.example/v2"\n', quick)
            text = text.replace("# api_key", "api_key").replace("Europe/London", "UTC")
            (folder / "east.toml").write_text(change(text))
            loaded = load_all(folder, KINDS, environ=ENVIRON)
            return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ=ENVIRON))

        yield build


@pytest.fixture
def adapter(deploy):
    return deploy()


def report(**changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": "A deep hole, ä € 漢",
        "attribute[fixmystreet_id]": "77",
        **changed,
    }


def updates(adapter, **changed):
    now = clock.now()
    start, end = write_date(now - timedelta(hours=1)), write_date(now + timedelta(minutes=1))
    got = adapter.get("/servicerequestupdates.json", api_key=KEY, start_date=start, end_date=end)
    assert got.status == 200, got.text
    return got.json


def bare(minutes=5):
    return (clock.now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")


def test_services_and_questions_come_through_in_order(adapter):
    first, _second = adapter.get("/services.json").json
    assert (first["service_code"], first["type"], first["keywords"]) == (
        "POTHOLE",
        "realtime",
        "road,hole",
    )
    found = adapter.get("/services/POTHOLE.json").json["attributes"]
    assert [one["code"] for one in found] == ["DEPTH", "fixmystreet_id"]
    # It says that it has questions and has none.
    found = adapter.get("/services/LAMP.json").json["attributes"]
    assert [one["code"] for one in found] == ["fixmystreet_id"]


def test_a_report_goes_on_with_their_key_and_comes_back_repaired(adapter, server):
    (row,) = adapter.post("/requests.json", report()).json
    assert row["service_request_id"] == "1"
    (form,) = server.posted
    assert (form["api_key"], form["attribute[fixmystreet_id]"]) == ([THEIR_KEY], ["77"])
    (row,) = adapter.get("/requests/1.json").json
    assert row["description"] == report()["description"]
    assert row["requested_datetime"].endswith("Z")
    assert row["updated_datetime"] is None
    assert adapter.get("/requests/99.json").status == 404


@pytest.mark.parametrize("tells_refs", [True, False])
def test_after_a_lost_answer_it_is_found_by_our_number_or_by_its_content(
    adapter, server, tells_refs
):
    server.lost_reply, server.tells_refs = True, tells_refs
    adapter.get("/services.json")
    server.lost_reply = False
    adapter.get("/services.json"), adapter.get("/services/POTHOLE.json")
    server.lost_reply = True
    assert adapter.post("/requests.json", report()).status == 504
    server.lost_reply = False
    assert adapter.post("/requests.json", report()).json[0]["service_request_id"] == "1"
    assert len(server.cases) == 1


def test_a_token_is_passed_on_and_asked_about(adapter, server):
    server.gives_tokens = True
    (row,) = adapter.post("/requests.json", report()).json
    assert row["token"] == "t1"
    assert adapter.get("/tokens/t1.json").json[0]["service_request_id"] == "1"


def test_updates_are_repaired_bad_ones_set_aside_and_ids_are_stable(adapter, server):
    server.tell("1", "work in progress", "Seen, ä", at=bare())
    server.tell("1", "CLOSED", "Done", update_id="9", at="")
    server.tell("", "CLOSED", "whose?", update_id="10", at=bare())
    first = updates(adapter)
    assert [(row["status"], row["description"]) for row in first] == [
        ("IN_PROGRESS", "Seen, ä"),
        ("CLOSED", "Done"),
    ]
    assert all(row["update_id"] and row["updated_datetime"].endswith("Z") for row in first)
    assert updates(adapter) == first
    assert "it names no report" in adapter.get("/").text


def test_where_there_are_no_updates_they_are_seen_in_the_requests(deploy, server):
    server.has_updates = False
    adapter = deploy(lambda text: text.replace("# updates", "updates"))
    adapter.post("/requests.json", report())
    assert updates(adapter) == []
    server.cases[0].status, server.cases[0].notes = "work in progress", "On it"
    (first,) = updates(adapter)
    assert (first["status"], first["description"]) == ("IN_PROGRESS", "On it")
    server.cases[0].status = "CLOSED"
    second = updates(adapter)
    assert second[0] == first
    assert [row["status"] for row in second] == ["IN_PROGRESS", "CLOSED"]


def added(**changed):
    return {
        "api_key": KEY,
        "service_request_id": "1",
        "update_id": "12",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "status": "OPEN",
        "description": "It has grown.",
        **changed,
    }


def test_what_people_add_goes_on(adapter, server):
    got = adapter.post("/servicerequestupdates.json", added())
    assert got.json[0]["update_id"] == "u1"
    assert server.posted[0]["update_id"] == ["12"]


def test_an_update_whose_answer_was_lost_is_found_in_their_list(adapter, server):
    server.lists_posted = server.lost_reply = True
    assert adapter.post("/servicerequestupdates.json", added()).status == 504
    server.lost_reply = False
    got = adapter.post("/servicerequestupdates.json", added())
    assert (got.status, got.json[0]["update_id"], len(server.posted)) == (200, "u1", 1)
    # The same words once more are another update, and that one was not sent yet.
    server.lost_reply = True
    assert adapter.post("/servicerequestupdates.json", added(update_id="13")).status == 504
    server.lost_reply = False
    got = adapter.post("/servicerequestupdates.json", added(update_id="13"))
    assert (got.json[0]["update_id"], len(server.posted)) == ("u2", 2)


def test_an_update_that_is_not_in_their_list_stays_unsure_unless_the_list_holds_all(
    adapter, deploy, server
):
    server.lost_reply = True
    assert adapter.post("/servicerequestupdates.json", added()).status == 504
    server.lost_reply = False
    assert adapter.post("/servicerequestupdates.json", added()).status == 504
    assert len(server.posted) == 1
    sure = deploy(lambda text: text.replace("[system]\n", _LISTS_ALL))
    assert sure.post("/servicerequestupdates.json", added()).json[0]["update_id"] == "u2"


def test_a_server_without_a_list_of_updates_cannot_be_asked_about_one(adapter, server):
    server.lost_reply, server.has_updates = True, False
    assert adapter.post("/servicerequestupdates.json", added()).status == 504
    server.lost_reply = False
    assert adapter.post("/servicerequestupdates.json", added()).status == 504
    assert len(server.posted) == 1


@pytest.mark.parametrize(
    ("switch", "status"),
    [("refuses", 400), ("garbage", 502), ("html", 502), ("down", 503), ("lost_reply", 504)],
)
def test_trouble_is_told_by_what_may_have_happened(adapter, server, switch, status):
    adapter.get("/services.json"), adapter.get("/services/POTHOLE.json")
    setattr(server, switch, True)
    assert adapter.post("/requests.json", report()).status == status
    assert adapter.get("/requests.json").status == status
