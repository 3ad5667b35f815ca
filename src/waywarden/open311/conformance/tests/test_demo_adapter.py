"""Our adapter over the demo's works system stands under the same kit as everybody."""

from contextlib import ExitStack

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.sample import JURISDICTION, deployment_text
from waywarden.adapters.demo.works import NewJob, Works
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.kernel.secrets import hash_token
from waywarden.open311.conformance.registry import Outcome
from waywarden.open311.conformance.tests.judging import judged, shortcomings
from waywarden.open311.tests.memory import served

KEY = "open sesame"


@pytest.fixture
def works(tmp_path):
    found = Works(tmp_path / "works.sqlite3")
    for number in range(3):
        job_no = found.add_job(
            NewJob(job_type="POTH", details=f"Hole {number}", lat=60.17, lon=24.94 + number / 100)
        )
        found.change_job(job_no, state="DONE" if number % 2 else "INSPECTED", note="Seen.")
    return found


@pytest.fixture
def url(works, tmp_path):
    folder = tmp_path / "deployments"
    folder.mkdir()
    with ExitStack() as stack:
        works_url = stack.enter_context(served(WorksApp(works)))
        text = deployment_text(
            works_url=works_url, api_key_hash=hash_token(KEY), public_url="https://open311.example"
        )
        (folder / "one.toml").write_text(text)
        store = Store(tmp_path / "store.sqlite3")
        app = build_app(load_all(folder, KINDS, environ={}), store=store)
        yield stack.enter_context(served(app))


def test_the_demo_adapter_meets_every_level_and_nothing_is_wrong_with_it(url):
    assert shortcomings(url, api_key=KEY, jurisdiction_id=JURISDICTION) == []


def test_the_kit_looked_at_real_rows_of_the_works_system(url):
    report = judged(url, api_key=KEY, jurisdiction_id=JURISDICTION)
    passed = {one.check.code for one in report.findings if one.result.outcome is Outcome.PASSED}
    assert {
        "2.4-a-request-is-accepted",
        "2.7-a-narrow-window-holds-its-update",
        "2.7-the-window-ends-where-it-was-asked-to",
        "5-a-repeated-request-makes-no-second-one",
        "5-a-repeated-update-makes-no-second-one",
    } <= passed
