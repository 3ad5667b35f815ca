"""Several councils under one address, and the server as a program."""

import signal
import socket
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from waywarden.adapters.app import build_app
from waywarden.adapters.demo.sample import deployment_text
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.pacing import Paces
from waywarden.adapters.store import Store
from waywarden.adapters.switchboard import Mounted, Switchboard
from waywarden.adapters.tests.memory import Asker
from waywarden.adapters.tests.programs import (
    ADAPTER,
    PATIENCE,
    WORKS,
    listens,
    wait_until,
    wait_until_gone,
    wait_until_open,
)
from waywarden.kernel.secrets import hash_token
from waywarden.open311.provider import Call, ProviderError
from waywarden.open311.types import RequestQuery, UpdateQuery


def text_for(name, *, works_url="http://127.0.0.1:1"):
    text = deployment_text(
        works_url=works_url,
        api_key_hash=hash_token(f"key of {name}"),
        public_url="http://x.example",
    )
    return text.replace('jurisdiction = "borsetshire"', f'jurisdiction = "{name}"')


class Recorder:
    """A provider that notes who asked."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, _name):
        def note(call, *_rest):
            self.calls.append(call)
            return ()

        return note


@pytest.fixture
def two(tmp_path):
    for name in ("east", "west"):
        (tmp_path / f"{name}.toml").write_text(text_for(name))
    return [Mounted(one.deployment, Recorder()) for one in load_all(tmp_path, KINDS, environ={})]


def status_of(ask):
    with pytest.raises(ProviderError) as caught:
        ask()
    return caught.value.status


def test_a_call_goes_to_its_jurisdiction(two):
    Switchboard(two).services(Call("west"))
    east, west = (one.provider.calls for one in two)
    assert (len(east), len(west)) == (0, 1)


def test_with_several_a_jurisdiction_is_needed_and_with_one_it_is_not(two):
    assert status_of(lambda: Switchboard(two).services(Call())) == 400
    assert status_of(lambda: Switchboard(two).services(Call("north"))) == 404
    Switchboard(two[:1]).services(Call())
    assert len(two[0].provider.calls) == 1


def test_a_key_is_good_for_its_own_jurisdiction_only(two):
    board = Switchboard(two)
    list(board.updates(Call("west", "key of west"), UpdateQuery()))
    assert status_of(lambda: board.updates(Call("west", "key of east"), UpdateQuery())) == 403
    assert status_of(lambda: board.create_request(Call("west"), None)) == 403
    assert status_of(lambda: board.create_update(Call("west", "key of east"), None)) == 403


def test_a_client_that_posts_too_much_is_told_when_it_may_again_and_others_go_on(two):
    key = two[0].deployment.keys[0]
    slow = structs.replace(key, posts_a_minute=2)
    deployment = structs.replace(two[0].deployment, keys=(slow,))
    board = Switchboard([Mounted(deployment, two[0].provider), two[1]])
    for _turn in range(2):
        board.create_request(Call("east", "key of east"), None)
    with pytest.raises(ProviderError) as caught:
        board.create_update(Call("east", "key of east"), None)
    assert caught.value.status == 429
    assert 0 < caught.value.retry_after.total_seconds() <= 30
    board.create_request(Call("west", "key of west"), None)
    list(board.updates(Call("east", "key of east"), UpdateQuery()))


def test_what_a_client_may_post_comes_back_with_time():
    clock = [0.0]
    paces = Paces(lambda: clock[0])
    took = [paces.wait_of("us", a_minute=60) for _turn in range(61)]
    assert took[:60] == [None] * 60
    assert took[60].total_seconds() == 1
    clock[0] = 1.0
    assert paces.wait_of("us", a_minute=60) is None
    assert paces.wait_of("us", a_minute=60) is not None
    clock[0] = 3600.0
    assert sum(paces.wait_of("us", a_minute=60) is None for _turn in range(100)) == 60
    assert paces.wait_of("us", a_minute=0) is None


def test_a_post_that_is_too_large_is_413_and_reaches_nobody(tmp_path):
    (tmp_path / "east.toml").write_text(text_for("east"))
    loaded = load_all(tmp_path, KINDS, environ={})
    asker = Asker(build_app(loaded, store=Store(tmp_path / "s"), environ={}, max_body=1000))
    got = asker.post("/requests.json", {"description": "x" * 1000})
    assert got.status == 413
    assert got.json[0]["code"] == 413


def test_what_one_client_may_post_at_once_is_its_own_and_others_may_more(tmp_path):
    for name, more in (("east", "largest_mb = 0.003\n"), ("west", "")):
        text = text_for(name).replace("[[keys]]\n", f"[[keys]]\n{more}")
        (tmp_path / f"{name}.toml").write_text(text)
    loaded = load_all(tmp_path, KINDS, environ={})
    asker = Asker(build_app(loaded, store=Store(tmp_path / "s"), environ={}))

    def posted(name, size):
        form = {"service_code": "LITT", "lat": "60.1", "long": "24.9", "description": "x" * size}
        who = {"jurisdiction_id": name, "api_key": f"key of {name}"}
        return asker.post("/requests.json", form | who)

    assert posted("east", 3_500).status == 413
    assert (
        posted("east", 3_500).json[0]["description"].endswith("may post 0.003 megabytes at once.")
    )
    assert posted("east", 2_000).status != 413
    assert posted("west", 3_500).status != 413


def test_only_a_good_key_reaches_the_provider_with_a_list_of_requests(two):
    board = Switchboard(two)
    for key in ("key of west", "key of east", ""):
        list(board.requests(Call("west", key), RequestQuery()))
    assert [call.api_key for call in two[1].provider.calls] == ["key of west", "", ""]


def test_an_app_is_built_from_a_folder(tmp_path):
    (tmp_path / "east.toml").write_text(text_for("east"))
    app = build_app(load_all(tmp_path, KINDS, environ={}), store=Store(tmp_path / "s"), environ={})
    started = []
    body = b"".join(app({"PATH_INFO": "/healthz"}, lambda *said: started.append(said)))
    assert started[0][0] == "200 OK"
    assert b"east" in body


def answer_of(url, program):
    """What the program says there, when it is ready."""
    wait_until_open(urlsplit(url).port, program)
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("which", ["adapter", "works system"])
def test_a_program_starts_and_stops_cleanly(tmp_path, free_port, programs, which, number):
    (tmp_path / "east.toml").write_text(text_for("east"))
    code, target, path = {
        "adapter": (ADAPTER, tmp_path, "/healthz"),
        "works system": (WORKS, tmp_path / "works.sqlite3", "/jobs"),
    }[which]
    program = programs.start(code, target, free_port)
    assert answer_of(f"http://127.0.0.1:{free_port}{path}", program)
    program.send_signal(number)
    assert program.wait(PATIENCE) == 0
    assert not listens(free_port)


SLOW = """
import sys, time
from pathlib import Path
from waywarden.adapters import serving
def load():
    Path(sys.argv[1]).touch()
    time.sleep(600)
