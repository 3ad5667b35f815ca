"""Deployment files that change while the server runs."""

import logging
import threading
import time
from datetime import timedelta

import pytest

from waywarden.adapters import app as app_
from waywarden.adapters.app import build_app, load
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.reloading import Reloading, stamps_of
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.adapters.tests.stand import text_of, write
from waywarden.kernel.secrets import hash_token

FORM = {
    "api_key": KEY,
    "service_code": "POTHOLE",
    "lat": "60.1",
    "long": "24.9",
    "description": "A hole",
    "attribute[fixmystreet_id]": "7",
}


class Server:
    """A server over a folder, whose looks at the files are made by hand."""

    def __init__(self, folder, store):
        self.folder = folder
        stamps = stamps_of(folder)
        opened = build_app(load_all(folder, KINDS, environ={}), store=store, environ={})
        stamps = {**stamps_of(folder, opened.opened), **stamps}
        self.app = opened
        self.reloading = Reloading(
            folder, opened.opened, stamps=stamps, store=store, swap=opened.replace, environ={}
        )
        self.asker = Asker(self.app)

    def write(self, name, text):
        """As an editor does: under another name, then in its place."""
        part = self.folder / f"{name}.new"
        part.write_text(text)
        part.replace(self.folder / name)

    def settle(self):
        """Two looks: what has changed is taken when it stays so."""
        self.reloading.look()
        self.reloading.look()

    def page(self):
        return self.asker.get("/").text


@pytest.fixture
def server(tmp_path):
    folder = write(
        tmp_path / "deployments", text_of("files").replace('"exchange"', f'"{tmp_path}"')
    )
    made = Server(folder, Store(tmp_path / "store"))
    yield made
    made.app.close()


def text_with(server, old, new):
    text = (server.folder / "east.toml").read_text()
    assert old in text
    return text.replace(old, new)


def notice(server):
    got = server.asker.post("/requests.json", FORM)
    assert got.status == 200, got.text
    return got.json[0]["service_notice"]


def test_a_changed_file_is_taken_when_it_stays_so_and_what_was_sent_is_known(server):
    number = server.asker.post("/requests.json", FORM).json[0]["service_request_id"]
    server.write("east.toml", text_with(server, "[[keys]]", 'notice = "Thanks!"\n\n[[keys]]'))
    server.reloading.look()
    assert not notice(server), "a half may be written still"
    server.reloading.look()
    assert notice(server) == "Thanks!"
    (row,) = server.asker.post("/requests.json", FORM).json
    assert row["service_request_id"] == number
    assert server.asker.get("/health.json").json["files_refused"] == []


def test_a_wrong_file_is_refused_and_told_and_the_old_one_goes_on_until_it_is_right(server, caplog):
    good = (server.folder / "east.toml").read_text()
    server.write("east.toml", text_with(server, 'name = "Street lamp"', 'nam = "Street lamp"'))
    line = (server.folder / "east.toml").read_text().splitlines().index('nam = "Street lamp"') + 1
    with caplog.at_level(logging.ERROR):
        server.settle()
        server.settle()
    said = f"east.toml:{line}: services.LAMP.nam"
    assert len([one for one in caplog.records if said in one.getMessage()]) == 1, "told once"
    assert said in server.page()
    assert "Somebody must look:</strong> a deployment file." in server.page()
    assert said in server.asker.get("/health.json").json["files_refused"][0]
    assert "waywarden_adapter_files_faults" in server.asker.get("/metrics").text
    assert [one["service_name"] for one in server.asker.get("/services.json").json] == [
        "Pothole",
        "Street lamp",
    ]
    server.write("east.toml", good)
    server.settle()
    assert "All is well." in server.page()


def test_a_new_file_is_served_one_that_is_gone_is_not_and_a_wrong_one_stops_no_other(server):
    west = text_of("files").replace('"east"', '"west"', 1).replace("Pothole", "Hole")
    server.write("west.toml", west)
    server.write("north.toml", "colour = 1")
    server.settle()
    asked = server.asker.get("/services.json", jurisdiction_id="west")
    assert asked.json[0]["service_name"] == "Hole"
    assert "north.toml:1: colour" in server.page()
    (server.folder / "north.toml").unlink()
    (server.folder / "east.toml").unlink()
    server.settle()
    assert server.asker.get("/services.json", jurisdiction_id="east").status == 404
    assert server.asker.get("/services.json").status == 200
    assert "All is well." in server.page()


