"""Systems of different character behind the adapter, described by a file each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from waywarden.adapters.deployment import BadDeployment
from waywarden.adapters.rest.fake import Switches
from waywarden.adapters.tests.memory import KEY
from waywarden.adapters.tests.programs import wait_until
from waywarden.kernel import clock
from waywarden.open311.dates import write_date

JPEG = b"\xff\xd8\xff\xe0 a photo"


def report(**changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": 'A deep hole {{ 7*7 }} "quoted" 漢',
        "first_name": "Rosa",
        "attribute[fixmystreet_id]": "77",
        "attribute[depth]": "deep",
        **changed,
    }


def update(number, **changed):
    return {
        "api_key": KEY,
        "service_request_id": number,
        "update_id": "12",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "status": "OPEN",
        "description": "It has grown.",
        **changed,
    }


def span(hours=1.0):
    now = clock.now()
    return {
        "api_key": KEY,
        "start_date": write_date(now - timedelta(hours=hours)),
        "end_date": write_date(now + timedelta(minutes=1)),
    }


def updates(adapter, hours=1.0):
    got = adapter.get("/servicerequestupdates.json", **span(hours))
    assert got.status == 200, got.text
    return got.json


def sent(adapter, **changed):
    got = adapter.post("/requests.json", report(**changed))
    assert got.status == 200, got.text
    return got.json[0]["service_request_id"]


class TestPlain:
    def test_a_report_travels_as_the_file_says_with_its_kinds_of_values(self, plain_adapter, plain):
        assert sent(plain_adapter) == "C-1"
        case = plain.cases["C-1"]
        assert case["type"] == "POTHOLE"
        assert case["text"] == report()["description"]
        assert case["place"] == {"lat": 60.17, "lon": 24.94, "near": ""}
        assert case["answers"] == {"depth": "deep"}
        assert case["reference"] == "77"

    @pytest.mark.parametrize(
        ("switch", "status"),
        [
            ({"refuses": True}, 400),
            ({"garbage": True}, 502),
            ({"html": True}, 502),
            ({"down": True}, 503),
            ({"lost_reply": True}, 504),
            ({"slow": 3.5}, 504),
        ],
    )
    def test_trouble_is_told_by_what_may_have_happened_and_nothing_is_doubled(
        self, plain_adapter, plain, switch, status
    ):
        plain.switches = Switches(**switch)
        assert plain_adapter.post("/requests.json", report()).status == status
        plain.switches = Switches()
        if "slow" in switch:
            wait_until(lambda: plain.cases, "it took what it was slow to take")
        assert sent(plain_adapter) == "C-1"
        assert len(plain.cases) == 1

    def test_a_list_goes_on_by_the_address_of_its_next_page(self, deploy, plain, sample):
        for number in range(5):
            plain.add_case({"type": "POTHOLE", "text": f"{number}", "place": {"lat": 1, "lon": 2}})
        answer = plain.answer

        def two_a_page(asked):
            page = int(asked.query.get("page", 1))
            status, body = answer(replace(asked, query={"page": str(page), "size": "2"}))
            return status, body | {
                "links": {"next": f"cases?page={page + 1}" if page < 3 else None}
            }

        plain.answer = two_a_page
        page = 'kind = "page", parameter = "page", size = 100, size_parameter = "size"'
        adapter = deploy(plain, sample.replace(page, 'kind = "link", next = "links.next"'))
        rows = adapter.get("/requests.json").json
        assert [row["description"] for row in rows] == list("01234")

    def test_lists_come_page_after_page(self, plain_adapter, plain):
        for number in range(230):
            plain.add_case({"type": "POTHOLE", "text": f"{number}", "place": {"lat": 1, "lon": 2}})
            plain.change(f"C-{number + 1}", "Done", f"Note {number}")
        rows = plain_adapter.get("/requests.json").json
        assert [row["description"] for row in rows] == [str(number) for number in range(230)]
        assert len({row["update_id"] for row in updates(plain_adapter)}) == 230

    def test_a_page_that_fails_is_no_silent_part(self, plain_adapter, plain, monkeypatch):
        for _number in range(150):
            plain.add_case({"type": "POTHOLE", "text": "x"})
        answer = plain.answer

        def second_fails(asked):
            return (500, {}) if asked.query.get("page") == "2" else answer(asked)

        monkeypatch.setattr(plain, "answer", second_fails)
        assert plain_adapter.get("/requests.json").status == 502

    def test_one_report_is_found_and_an_unknown_one_is_404(self, plain_adapter):
        number = sent(plain_adapter)
        (row,) = plain_adapter.get(f"/requests/{number}.json").json
        assert (row["status"], row["lat"]) == ("open", 60.17)
        assert plain_adapter.get("/requests/C-99.json").status == 404
        assert plain_adapter.get("/requests/..%2Fchanges.json").status == 404

    def test_what_people_add_travels_once(self, plain_adapter, plain):
        number = sent(plain_adapter)
        plain.switches = Switches(lost_reply=True)
        assert plain_adapter.post("/servicerequestupdates.json", update(number)).status == 504
        plain.switches = Switches()
        for _turn in range(2):
            got = plain_adapter.post("/servicerequestupdates.json", update(number))
            assert got.json[0]["update_id"] == "1"
        assert len(plain.cases[number]["notes"]) == 1
        unknown = update("C-9", update_id="13")
        assert plain_adapter.post("/servicerequestupdates.json", unknown).status == 404

    def test_a_bad_row_is_set_aside(self, plain_adapter, plain):
        plain.add_case({"type": "POTHOLE", "text": "x", "place": {"lat": 999, "lon": 2}})
        plain.add_case({"type": "POTHOLE", "text": "y", "place": {"lat": 9, "lon": 2}})
        rows = plain_adapter.get("/requests.json").json
        assert [row["description"] for row in rows] == ["y"]
        assert "no degrees" in plain_adapter.get("/").text

    def test_a_redirect_to_another_host_is_not_followed(self, deploy, sample):
        def redirects(_environ, start_response):
            start_response("302 Found", [("Location", "http://localhost:1/elsewhere")])
            return [b""]

        adapter = deploy(redirects, sample, lambda text: text)
        assert adapter.get("/requests.json").status == 503
        assert "may not be called" in adapter.get("/").text


class TestLocking:
    def test_a_token_is_had_once_and_again_when_it_is_not_taken(self, locking_adapter, locking):
        sent(locking_adapter)
        sent(locking_adapter, **{"attribute[fixmystreet_id]": "78"})
        assert locking.calls.count("POST /token") == 1
        locking.tokens.clear()
        sent(locking_adapter, **{"attribute[fixmystreet_id]": "79"})
        assert locking.calls.count("POST /token") == 2
        assert len(locking.cases) == 3

    def test_a_wrong_secret_is_the_operators_affair(self, locking_adapter, locking):
        locking._secret = "changed"
        got = locking_adapter.post("/requests.json", report())
        assert got.status == 503
        assert "s3cret" not in got.text + locking_adapter.get("/").text

    def test_somebody_who_wrote_meanwhile_is_not_written_over(self, locking_adapter, locking):
        number = sent(locking_adapter)
        others = iter(["others"])

        def somebody_writes():
            if word := next(others, ""):
                case = locking.cases[number]
                case |= {"log": f"{word}\n", "version": case["version"] + 1}

        locking.between = somebody_writes
        got = locking_adapter.post("/servicerequestupdates.json", update(number))
        assert got.json[0]["update_id"] == "12"
        assert locking.cases[number]["log"] == "others\n[12] It has grown.\n"

    def test_when_they_never_stop_writing_it_is_tried_later(self, locking_adapter, locking):
        number = sent(locking_adapter)

        def somebody_writes():
            locking.cases[number]["version"] += 1

        locking.between = somebody_writes
        got = locking_adapter.post("/servicerequestupdates.json", update(number))
        assert got.status == 503
        assert "log" not in locking.cases[number]

    def test_lists_go_on_by_offset_and_by_cursor(self, locking_adapter, locking):
        for number in range(5):
            locking.add_case({"kind": "POTHOLE", "text": f"{number}", "lat": 1, "lon": 2})
            locking.change(f"C-{number + 1}", "Done")
        rows = locking_adapter.get("/requests.json").json
        assert [row["description"] for row in rows] == list("01234")
        assert len(updates(locking_adapter)) == 5

    def test_a_list_in_circles_is_an_error_and_no_endless_loop(
        self, locking_adapter, locking, monkeypatch
    ):
        answer = locking.answer

        def circle(asked):
            status, body = answer(asked)
            same = {"next": "7", "results": [{"id": 1}]}
            return status, (body | same if asked.path == ("log",) else body)

        monkeypatch.setattr(locking, "answer", circle)
        got = locking_adapter.get("/servicerequestupdates.json", **span())
        assert got.status == 502


class TestOneShot:
    def test_events_come_once_from_the_system_and_as_often_as_asked_from_us(
        self, one_shot_adapter, one_shot, deploy, sample
    ):
        number = sent(one_shot_adapter)
        one_shot.change(number, "Done", "Filled")
        one_shot.change(number, "New")
        first = updates(one_shot_adapter)
        told = [(row["status"], row["description"]) for row in first]
        assert told == [("FIXED", "Filled"), ("OPEN", "")]
        assert one_shot.changes == []
        assert updates(one_shot_adapter) == first
        assert updates(one_shot_adapter, hours=-1 / 60) == []

    def test_events_are_stored_before_they_are_looked_into(
        self, one_shot_adapter, one_shot, monkeypatch
    ):
        number = sent(one_shot_adapter)
        one_shot.change(number, "Done")
        from waywarden.adapters.rest.provider import RestSystem

        def killed(*_asked, **_more):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(RestSystem, "_update_of", killed)
            with pytest.raises(KeyboardInterrupt):
                one_shot_adapter.get("/servicerequestupdates.json", **span())
        assert one_shot.changes == []
        assert len(updates(one_shot_adapter)) == 1

    def test_a_case_that_comes_into_a_state_again_is_told_again(self, one_shot_adapter, one_shot):
        number = sent(one_shot_adapter)
        for state in ("Done", "New", "Done"):
            one_shot.change(number, state)
        assert [row["status"] for row in updates(one_shot_adapter)] == ["FIXED", "OPEN", "FIXED"]
        one_shot.change(number, "New")
        first = updates(one_shot_adapter)
        assert [row["status"] for row in first] == ["FIXED", "OPEN", "FIXED", "OPEN"]
        assert updates(one_shot_adapter) == first

    def test_the_rounds_collect_too(self, one_shot_adapter, one_shot):
        number = sent(one_shot_adapter)
        one_shot.change(number, "Done")
        one_shot_adapter.app.go_round()
        assert one_shot.changes == []
        assert len(updates(one_shot_adapter)) == 1

    def test_while_the_system_is_away_the_list_says_so(self, one_shot_adapter, one_shot):
        one_shot.switches = Switches(down=True)
        got = one_shot_adapter.get("/servicerequestupdates.json", **span())
        assert got.status == 503

    def test_after_a_lost_answer_nobody_can_tell_and_nothing_is_sent_again(
        self, one_shot_adapter, one_shot
    ):
        one_shot.switches = Switches(lost_reply=True)
        assert one_shot_adapter.post("/requests.json", report()).status == 504
        one_shot.switches = Switches()
        for _turn in range(2):
            assert one_shot_adapter.post("/requests.json", report()).status == 504
        assert len(one_shot.cases) == 1
        (found,) = one_shot_adapter.get("/health.json").json["deployments"]
        assert found["unsure"] == 1


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('id = "case.number"', 'id = "case.["', "system.report.id"),
        ('text = "{{ text }}"', 'text = "{{ txt }}"', "system.message.body"),
        ('path = "/cases/{{ report }}/notes"', 'path = "/{{ report"', "system.message.path"),
        ("{{ description | cut(2000) }}", "{{ description | shell }}", "system.report.body"),
        ('method = "POST"', 'method = "LOOK"', "system.photo.method"),
    ],
)
def test_a_wrong_template_or_path_is_a_fault_with_its_line(deploy, plain, sample, old, new, key):
    text = sample.replace("[system.photo]\n", '[system.photo]\nmethod = "POST"\n')
    with pytest.raises(BadDeployment) as caught:
        deploy(plain, text, lambda text: text.replace(old, new))
    fault = next(one for one in caught.value.faults if one.key.startswith(key))
    assert fault.line > 1
