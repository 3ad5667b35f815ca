"""The pages beside the server tell how it goes, and no secret."""

import json

import pytest

from waywarden.adapters.app import AdapterApp
from waywarden.adapters.contract import StepDraft
from waywarden.adapters.logs import Lines
from waywarden.adapters.mounting import Opened
from waywarden.adapters.store import Store
from waywarden.adapters.switchboard import Mounted
from waywarden.adapters.tests.memory import KEY, Asker, MemorySystem, provider_of
from waywarden.kernel.errors import Refused, TryLater
from waywarden.kernel.secrets import hash_token

FORM = {
    "api_key": KEY,
    "service_code": "HOLE",
    "lat": "60",
    "long": "25",
    "description": "Rosa saw a hole",
    "email": "rosa@example.org",
    "attribute[fixmystreet_id]": "7",
}


@pytest.fixture
def system():
    return MemorySystem(drafts=(StepDraft("photo 1"),))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def provider(system, store):
    return provider_of(system, store, name="East <Council>")


@pytest.fixture
def app(provider, store):
    one = Mounted(provider.frame.deployment, provider, provider.frame.health)
    return AdapterApp([Opened(one, places=(provider,))], store=store)


@pytest.fixture
def asker(app):
    return Asker(app)


def test_the_page_tells_how_it_goes_without_secrets_and_people(asker, system):
    assert asker.post("/requests.json", FORM).status == 200
    system.fails = TryLater("The system was not reached.")
    for number in range(3):
        asker.post("/requests.json", FORM | {"attribute[fixmystreet_id]": f"8{number}"})
    page = asker.get("/")
    assert page.status == 200
    assert "East &lt;Council&gt;" in page.text
    assert "somebody must look" in page.text
    assert "The system was not reached." in page.text
    for hidden in (KEY, hash_token(KEY), "rosa", "Rosa"):
        assert hidden not in page.text


def test_who_needs_somebody_stands_first_and_what_is_fine_says_so(store):
    well, broken = MemorySystem(), MemorySystem(fails=TryLater("away"))
    providers = [
        provider_of(well, store, jurisdiction="a", name="Ambridge"),
        provider_of(broken, store, jurisdiction="b", name="Borchester"),
    ]
    mounted = [Mounted(one.frame.deployment, one, one.frame.health) for one in providers]
    asker = Asker(AdapterApp([Opened(one) for one in mounted], store=store))
    assert "All is well." in asker.get("/").text
    for _turn in range(3):
        asker.get("/requests.json", jurisdiction_id="b")
    page = asker.get("/").text
    assert "All is well." not in page
    assert page.index("<h2>Borchester") < page.index("<h2>Ambridge")


def test_the_json_and_the_numbers_say_the_same(asker, system, provider):
    asker.post("/requests.json", FORM)
    system.step_fails = Refused("no")
    provider.take_steps()
    (found,) = asker.get("/health.json").json["deployments"]
    assert (found["jurisdiction"], found["posts"], found["steps_waiting"]) == ("east", 1, 1)
    numbers = asker.get("/metrics").text
    assert 'waywarden_adapter_steps_waiting{jurisdiction="east"} 1.0' in numbers
    assert 'waywarden_adapter_steps_failures_in_a_row{jurisdiction="east"} 1.0' in numbers
    assert 'calls_total{call="create_request",jurisdiction="east",status="200"} 1.0' in numbers


def test_pages_can_be_switched_off_but_not_the_sign_of_life(provider, store):
    one = Mounted(provider.frame.deployment, provider, provider.frame.health)
    asker = Asker(AdapterApp([Opened(one)], store=store, pages=False))
    assert asker.get("/healthz").status == 200
    for path in ("/", "/metrics", "/health.json"):
        assert asker.get(path).status == 404


def test_the_log_holds_a_line_for_each_call_and_nobodys_name(asker, caplog):
    caplog.set_level("INFO")
    asker.post("/requests.json", FORM)
    (record,) = (one for one in caplog.records if one.message == "call")
    assert (record.jurisdiction, record.call, record.status) == ("east", "create_request", 200)
    line = Lines().format(record)
    assert json.loads(line)["call"] == "create_request"
    for hidden in (KEY, "rosa", "Rosa"):
        assert hidden not in line


def test_who_is_told_of_trouble_gets_a_reference_to_the_line_of_the_log_that_says_why(
    asker, system, caplog
):
    trouble = TryLater("The database was not reached.")
    trouble.add_note("connection refused at db.internal")
    system.fails = trouble
    got = asker.post("/requests.json", FORM)
    told = got.json[0]["description"]
    (record,) = (one for one in caplog.records if one.message == "call" and one.status == 503)
    assert told == f"The database was not reached. (Reference {record.reference})"
    assert record.why == "The database was not reached. connection refused at db.internal"
    assert "db.internal" in Lines().format(record)


def test_what_nobody_foresaw_is_a_500_with_a_reference_and_nothing_of_the_inside(
    asker, system, caplog
):
    system.fails = KeyError("secret inside")
    got = asker.get("/requests.json")
    assert got.status == 500
    assert "secret inside" not in got.text
    (record,) = (one for one in caplog.records if one.message == "call" and one.status == 500)
    assert record.reference in got.text
    assert record.why == "something unforeseen (KeyError)"


def test_a_busy_system_turns_calls_away_at_once(provider, store, monkeypatch):
    import threading

    monkeypatch.setattr("waywarden.adapters.switchboard.GATE_SECONDS", 0.01)
    gate = threading.BoundedSemaphore(1)
    one = Mounted(provider.frame.deployment, provider, provider.frame.health, gate)
    asker = Asker(AdapterApp([Opened(one)], store=store))
    with gate:
        got = asker.get("/services.json")
    assert got.status == 503
    assert got.headers["retry-after"] == "10"
    assert asker.get("/services.json").status == 200


def test_the_rounds_go_on_when_one_deployment_fails(system):
    from datetime import timedelta
    from threading import Event

    from waywarden.adapters.steps import Rounds

    reached = Event()

    def fails():
        raise KeyError("a bug")

    rounds = Rounds(every=timedelta(milliseconds=1), work=lambda: {"a": fails, "b": reached.set})
    rounds.start()
    assert reached.wait(60)
    rounds.stop()
