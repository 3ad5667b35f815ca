"""Several systems behind one jurisdiction, each known by what stands before its codes and ids."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.adapters.deployment import BadDeployment, load
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.multi.provider import MultiProvider
from waywarden.adapters.new_file import write_new
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import MemorySystem, deployment, provider_of
from waywarden.kernel.errors import TryLater
from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError

CALL = Call("east", "key")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def systems():
    return {"roads": MemorySystem(), "trees": MemorySystem()}


@pytest.fixture
def multi(systems, tmp_path):
    store = Store(tmp_path / "store")
    children = {
        name: provider_of(system, store, jurisdiction=f"east.{name}")
        for name, system in systems.items()
    }
    return MultiProvider(deployment(kind="multi"), children, bare="roads")


def request(code, **changed):
    return types.NewRequest(
        code, lat=60.0, long=25.0, attributes={"fixmystreet_id": ("7",)}, **changed
    )


def update(number, code=""):
    return types.NewUpdate(number, "12", "FIXED", NOW, service_code=code)


def row(number):
    return types.ServiceRequest(number, "open", service_code="HOLE", requested_datetime=NOW)


def ids(rows):
    return [one.service_request_id for one in rows]


def status_of(ask):
    with pytest.raises(ProviderError) as caught:
        ask()
    return caught.value.status


def test_services_of_all_are_offered_the_bare_ones_as_they_are(multi):
    assert [one.service_code for one in multi.services(CALL)] == ["HOLE", "trees-HOLE"]
    found = multi.service_definition(CALL, "trees-HOLE")
    assert found.service_code == "trees-HOLE"


def test_a_report_goes_to_its_own_system_only(multi, systems):
    assert multi.create_request(CALL, request("trees-HOLE")).service_request_id == "trees-R1"
    assert multi.create_request(CALL, request("HOLE")).service_request_id == "R1"
    assert [len(one.reports) for one in systems.values()] == [1, 1]
    assert systems["trees"].reports[0].new.service_code == "HOLE"


def test_an_update_follows_its_report_and_its_token_too(multi, systems):
    assert multi.create_update(CALL, update("trees-R1", "trees-HOLE")).token == "trees-T1"
    assert systems["trees"].notes[0].new.service_request_id == "R1"
    assert multi.update_token(CALL, "trees-T1").id == "trees-N-T1"
    assert status_of(lambda: multi.create_update(CALL, update("trees-R1", "HOLE"))) == 400


def test_lists_hold_the_rows_of_all(multi, systems):
    systems["roads"].rows = [row("R1")]
    systems["trees"].rows = [row("R1"), row("R2")]
    query = types.RequestQuery(start_date=NOW - timedelta(days=1))
    assert ids(multi.requests(CALL, query)) == ["R1", "trees-R1", "trees-R2"]
    named = types.RequestQuery(service_request_ids=("trees-R2", "R1"))
    assert ids(multi.requests(CALL, named)) == ["R1", "trees-R2"]
    coded = types.RequestQuery(service_codes=("trees-HOLE",), start_date=NOW - timedelta(days=1))
    assert ids(multi.requests(CALL, coded)) == ["trees-R1", "trees-R2"]
    pages = [
        ids(multi.requests(CALL, types.RequestQuery(start_date=NOW, page=page, page_size=2)))
        for page in (1, 2, 3)
    ]
    assert pages == [["R1", "trees-R1"], ["trees-R2"], []]


def test_a_child_that_fails_fails_the_list_and_is_named(multi, systems):
    systems["roads"].rows = [row("R1")]
    systems["roads"].changes = [types.ServiceRequestUpdate("1", "R1", "open", NOW)]
    systems["trees"].fails = TryLater("down")
    query = types.RequestQuery(start_date=NOW)
    assert status_of(lambda: list(multi.requests(CALL, query))) == 502
    window = types.UpdateQuery(NOW, NOW)
    with pytest.raises(ProviderError, match="trees") as caught:
        next(iter(multi.updates(CALL, window)))  # not even the first row of the other
    assert caught.value.status == 502
    systems["trees"].fails = None
    assert [one.update_id for one in multi.updates(CALL, window)] == ["1"]


def test_without_a_bare_child_what_has_no_name_before_it_is_not_known(systems, tmp_path):
    store = Store(tmp_path / "store")
    children = {"trees": provider_of(systems["trees"], store)}
    multi = MultiProvider(deployment(kind="multi"), children, bare="")
    assert status_of(lambda: multi.create_request(CALL, request("HOLE"))) == 400
    assert status_of(lambda: multi.create_update(CALL, update("R1"))) == 404
    assert status_of(lambda: multi.service_definition(CALL, "HOLE")) == 404


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('bare = "roads"', 'bare = "rods"', "did you mean 'roads'"),
        ('trees = "east/trees.toml"', 'trees = "trees.toml"', "a folder of its own"),
        ('trees = "east/trees.toml"', 'a-b = "east/trees.toml"', "letters and digits"),
        ('trees = "east/trees.toml"', 'trees = "east/none.toml"', "there is no file"),
        ('trees = "east/trees.toml"', 'trees = "../x/east.toml"', "cannot stand behind another"),
    ],
)
def test_faults_of_the_file_and_of_its_children_are_named(tmp_path, old, new, said):
    path, _key = write_new(KINDS["multi"], "East", directory=tmp_path / "x")
    text = path.read_text()
    path.write_text(text.replace(old, new))
    with pytest.raises(BadDeployment, match=said):
        load(path, KINDS, environ={})


def test_a_fault_of_a_child_is_told_with_its_own_file_and_line(tmp_path):
    path, _key = write_new(KINDS["multi"], "East", directory=tmp_path)
    child = tmp_path / "east" / "trees.toml"
    child.write_text(child.read_text().replace('zone = "Europe/London"', 'zone = "Moon"'))
    with pytest.raises(BadDeployment, match=r"trees\.toml:6: zone"):
        load(path, KINDS, environ={})


def test_a_child_whose_file_is_not_there_is_told_on_the_line_that_names_it(tmp_path):
    path, _key = write_new(KINDS["multi"], "East", directory=tmp_path)
    (tmp_path / "east" / "trees.toml").unlink()
    line = path.read_text().splitlines().index('trees = "east/trees.toml"') + 1
    said = f"east.toml:{line}: system.children.trees: there is no file {tmp_path}/east/trees.toml"
    with pytest.raises(BadDeployment) as caught:
        load(path, KINDS, environ={})
    assert str(caught.value) == said


def test_new_children_read_and_write_in_folders_of_their_own(tmp_path):
    path, _key = write_new(KINDS["multi"], "East", directory=tmp_path)
    children = load(path, KINDS, environ={}).children
    assert len({one.options.folder for one in children.values()}) == 2
