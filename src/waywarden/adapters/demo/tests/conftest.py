"""A works system on a loopback port, the adapter before it, and ways to ask both."""

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.sample import deployment_text
from waywarden.adapters.demo.works import Works
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.kernel.secrets import hash_token
from waywarden.open311.tests.memory import served


@pytest.fixture
def works(tmp_path):
    return Works(tmp_path / "works.sqlite3")


@pytest.fixture
def works_app(works):
    return WorksApp(works)


@pytest.fixture
def desk(works_app):
    return Asker(works_app)


@pytest.fixture
def works_url(works_app):
    with served(works_app) as url:
        yield url


@pytest.fixture
def deploy(tmp_path, works_url):
    """Builds the adapter; `change` may change the deployment's text, `store` be another's file."""

    def build(change=lambda text: text, *, url=works_url):
        folder = tmp_path / "deployments"
        folder.mkdir(exist_ok=True)
        text = deployment_text(
            works_url=url, api_key_hash=hash_token(KEY), public_url="https://open311.example"
        )
        quick = "[system]\nservices_seconds = 0\nsettle_seconds = 0\nread_seconds = 0.3\n"
        (folder / "borsetshire.toml").write_text(change(text.replace("[system]\n", quick)))
        loaded = load_all(folder, KINDS, environ={})
        return Asker(build_app(loaded, store=Store(tmp_path / "store.sqlite3")))

    return build


@pytest.fixture
def adapter(deploy):
    return deploy()


def report(**changed):
    """A report of a pothole as Waywarden sends it."""
    return {
        "api_key": KEY,
        "jurisdiction_id": "borsetshire",
        "service_code": "POTH",
        "lat": "60.17",
        "long": "24.94",
        "description": "A deep hole",
        "email": "rosa@example.org",
        "first_name": "Rosa",
        "last_name": "Reporter",
        "attribute[depth]": "deep",
        "attribute[fixmystreet_id]": "77",
        **changed,
    }
