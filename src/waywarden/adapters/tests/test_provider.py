"""What every kind of adapter does alike, over a system in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from waywarden.adapters import steps, stuck
from waywarden.adapters.contract import BadRow, CannotAsk, NotKnown, NotOffered, StepDraft
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import MemorySystem, provider_of
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, Refused, RuleBroken, TryLater, Unknown
from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError

CALL = Call("east", "key")
NEW = types.NewRequest("HOLE", lat=60.0, long=25.0, attributes={"fixmystreet_id": ("77",)})
UPDATE = types.NewUpdate("R1", "12", "FIXED", datetime(2026, 11, 1, tzinfo=UTC), "It is done")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def system():
    return MemorySystem()


@pytest.fixture
def provider(system, store):
    return provider_of(system, store, statuses={"DONE": "fixed", "DRAFT": "ignore"})


def status_of(ask):
    with pytest.raises(ProviderError) as caught:
        ask()
    return caught.value.status


def change(number, state="DONE", at=NOW):
    return types.ServiceRequestUpdate(str(number), "R1", state, at)


def row(number, state="DONE", at=NOW, **more):
    return types.ServiceRequest(number, state, service_code="HOLE", requested_datetime=at, **more)


def window(provider, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1)):
    return list(provider.updates(CALL, types.UpdateQuery(since, until)))


def test_a_repeated_report_gets_the_first_answer(provider, system):
    first = provider.create_request(CALL, NEW)
    assert provider.create_request(CALL, NEW) == first
    assert len(system.reports) == 1


def test_of_a_system_that_cannot_be_asked_the_row_says_unknown_and_the_answer_504(
    provider, system, monkeypatch
):
    def cannot(*_asked):
        raise CannotAsk

    monkeypatch.setattr(system, "find_report", cannot)
    system.late = Unknown("lost")
    for _turn in range(3):
        assert status_of(lambda: provider.create_request(CALL, NEW)) == 504
    assert len(system.reports) == 1


def test_an_answer_may_be_a_token_and_is_repeated_as_one(provider, system):
    first = provider.create_update(CALL, UPDATE)
    assert first == types.UpdateReceipt(token="T1")
    assert provider.create_update(CALL, UPDATE) == first
    assert provider.update_token(CALL, "T1") == types.TokenAnswer("T1", "N-T1")


def test_a_token_that_the_system_does_not_give_is_404(provider):
    assert status_of(lambda: provider.token(CALL, "x")) == 404


def test_the_words_for_an_update_that_goes_in_are_the_systems(system, store):
    provider = provider_of(system, store, statuses_out={"FIXED": "they say it is done"})
    provider.create_update(CALL, UPDATE)
    assert system.notes[0].status == "they say it is done"


def test_a_service_may_stand_for_a_category_of_another_name(system, store):
    provider = provider_of(
        system,
        store,
        services={"potholes": {"category": "HOLE"}, "gaps": {"category": "HOLE", "name": "Gap"}},
    )
    codes = [(one.service_code, one.service_name) for one in provider.services(CALL)]
    assert codes == [("potholes", "Hole"), ("gaps", "Gap")]
    provider.create_request(CALL, replace(NEW, service_code="gaps"))
    assert system.reports[0].category == "HOLE"
    assert status_of(lambda: provider.create_request(CALL, NEW)) == 400


def test_questions_of_the_file_come_before_what_the_sender_fills(system, store):
    question = {"code": "deep", "text": "How deep?", "required": True}
    provider = provider_of(
        system,
        store,
        services={"HOLE": {"notice": "Call 112.", "questions": [question]}},
        asks=["fixmystreet_id", "easting"],
    )
    found = provider.service_definition(CALL, "HOLE").attributes
    assert [one.code for one in found] == ["notice", "deep", "fixmystreet_id", "easting"]
    assert [one.order for one in found] == [1, 2, 3, 4]
    assert status_of(lambda: provider.create_request(CALL, NEW)) == 400


def test_states_are_translated_and_ignored_ones_dropped(provider, system):
    system.changes = [change(1), change(2, "DRAFT"), change(3, "odd"), change(4, "in progress")]
    found = [(one.update_id, one.status) for one in window(provider)]
    assert found == [("1", "fixed"), ("3", "unchanged"), ("4", "in_progress")]


def test_what_a_system_tells_beyond_the_window_is_left_out(provider, system):
    system.changes = [change(1, at=NOW - timedelta(days=3)), change(2)]
    assert [one.update_id for one in window(provider)] == ["2"]


def test_a_bad_row_is_set_aside_and_counted_and_the_others_go_out(provider, system):
    system.changes = [change(1), BadRow("2", "no date", "{}"), change(3)]
    for _turn in range(2):
        assert [one.update_id for one in window(provider)] == ["1", "3"]
    (aside,) = provider.frame.kept.all_set_aside()
    assert (aside.kind, aside.key, aside.reason, aside.times) == ("update", "2", "no date", 2)


@pytest.mark.parametrize(
    ("error", "status"), [(TryLater("down"), 503), (BadReply("?"), 502), (Unknown("slow"), 504)]
)
def test_a_list_that_breaks_off_is_no_silent_part(provider, system, monkeypatch, error, status):
    def breaks(*_asked):
        yield change(1)
        raise error

    monkeypatch.setattr(system, "updates", breaks)
    assert status_of(lambda: window(provider)) == status


def test_filters_that_the_system_does_not_know_are_kept_all_the_same(provider, system):
    system.rows = [row("R1"), row("R2", "open"), row("R3", at=NOW - timedelta(days=80))]
    wanted = types.RequestQuery(start_date=NOW - timedelta(days=9), statuses=("closed",))
    assert [one.service_request_id for one in provider.requests(CALL, wanted)] == ["R1"]


def test_a_private_row_is_for_those_with_a_key_only(provider, system):
    system.rows = [row("R1"), row("R2", non_public=True)]
    query = types.RequestQuery(start_date=NOW - timedelta(days=9))
    assert len(list(provider.requests(CALL, query))) == 2
    assert len(list(provider.requests(Call("east"), query))) == 1


PHOTO = StepDraft("photo 1", {"url": "https://x.example/1"}, b"jpeg")


def test_steps_follow_a_report_once_and_never_fail_it(provider, system, store):
    system.drafts, system.step_fails = (PHOTO,), Refused("no photos today")
    assert provider.create_request(CALL, NEW).service_request_id == "R1"
    provider.create_request(CALL, NEW)
    assert steps.counted(store, "east") == steps.Counted(waiting=1)
    provider.take_steps()
    system.step_fails = None
    provider.take_steps()
    assert system.taken == []  # its pause is not over
    later = clock.now() + timedelta(hours=1)
    assert steps.take_due(store, "east", system, provider.frame.health, now=later) == 1
    (taken,) = system.taken
    assert (taken.report_id, taken.name, taken.blob) == ("R1", "photo 1", b"jpeg")
    assert steps.counted(store, "east") == steps.Counted()


def test_a_step_is_given_up_in_the_open_and_can_be_tried_again(provider, system, store, caplog):
    system.drafts, system.step_fails = (PHOTO,), TryLater("down")
    provider.create_request(CALL, NEW)
    health, now = provider.frame.health, clock.now()
    pauses = []
    for day in range(9):
        steps.take_due(store, "east", system, health, now=now + timedelta(days=day))
        with store.connect() as db:
            pauses.append(db.execute("select next_at from steps").fetchone()[0])
    assert steps.counted(store, "east") == steps.Counted(dead=1)
    assert "given up" in caplog.text
    assert pauses == sorted(pauses)
    system.step_fails = None
    assert stuck.retry_all(store, now=clock.now()) == 1
    steps.take_due(store, "east", system, health, now=clock.now())
    assert len(system.taken) == 1


def test_a_step_that_fails_unforeseen_does_not_stop_the_others(provider, system, store):
    system.drafts = (PHOTO, replace(PHOTO, name="photo 2"))
    provider.create_request(CALL, NEW)
    failed = []

    def take(step):
        if not failed:
            failed.append(step)
            raise KeyError("a bug")
        system.taken.append(step)

    system.take_step = take
    provider.take_steps()
    assert [one.name for one in system.taken] == ["photo 2"]


def test_health_tells_each_way_and_when_it_broke_and_mended(provider, system, store, caplog):
    system.fails = TryLater("The system at rosa@example.org was not reached.")
    for _turn in range(4):
        status_of(lambda: provider.create_request(CALL, NEW))
    (sending,) = (way for way in provider.frame.health.all() if way.way == "sending")
    assert sending.is_broken
    assert "rosa" not in sending.words
    assert caplog.text.count("is broken") == 1
    system.fails = None
    provider.create_request(CALL, NEW)
    assert caplog.text.count("works again") == 1
    after = provider_of(system, store).frame.health  # in another process
    (sending,) = (way for way in after.all() if way.way == "sending")
    assert sending.succeeded_at is not None
    assert not sending.is_broken


WRAPPING = {
    "LIGHT": {
        "name": "Street light",
        "wraps": {"OUT": "It is out", "DAY": "It burns by day"},
        "wraps_text": "What is wrong with it?",
    }
}


@pytest.fixture
def wrapping(system, store, monkeypatch):
    known = [
        types.Service("OUT", "Out"),
        types.Service("DAY", "Day"),
        types.Service("HOLE", "Hole"),
    ]
    monkeypatch.setattr(system, "services", lambda: known)
    return provider_of(system, store, services=WRAPPING)


def test_a_service_may_wrap_several_categories_and_its_first_question_picks_one(wrapping, system):
    assert [one.service_code for one in wrapping.services(CALL)] == ["LIGHT", "HOLE"]
    first = wrapping.service_definition(CALL, "LIGHT").attributes[0]
    assert (first.code, first.required) == ("_wrapped_service_code", True)
    assert first.description == "What is wrong with it?"
    assert {one.key: one.name for one in first.values} == WRAPPING["LIGHT"]["wraps"]
    answers = {**NEW.attributes, first.code: ("DAY",)}
    wrapping.create_request(CALL, replace(NEW, service_code="LIGHT", attributes=answers))
    assert system.reports[0].category == "DAY"


def test_without_an_answer_nothing_is_sent_of_a_service_that_wraps(wrapping, system):
    for answer in ({}, {"_wrapped_service_code": ("HOLE",)}):
        new = replace(NEW, service_code="LIGHT", attributes={**NEW.attributes, **answer})
        assert status_of(lambda new=new: wrapping.create_request(CALL, new)) == 400
    assert system.reports == []


def test_reports_of_a_wrapped_category_come_under_its_service(wrapping, system):
    system.rows = [replace(row("1"), service_code="DAY"), row("2")]
    query = types.RequestQuery(start_date=NOW - timedelta(days=1))
    found = [(one.service_request_id, one.service_code) for one in wrapping.requests(CALL, query)]
    assert found == [("1", "LIGHT"), ("2", "HOLE")]
    only = replace(query, service_codes=("LIGHT",))
    assert [one.service_request_id for one in wrapping.requests(CALL, only)] == ["1"]


@pytest.mark.parametrize("error", [RuleBroken("outside of the grid"), NotKnown(), NotOffered()])
def test_what_was_refused_before_anything_was_sent_leaves_nobody_unsure(
    provider, system, store, error
):
    system.fails = error
    refused = {400, 404}
    assert status_of(lambda: provider.create_request(CALL, NEW)) in refused
    assert status_of(lambda: provider.create_update(CALL, UPDATE)) in refused
    assert stuck.all_stuck(store) == []
    system.fails = None
    assert provider.create_request(CALL, NEW).service_request_id == "R1"
    assert provider.create_update(CALL, UPDATE).token == "T1"