def test_a_folder_that_is_empty_all_at_once_is_a_mistake_and_everything_goes_on(server):
    (server.folder / "east.toml").unlink()
    server.settle()
    assert server.asker.get("/services.json").status == 200
    assert "there is no deployment file (*.toml) in this folder" in server.page()


def test_two_files_of_one_jurisdiction_leave_the_one_that_was_there(server):
    server.write("west.toml", (server.folder / "east.toml").read_text())
    server.settle()
    assert "is in east.toml already" in server.page()
    assert server.asker.get("/services.json").status == 200
    # A file that was renamed is the same deployment.
    (server.folder / "east.toml").unlink()
    server.settle()
    assert "All is well." in server.page()
    assert server.asker.get("/services.json", jurisdiction_id="east").status == 200


def test_a_childs_file_is_watched_with_its_parents(tmp_path):
    folder = write(tmp_path / "deployments", text_of("multi"))
    child = text_of("files")
    (folder / "east").mkdir()
    for name in ("roads", "trees"):
        (folder / "east" / f"{name}.toml").write_text(child)
    server = Server(folder, Store(tmp_path / "store"))
    (folder / "east" / "trees.toml").write_text(child.replace("Street lamp", "Tree"))
    server.settle()
    names = [one["service_name"] for one in server.asker.get("/services.json").json]
    assert names == ["Pothole", "Street lamp", "Pothole", "Tree"]
    (folder / "east" / "trees.toml").write_text("colour = 1")
    server.settle()
    assert "trees.toml:1: colour" in server.page()
    assert [one["service_name"] for one in server.asker.get("/services.json").json] == names
    server.app.close()


def test_a_new_parent_is_taken_when_its_wrong_child_is_mended(server, caplog):
    child = text_of("files").replace("Street lamp", "Tree")
    inside = server.folder / "west"
    inside.mkdir()
    for name in ("roads", "trees"):
        (inside / f"{name}.toml").write_text(child if name == "roads" else "colour = 1")
    parent = text_of("multi").replace('"east"', '"west"', 1).replace("east/", "west/")
    server.write("west.toml", parent)
    server.settle()
    assert "trees.toml:1: colour" in server.page()
    server.settle()
    said = [one.getMessage() for one in caplog.records if "trees.toml:1: colour" in one.message]
    assert len(said) == 1, "told once"
    (inside / "trees.toml").write_text(child)
    server.settle()
    assert "All is well." in server.page()
    assert "Tree" in server.asker.get("/services.json", jurisdiction_id="west").text


def test_a_key_that_is_taken_out_lets_nobody_in_any_more(server):
    server.write("east.toml", text_with(server, hash_token(KEY), hash_token("another")))
    server.settle()
    assert server.asker.post("/requests.json", FORM).status == 403
    assert server.asker.post("/requests.json", FORM | {"api_key": "another"}).status == 200


def test_health_goes_on_and_what_is_unchanged_is_left_alone(server):
    health, (before,) = server.app.opened[0].mounted.health, server.app.opened
    server.write("west.toml", text_of("files").replace('"east"', '"west"', 1))
    server.settle()
    assert server.app.opened[0] is before
    server.write("east.toml", text_with(server, "Street lamp", "Lamp"))
    server.settle()
    assert server.app.opened[0] is not before
    assert server.app.opened[0].mounted.health is health


def test_a_call_under_way_ends_as_it_began_and_only_then_the_old_one_is_closed(server):
    (old,) = server.app.opened
    closed = threading.Event()

    class Place:
        close = staticmethod(closed.set)

    server.app.replace((type(old)(old.mounted, places=(Place(),), loaded=old.loaded),), ())
    server.reloading._opened = server.app.opened
    with old.mounted.gate:
        server.write("east.toml", text_with(server, "Street lamp", "Lamp"))
        server.settle()
        server.settle()
        assert not closed.is_set()
        assert "Lamp" in server.asker.get("/services.json").text
    server.settle()
    assert closed.is_set()


def test_a_running_server_takes_a_changed_file_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("waywarden.adapters.logs.configure", lambda: None)
    monkeypatch.setattr(app_, "ROUNDS_EVERY", timedelta(milliseconds=20))
    folder = write(tmp_path / "deployments", text_of("files"))
    app = load(folder, store=tmp_path / "store", pages=True)
    try:
        asker = Asker(app)
        assert "Street lamp" in asker.get("/services.json").text
        (folder / "east.toml").write_text(text_of("files").replace("Street lamp", "Lamp post"))
        give_up_at = time.monotonic() + 60
        while "Lamp post" not in asker.get("/services.json").text:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
    finally:
        app.rounds.stop()
        app.close()
