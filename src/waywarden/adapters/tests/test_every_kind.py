"""What every kind of adapter must do, asked of each of them: the kit, repeats, faults, a kill."""

from datetime import timedelta

import pytest

from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.adapters.tests.programs import wait_until
from waywarden.adapters.tests.stands import SCENES
from waywarden.kernel import clock
from waywarden.open311.conformance.registry import Outcome
from waywarden.open311.conformance.tests.judging import judged
from waywarden.open311.dates import write_date
from waywarden.open311.tests.memory import served

FAULTS = [(name, fault) for name, scene in SCENES.items() for fault in scene.faults]


@pytest.fixture(params=list(SCENES))
def stand(request, tmp_path):
    with SCENES[request.param].stand(tmp_path, request) as found:
        yield found


@pytest.fixture
def adapter(stand):
    app = stand.app()
    yield Asker(app)
    app.close()


def report(stand, number="77"):
    return {
        "api_key": KEY,
        "service_code": stand.code,
        "lat": "60.17",
        "long": "24.94",
        "description": "A deep hole, ä € 漢",
        "first_name": "Rosa",
        "attribute[fixmystreet_id]": number,
        "attribute[depth]": "deep",
    }


def sent(adapter, stand, number="77"):
    got = adapter.post("/requests.json", report(stand, number))
    assert got.status == 200, got.text
    return got.json[0]["service_request_id"]


def updates(adapter):
    now = clock.now()
    start, end = write_date(now - timedelta(hours=1)), write_date(now + timedelta(minutes=1))
    return adapter.get("/servicerequestupdates.json", api_key=KEY, start_date=start, end_date=end)


def test_every_kind_there_is_has_its_scene():
    assert {name.partition("-")[0] for name in SCENES} == set(KINDS)


def test_the_conformance_kit_finds_nothing_wrong_at_level_3_with_writing(stand, adapter):
    for number in ("901", "902"):
        stand.change(sent(adapter, stand, number))
    adapter.app.go_round()
    with served(adapter.app) as url:
        found = judged(url, api_key=KEY, jurisdiction_id="east")
    wrong = {
        one.check.code: one.result.came
        for one in found.findings
        if one.result.outcome is Outcome.FAILED
    }
    assert not wrong
    passed = {one.check.code for one in found.findings if one.result.outcome is Outcome.PASSED}
    assert {
        "2.4-a-request-is-accepted",
        "2.6-what-was-sent-can-be-read-back",
        "2.7-a-narrow-window-holds-its-update",
        "2.8-an-update-is-accepted",
        "5-a-repeated-request-makes-no-second-one",
        "5-a-repeated-update-makes-no-second-one",
    } <= passed
    assert found.meets(3)


def test_a_report_arrives_and_its_change_comes_back_once_with_a_stable_id(stand, adapter):
    number = sent(adapter, stand)
    adapter.app.go_round()
    assert stand.count() == 1
    stand.change(number)
    first = updates(adapter)
    assert first.status == 200, first.text
    (row,) = first.json
    assert row["service_request_id"] == number
    assert row["status"] in {"FIXED", "CLOSED"}
    assert row["description"] == "Filled"
    assert updates(adapter).json == first.json


@pytest.mark.parametrize(("stand", "fault"), FAULTS, indirect=["stand"])
def test_after_any_trouble_nothing_is_lost_and_nothing_is_twice(stand, adapter, fault):
    trouble = {400, 502, 503, 504}
    adapter.get("/services.json")
    adapter.get(f"/services/{stand.code}.json")
    stand.switch(**{fault: 3.5 if fault == "slow" else True})
    got = adapter.post("/requests.json", report(stand))
    assert got.status in ({200} if stand.takes_at_once else trouble), got.text
    adapter.app.go_round()
    lists = ("/requests.json", "/servicerequestupdates.json?api_key=" + KEY)
    for what in lists if fault != "slow" else ():  # each would wait as long
        assert (adapter.get(what).status in trouble) is (fault not in stand.only_writing)
    stand.switch()
    if got.status == 504 and fault == "slow":  # it takes it later than we wait, and is asked after
        wait_until(lambda: stand.count() == 1, "it took what it was slow to take")
    again = adapter.post("/requests.json", report(stand))
    stand.go_round(adapter.app)
    if stand.can_be_asked or got.status in {400, 503}:
        assert again.status == 200, again.text
        assert stand.count() == 1
    else:  # nobody can tell, and it says so
        assert again.status == 504
        assert stand.count() <= 1


def test_killed_between_the_systems_answer_and_ours_it_is_not_sent_twice(stand, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_asked, **_more):
        raise Killed

    before = stand.app()
    with monkeypatch.context() as patch:
        patch.setattr(Store, "answered", killed)
        with pytest.raises(Killed):
            Asker(before).post("/requests.json", report(stand))
    before.close()
    after = stand.app()
    again = Asker(after).post("/requests.json", report(stand))
    after.go_round()
    after.close()
    assert again.status == (200 if stand.can_be_asked else 504), again.text
    assert stand.count() == 1


def test_a_request_of_another_jurisdiction_or_with_another_key_reaches_nothing(stand, adapter):
    other = report(stand) | {"jurisdiction_id": "west"}
    assert adapter.post("/requests.json", other).status == 404
    wrong = report(stand) | {"api_key": "guessed"}
    assert adapter.post("/requests.json", wrong).status == 403
    adapter.app.go_round()
    assert stand.count() == 0
