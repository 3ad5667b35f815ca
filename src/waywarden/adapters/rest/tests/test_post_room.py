"""A system that answers later, and says itself what there is and what it wants to know."""

import pytest

from waywarden.adapters.deployment import BadDeployment
from waywarden.adapters.rest.fake import Switches
from waywarden.adapters.rest.tests.files import POST_ROOM
from waywarden.adapters.rest.tests.test_rest import report, update, updates


def taken(adapter, **changed):
    got = adapter.post("/requests.json", report(**{"attribute[depth]": "12", **changed}))
    assert got.status == 200, got.text
    return got.json[0]


def test_the_number_comes_later_and_is_asked_for_by_the_token(post_room_adapter, post_room):
    post_room.is_open = False
    first = taken(post_room_adapter)
    assert "service_request_id" not in first
    assert taken(post_room_adapter) == first, "a repeat gets the same token"
    token = first["token"]
    (found,) = post_room_adapter.get(f"/tokens/{token}.json").json
    assert not found.get("service_request_id")
    post_room.open_tray()
    (found,) = post_room_adapter.get(f"/tokens/{token}.json").json
    assert found["service_request_id"] == "C-1"
    assert len(post_room.cases) == 1


def test_what_people_add_comes_later_too(post_room_adapter, post_room):
    taken(post_room_adapter)
    post_room.is_open = False
    got = post_room_adapter.post("/servicerequestupdates.json", update("C-1"))
    token = got.json[0]["token"]
    post_room.open_tray()
    (found,) = post_room_adapter.get(f"/update_tokens/{token}.json").json
    assert found["update_id"] == "1"
    post_room.change("C-1", "Done", "Filled")
    assert [row["status"] for row in updates(post_room_adapter)] == ["FIXED"]


def test_a_lost_slip_is_no_second_report(post_room_adapter, post_room):
    post_room_adapter.get("/services/POTHOLE.json")  # what it offers is known from before
    post_room.switches = Switches(lost_reply=True)
    lost = post_room_adapter.post("/requests.json", report(**{"attribute[depth]": "12"}))
    assert lost.status == 504
    post_room.switches = Switches()
    assert taken(post_room_adapter)["service_request_id"] == "C-1"
    assert len(post_room.cases) == 1


def test_an_unknown_token_has_no_number_yet(post_room_adapter):
    (found,) = post_room_adapter.get("/tokens/S99.json").json
    assert not found.get("service_request_id")


def test_services_and_questions_are_the_systems_own(post_room_adapter):
    services = post_room_adapter.get("/services.json").json
    assert [(one["service_code"], one["service_name"]) for one in services] == [
        ("POTHOLE", "Hole"),
        ("LAMP", "Lamp"),
    ]
    asked = post_room_adapter.get("/services/POTHOLE.json").json["attributes"]
    depth, where, *_more = asked
    assert (depth["code"], depth["datatype"], depth["required"]) == ("depth", "number", True)
    assert (depth["description"], depth["datatype_description"]) == ("How deep?", "cm")
    assert where["values"] == [{"key": "1", "name": "Lane"}]
    lamp = post_room_adapter.get("/services/LAMP.json").json["attributes"]
    assert [one["code"] for one in lamp] == ["fixmystreet_id"]


def test_an_answer_that_does_not_fit_the_systems_question_is_refused(post_room_adapter, post_room):
    got = post_room_adapter.post("/requests.json", report(**{"attribute[depth]": "deep"}))
    assert got.status == 400
    assert "attribute[depth]" in got.text
    assert post_room.cases == {}


def test_a_question_without_a_code_is_told_as_rubbish(post_room_adapter, post_room, monkeypatch):
    monkeypatch.setattr(post_room, "FIELDS", {"POTHOLE": [{"label": "?"}]})
    assert post_room_adapter.get("/services/POTHOLE.json").status == 502


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('[system.token]\npath = "/slips/{{ token }}"\nid = "number"\n', "", "system.token"),
        ("/slips/{{ token }}", "/slips/{{ slip }}", "system.token.path"),
        ("/kinds/{{ category }}", "/kinds/{{ kind }}", "system.questions.path"),
        ('choices = "options"', 'choices = "["', "system.questions.choices"),
    ],
)
def test_what_does_not_fit_in_the_file_is_a_fault(deploy, post_room, sample, old, new, key):
    text = sample[: sample.index("[system]")] + POST_ROOM.replace(old, new, 1)
    with pytest.raises(BadDeployment) as caught:
        deploy(post_room, text)
    assert key in {fault.key for fault in caught.value.faults}