serving._KILL_AFTER = 600
serving.run(load, host="127.0.0.1", port=int(sys.argv[2]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_stopped_while_it_still_starts_stops(
    tmp_path, free_port, programs, number
):
    begun = tmp_path / "begun"
    program = programs.start(SLOW, begun, free_port)
    wait_until(begun.exists, "it loads", program)
    program.send_signal(number)
    program.wait(PATIENCE)


def test_a_hangup_changes_nothing(tmp_path, free_port, programs):
    (tmp_path / "east.toml").write_text(text_for("east"))
    program = programs.start(ADAPTER, tmp_path, free_port)
    url = f"http://127.0.0.1:{free_port}/healthz"
    before = answer_of(url, program)
    program.send_signal(signal.SIGHUP)
    time.sleep(2)  # time enough for a second serving process to fail
    assert answer_of(url, program) == before
    program.terminate()
    assert program.wait(PATIENCE) == 0
    assert "Another adapter server" not in program.stderr.read().decode()


def test_a_killed_program_leaves_nobody_behind(tmp_path, free_port, programs):
    program = programs.start(WORKS, tmp_path / "w.sqlite3", free_port)
    answer_of(f"http://127.0.0.1:{free_port}/jobs", program)
    program.kill()  # and not the process that it forked
    wait_until_gone(free_port)


def test_wrong_deployments_stop_the_start_and_are_all_named(tmp_path, free_port, programs):
    (tmp_path / "east.toml").write_text("colour = 1")
    program = programs.start(ADAPTER, tmp_path, free_port)
    assert program.wait(PATIENCE) != 0
    said = program.stderr.read().decode()
    assert "east.toml:1: colour:" in said
    assert "east.toml:1: jurisdiction: this is missing" in said


def test_a_port_that_is_taken_stops_the_start(tmp_path, programs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = programs.start(WORKS, tmp_path / "w.sqlite3", port)
        assert program.wait(PATIENCE) != 0
    assert "Cannot listen" in program.stderr.read().decode()
