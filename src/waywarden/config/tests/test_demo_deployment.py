"""The demo's works system behind `sql`, by the file that everybody can read."""

import sqlite3
from contextlib import closing

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.demo.works import NewJob, Works
from waywarden.adapters.deployment import load, load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.config import demo_deployment
from waywarden.kernel.secrets import hash_token
from waywarden.open311.conformance.tests.judging import shortcomings
from waywarden.open311.tests.memory import served

KEY = "open sesame"


@pytest.fixture
def works(tmp_path):
    found = Works(tmp_path / "works.sqlite")
    for number in range(3):
        job_no = found.add_job(
            NewJob(job_type="POTH", details=f"Hole {number}", lat=60.17, lon=24.94 + number / 100)
        )
        found.change_job(job_no, state="DONE" if number % 2 else "INSPECTED", note="Seen.")
    return found


@pytest.fixture
def app(works, tmp_path):
    folder = tmp_path / "deployments"
    folder.mkdir()
    (folder / demo_deployment.NAME).write_text(
        demo_deployment.text(
            works_database=works.path, api_key_hash=hash_token(KEY), public_url="http://x.example"
        )
    )
    found = build_app(load_all(folder, KINDS, environ={}), store=Store(tmp_path / "store"))
    yield found
    found.close()


def test_the_file_is_right_as_it_lies_there_and_nobody_has_its_key():
    loaded = load(demo_deployment.sample(), KINDS, environ={})
    assert loaded.deployment.kind == "sql"
    assert loaded.deployment.keys[0].sha256 == demo_deployment.NOBODYS_KEY


def test_the_demos_works_system_meets_every_level(app):
    with served(app) as url:
        assert shortcomings(url, api_key=KEY, jurisdiction_id="borsetshire") == []


def test_a_report_of_the_kit_is_a_job_with_its_answers_where_the_clerk_looks(app, works):
    with served(app) as url:
        shortcomings(url, api_key=KEY, jurisdiction_id="borsetshire")
    with closing(sqlite3.connect(works.path)) as database:
        job_no, state, origin = database.execute(
            "select job_no, state, origin from jobs order by job_no desc limit 1"
        ).fetchone()
    assert (state, origin) == ("NEW", "OPEN311")
    assert works.messages(job_no)[0]["wanted"] == "OPEN"
