"""The works system seen through the adapter: Open311 in, Open311 out, right errors."""

import socket
from datetime import timedelta

import pytest

from waywarden.adapters.demo.fake import Switches
from waywarden.adapters.demo.tests.conftest import KEY, report
from waywarden.adapters.demo.works import JobFilter, NewJob
from waywarden.kernel import clock

JPEG = b"\xff\xd8\xff\xe0 a photo"
KEYED = {"api_key": KEY}


def jobs(works):
    return works.jobs(JobFilter())


def update(**changed):
    return {
        "api_key": KEY,
        "service_request_id": "1",
        "update_id": "900",
        "status": "OPEN",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "description": "Still there",
        **changed,
    }


def multipart(fields, files):
    """A multipart body; files are (name, filename, type, data)."""
    lines = []
    for name, value in fields.items():
        lines += [
            b"--b",
            f'Content-Disposition: form-data; name="{name}"'.encode(),
            b"",
            value.encode(),
        ]
    for name, filename, kind, data in files:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        lines += [b"--b", head.encode(), f"Content-Type: {kind}".encode(), b"", data]
    return b"\r\n".join([*lines, b"--b--", b""])


# --- services ---


def test_the_types_of_job_are_services(adapter):
    services = {one["service_code"]: one for one in adapter.get("/services.json").json}
    assert {one["service_name"] for one in services.values()} >= {
        "Potholes", "Fallen trees", "Blocked drains", "Graffiti", "Litter", "Street lighting",
    }  # fmt: skip
    hole = services["POTH"]
    assert hole["type"] == "realtime"
    assert hole["metadata"] in (True, "true")
    assert hole["group"] == "Roads"
    assert "carriageway" in hole["keywords"]
    assert services["GRAF"]["groups"] == ["Street cleaning", "Buildings"]


def test_a_definition_asks_the_reporter_and_the_sender(adapter):
    found = adapter.get("/services/POTH.json").json
    by_code = {one["code"]: one for one in found["attributes"]}
    assert by_code["depth"]["datatype"] == "singlevaluelist"
    assert by_code["depth"]["required"] in (True, "true")
    assert by_code["where_in_road"]["datatype"] == "multivaluelist"
    assert {"key": "deep", "name": "5 cm or more"} in by_code["depth"]["values"]
    for code in ("fixmystreet_id", "easting", "northing"):
        assert by_code[code]["automated"] == "server_set"
    assert [one["order"] for one in found["attributes"]] == list(range(1, 8))


def test_a_deployment_adds_a_notice_and_hides_a_service(deploy):
    adapter = deploy(lambda text: text + "\n[services.LAMP]\noffered = false\n")
    first = adapter.get("/services/TREE.json").json["attributes"][0]
    assert "call 112" in first["description"]
    assert first["variable"] in (False, "false")
    assert "LAMP" not in adapter.get("/services.json").text
    assert adapter.get("/services/LAMP.json").status == 404
    assert adapter.post("/requests.json", report(service_code="LAMP")).status == 400


def test_an_unknown_service_is_404_and_in_a_post_400(adapter, works):
    assert adapter.get("/services/NOPE.json").status == 404
    assert adapter.post("/requests.json", report(service_code="NOPE")).status == 400
    assert jobs(works) == []


def test_discovery_names_the_endpoint(adapter):
    (endpoint,) = adapter.get("/discovery.json").json["endpoints"]
    assert endpoint["url"] == "https://open311.example"


# --- sending ---


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


# --- once ---


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


# --- the vendor in trouble ---


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


# --- updates ---


def window(minutes=60):
    near = timedelta(minutes=minutes)
    return {
        "start_date": (clock.now() - near).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end_date": (clock.now() + near).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **KEYED,
    }


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


# --- level 3 ---


def test_jobs_of_staff_and_our_own_are_service_requests(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9, place="Kamppi"))
    adapter.post("/requests.json", report())
    staff, ours = adapter.get("/requests.json").json
    assert (staff["service_name"], staff["address"]) == ("Litter", "Kamppi")
    assert (staff["lat"], staff["long"], staff["status"]) == (60.1, 24.9, "open")
    assert "fixmystreet_id" not in (staff.get("extras") or {})
    assert ours["extras"]["fixmystreet_id"] == "77"


def test_one_job_is_found_by_its_number_and_many_by_theirs(adapter, works):
    for _ in range(3):
        works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9))
    (one,) = adapter.get("/requests/2.json").json
    assert one["service_request_id"] == "2"
    some = adapter.get("/requests.json", service_request_id="1,3,999,x").json
    assert [row["service_request_id"] for row in some] == ["1", "3"]
    assert adapter.get("/requests/999.json").status == 404
    assert adapter.get("/requests/x.json").status == 404


def test_jobs_are_filtered_by_date_service_and_status(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9))
    works.add_job(NewJob(job_type="POTH", details="A hole", lat=60.1, lon=24.9))
    works.change_job(2, state="DONE", note="")

    def ids(**asked):
        return [row["service_request_id"] for row in adapter.get("/requests.json", **asked).json]

    assert ids(service_code="POTH") == ["2"]
    assert ids(status="open") == ["1"]
    assert ids(status="closed") == ids(status="fixed") == ["2"]
    assert ids(status="planned") == []
    past = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-02T00:00:00Z"}
    assert ids(**past) == []
    today = {key: value for key, value in window().items() if key != "api_key"}
    assert ids(**today) == ["1", "2"]
    assert ids(page_size="1", page="2") == ["2"]


def test_private_jobs_are_shown_to_a_key_only(adapter, works):
    works.add_job(NewJob(job_type="LITT", details="A bin", lat=60.1, lon=24.9, is_public=False))
    assert adapter.get("/requests.json").json == []
    assert adapter.get("/requests.json", api_key="wrong").json == []
    (row,) = adapter.get("/requests.json", **KEYED).json
    assert row["non_public"] in (True, "true")
    assert adapter.get("/requests/1.json").status == 404


def test_the_server_is_well_without_asking_the_vendor(adapter, works_app):
    assert adapter.get("/healthz").json == {"status": "ok", "jurisdictions": ["borsetshire"]}
    assert works_app.calls == []
