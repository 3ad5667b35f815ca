"""A system whose JSON was XML once, whose refusals are 200, and whose events come by a cursor."""

from datetime import timedelta

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.asking import asked
from waywarden.adapters.deployment import BadDeployment, load, load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.rest.tests.odd_desk import ODD, OddDesk
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.adapters.tests.stand import quick, text_of, write
from waywarden.kernel import clock
from waywarden.open311.dates import write_date
from waywarden.open311.tests.memory import served


@pytest.fixture
def desk():
    return OddDesk()


@pytest.fixture
def deploy(tmp_path, desk):
    with served(desk) as url:

        def build(change=lambda text: text):
            whole = text_of("rest")
            whole = whole[: whole.index("[system]")] + ODD
            whole = whole.replace("https://api.vendor.example/v2", url)
            whole = quick(whole, 'allow_private = ["127.0.0.1"]', "read_seconds = 30")
            folder = write(tmp_path / "rest", change(whole))
            loaded = load_all(folder, KINDS, environ={})
            return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ={}))

        yield build


@pytest.fixture
def adapter(deploy):
    return deploy()


def report(number=77, **changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": "A hole, ä",
        "attribute[fixmystreet_id]": str(number),
        **changed,
    }


def sent(adapter, number=77):
    got = adapter.post("/requests.json", report(number))
    assert got.status == 200, got.text
    return got.json[0]["service_request_id"]


def updates(adapter):
    now = clock.now()
    start, end = write_date(now - timedelta(hours=1)), write_date(now + timedelta(minutes=1))
    got = adapter.get("/servicerequestupdates.json", api_key=KEY, start_date=start, end_date=end)
    assert got.status == 200, got.text
    return got.json


def test_one_none_and_several_rows_are_read_alike_and_their_ticks_are_times(adapter):
    for number in range(5):
        found = adapter.get("/requests.json").json
        assert len(found) == number
        sent(adapter, 70 + number)
    row = adapter.get("/requests/C-1.json").json[0]
    assert (row["description"], row["lat"], row["service_code"]) == ("A hole, ä", 60.17, "POTHOLE")
    assert write_date(clock.now())[:13] == row["requested_datetime"][:13]
    assert adapter.get("/requests/C-99.json").status == 404


def test_a_refusal_in_a_successful_answer_is_a_refusal_with_its_words(adapter, desk):
    desk.knows_only = frozenset()
    got = adapter.post("/requests.json", report())
    assert got.status == 400
    assert "Type POTHOLE does not exist" in got.text
    assert not desk.cases
    desk.knows_only = frozenset({"POTHOLE"})
    assert sent(adapter)


def test_a_word_that_says_no_makes_no_question_needed(adapter):
    found = adapter.get("/services/POTHOLE.json").json["attributes"]
    assert (found[0]["code"], found[0]["required"]) == ("size", False)


def test_events_that_are_handed_out_once_on_several_pages_all_come_and_stay(adapter, desk):
    number = sent(adapter)
    for turn in range(5):
        desk.change(number, "Done", f"Turn {turn}")
    first = updates(adapter)
    assert [row["description"] for row in first] == [f"Turn {turn}" for turn in range(5)]
    assert desk.changes == []
    assert updates(adapter) == first


def going_on(text):
    return text.replace("once = true", "resume = true")


def test_a_list_by_cursor_goes_on_where_it_was_also_after_a_restart(deploy, desk):
    desk.keeps_events = True
    adapter = deploy(going_on)
    number = sent(adapter)
    for turn in range(5):
        desk.change(number, "Done", f"Turn {turn}")
    first = updates(adapter)
    assert len(first) == 5
    adapter = deploy(going_on)
    desk.calls.clear()
    assert updates(adapter) == first
    assert desk.calls.count("GET /svc/Events") == 1, "nothing is read from the beginning again"
    desk.change(number, "New", "Reopened")
    assert [row["description"] for row in updates(adapter)][5:] == ["Reopened"]


def test_killed_after_a_page_was_kept_the_list_goes_on_behind_it(deploy, desk, monkeypatch):
    from waywarden.adapters.kept import Kept

    class Killed(BaseException):
        pass

    desk.keeps_events = True
    adapter = deploy(going_on)
    number = sent(adapter)
    for turn in range(5):
        desk.change(number, "Done", f"Turn {turn}")
    take_in, taken = Kept.take_in, []

    def twice_only(kept, letter, **more):
        if len(taken) == 2:
            raise Killed
        taken.append(letter)
        take_in(kept, letter, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Kept, "take_in", twice_only)
        with pytest.raises(Killed):
            updates(adapter)
    assert [row["description"] for row in updates(deploy(going_on))] == [
        f"Turn {t}" for t in range(5)
    ]


def test_to_go_on_needs_a_cursor(deploy):
    with pytest.raises(BadDeployment, match="`paging` must be by cursor"):
        deploy(lambda text: going_on(text).replace('"cursor", parameter = "after"', '"page"'))


def test_asking_whether_the_file_fits_takes_no_event_away(deploy, desk, tmp_path):
    adapter = deploy()
    desk.change(sent(adapter), "Done", "Filled")
    loaded = load(tmp_path / "rest" / "east.toml", KINDS, environ={})
    found = [str(one) for one, _is_wrong in asked(loaded, environ={})]
    assert any("the last one, C-1: place 60.17, 24.94, made" in one for one in found)
    assert len(desk.changes) == 1
