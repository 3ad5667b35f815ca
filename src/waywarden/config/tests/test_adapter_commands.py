"""`waywarden adapter new`, `check` and `try`: from nothing to a checked file."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from waywarden.adapters.kinds import KINDS
from waywarden.adapters.start import STORE_NAME
from waywarden.adapters.store import Post, Store
from waywarden.config.cli import cli
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import hash_token


def run(*arguments):
    return CliRunner().invoke(cli, ["adapter", *map(str, arguments)])


@pytest.fixture(params=list(KINDS))
def made(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("new", request.param, "East Council")
    assert done.exit_code == 0, done.output
    return done, tmp_path / "deployments" / "east-council.toml"


def test_a_new_file_of_each_kind_is_right_and_its_key_is_told_once(made):
    done, path = made
    key = done.output.strip().rsplit(" ", 1)[1]
    assert hash_token(key) in path.read_text()
    assert key not in path.read_text()
    checked = run("check", path)
    assert checked.exit_code == 0, checked.exception
    assert "east-council.toml is right: East Council" in checked.output
    assert run("check", path.parent).exit_code == 0


def test_a_report_and_a_change_can_be_tried_with_each_kind(made, tmp_path):
    _done, path = made
    report = tmp_path / "r.json"
    report.write_text(json.dumps({"description": "A hole of a special sort"}))
    tried = run("try", path, "--report", report)
    assert tried.exit_code == 0, tried.exception
    assert "A hole of a special sort" in tried.output
    assert "an error" not in tried.output


def test_a_file_that_is_there_is_not_written_over(made):
    _done, path = made
    before = path.read_text()
    assert isinstance(run("new", "demo", "East Council").exception, Misconfigured)
    assert path.read_text() == before


def test_a_wrong_sample_report_is_told_in_words(made, tmp_path):
    _done, path = made
    report = tmp_path / "r.json"
    report.write_text('{"colour": 1}')
    assert "colour" in str(run("try", path, "--report", report).exception)


def test_faults_are_told_with_their_lines_and_an_unknown_kind_with_those_there_are(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('name = "x"\nkind = "demo"\ncolour = 1\n')
    said = str(run("check", path).exception)
    assert "a.toml:3: colour: 'colour' is not a key here" in said
    assert "a.toml:1: jurisdiction: this is missing" in said
    assert "There are: demo" in str(run("new", "dmo", "x").exception)


def test_what_is_stuck_is_listed_and_settled(tmp_path):
    assert "no store" in str(run("stuck", tmp_path).exception)
    store = Store(tmp_path / STORE_NAME)
    post = Post("east", "request", "id:7")
    store.claim(post)
    assert run("stuck", tmp_path).output.strip() == "Nothing is stuck."
    store.unsure(post)
    listed = run("stuck", tmp_path).output
    assert "unsure: east" in listed
    assert "request id:7" in listed
    assert "Say with --as" in str(run("stuck", tmp_path, "--key", "request id:7").exception)
    assert "Noted" in run("stuck", tmp_path, "--key", "request id:7", "--as", "4711").output
    assert run("stuck", tmp_path).output.strip() == "Nothing is stuck."
    assert "0 will be tried" in run("stuck", tmp_path, "--retry").output


def test_check_can_ask_the_system_too_and_names_what_does_not_fit_with_its_line(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    run("new", "sql", "East Council")
    path = tmp_path / "deployments" / "east-council.toml"
    line = path.read_text().splitlines().index('database = "sqlite:///reports.sqlite"') + 1
    said = str(run("check", path, "--ask").exception)
    assert f"east-council.toml:{line}: system.database: The database was not reached" in said
    assert "unable to open database file" in said
    assert not (path.parent / "reports.sqlite").exists(), "a wrong path makes no empty database"
    with sqlite3.connect(path.parent / "reports.sqlite") as database:
        database.execute("CREATE TABLE report (id integer PRIMARY KEY)")
    database.close()
    line = path.read_text().splitlines().index('table = "reports"') + 1
    said = str(run("check", path.parent, "--ask").exception)
    assert f"east-council.toml:{line}: system.reports.table: the database has no table" in said
    assert "Did you mean 'report'?" in said


def test_the_sample_can_be_tried_at_another_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("new", "sql", "East Council")
    path = tmp_path / "deployments" / "east-council.toml"
    assert "lat = 51.5" in run("try", path, "--at", "51.5,-0.1").output
    assert "latitude, longitude" in str(run("try", path, "--at", "here").exception)
