"""The works system's machine interface and its switches."""

import json

import pytest

from waywarden.adapters.demo.fake import WorksApp, build
from waywarden.adapters.demo.tests.conftest import Asker
from waywarden.adapters.demo.works import JobFilter

JOB = {"job_type": "POTH", "details": "A hole", "lat": 60.17, "lon": 24.94, "their_ref": "77"}


def send(asker, path, body, **headers):
    kind = "application/json"
    return asker.ask("POST", path, body=json.dumps(body).encode(), kind=kind, **headers)


def test_a_job_is_entered_and_found_by_their_reference(desk):
    got = send(desk, "/api/jobs", JOB)
    assert (got.status, got.json) == (201, {"job_no": 1})
    (job,) = desk.get("/api/jobs", their_ref="77").json["jobs"]
    assert (job["origin"], job["state"]) == ("OPEN311", "NEW")
    assert desk.get("/api/jobs", their_ref="78").json["jobs"] == []


@pytest.mark.parametrize(
    "body",
    [
        {**JOB, "job_type": "NONE"},
        {**JOB, "lat": "60.17"},
        {**JOB, "colour": "red"},
        {**JOB, "photos": [{"content_type": "text/html", "base64": ""}]},
        {**JOB, "photos": [{"content_type": "image/png", "base64": "%"}]},
        [],
        None,
    ],
)
def test_what_is_no_job_is_refused_and_nothing_entered(desk, works, body):
    assert send(desk, "/api/jobs", body).status == 400
    assert works.jobs(JobFilter()) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"details": "\\ud800"}', b"[" * 10_000])
def test_a_body_that_is_no_json_is_refused(desk, body):
    assert desk.ask("POST", "/api/jobs", body=body).status == 400


def test_updates_come_page_by_page(desk, works):
    send(desk, "/api/jobs", JOB)
    for state in ("INSPECTED", "ORDERED", "DONE"):
        works.change_job(1, state=state, note="")
    first = desk.get("/api/job-updates", limit="2").json
    assert [row["seq"] for row in first["job_updates"]] == [1, 2]
    assert first["more"]
    rest = desk.get("/api/job-updates", limit="2", after_seq="2").json
    assert [row["seq"] for row in rest["job_updates"]] == [3]
    assert not rest["more"]


def test_a_time_without_zone_is_refused(desk):
    assert desk.get("/api/job-updates", **{"from": "2026-11-25T10:00:00"}).status == 400


def test_a_message_is_kept_and_tells_no_update(desk, works):
    send(desk, "/api/jobs", JOB)
    got = send(desk, "/api/jobs/1/messages", {"text": "Still there", "their_ref": "9"})
    assert got.json == {"message_no": 1}
    assert desk.get("/api/jobs/1/messages").json["messages"][0]["text"] == "Still there"
    assert works.updates() == []


def test_a_token_guards_the_machine_interface_only(works):
    guarded = Asker(WorksApp(works, token="s3cret"))
    assert guarded.get("/api/jobs").status == 401
    assert guarded.ask("GET", "/api/jobs", authorization="Bearer s3cret").status == 200
    assert guarded.get("/jobs").status == 200


@pytest.mark.parametrize(
    ("switch", "status", "made"),
    [
        ("refuses", 400, 0),
        ("html", 200, 0),
        ("down", 503, 0),
        ("garbage", 200, 1),
        ("lost_reply", 504, 1),
    ],
)
def test_a_switch_does_what_its_name_says(desk, works, switch, status, made):
    assert send(desk, "/switches", {switch: True}).json[switch] is True
    assert send(desk, "/api/jobs", JOB).status == status
    assert len(works.jobs(JobFilter())) == made
    assert desk.get("/jobs").status == 200


def test_switches_that_are_not_named_go_off(desk):
    send(desk, "/switches", {"down": True})
    send(desk, "/switches", {})
    assert desk.get("/api/jobs").status == 200


def test_an_unknown_switch_is_refused(desk):
    assert send(desk, "/switches", {"explode": True}).status == 400


def test_slow_waits_before_it_answers(works):
    waited = []
    asker = Asker(WorksApp(works, sleep=waited.append))
    send(asker, "/switches", {"slow": 2.5})
    asker.get("/api/jobs")
    assert waited == [2.5]


def test_a_new_works_system_has_some_jobs_and_keeps_what_it_has(tmp_path):
    first = build(tmp_path / "works.sqlite3")
    count = len(first.works.jobs(JobFilter()))
    again = build(tmp_path / "works.sqlite3")
    assert count == len(again.works.jobs(JobFilter())) == 6
