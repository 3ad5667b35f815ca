"""A fake of each character on a loopback port, and an adapter before it."""

from contextlib import ExitStack

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.rest.fake import LockingDesk, OneShotDesk, PlainDesk, PostRoom
from waywarden.adapters.rest.tests.files import LOCKING, ONE_SHOT, POST_ROOM
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.kernel.secrets import hash_token
from waywarden.open311.tests.memory import served

ENVIRON = {"VENDOR_SECRET": "s3cret"}


@pytest.fixture
def deploy(tmp_path):
    """Builds an adapter before a desk; the store outlives it."""
    with ExitStack() as stack:

        def build(desk, text, change=lambda text: text):
            url = stack.enter_context(served(desk))
            folder = tmp_path / "deployments"
            folder.mkdir(exist_ok=True)
            quick = (
                f'[system]\nurl = "{url}"\nallow_private = ["127.0.0.1"]\nread_seconds = 3\n'
                "services_seconds = 0\nsettle_seconds = 0\n"
            )
            text = text.replace('[system]\nurl = "https://api.vendor.example/v2"\n', quick)
            text = text.replace("https://login.vendor.example", url)
            (folder / "east.toml").write_text(change(text))
            loaded = load_all(folder, KINDS, environ=ENVIRON)
            return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ=ENVIRON))

        yield build


def _filled(text=None):
    kind = KINDS["rest"]
    whole = filled(kind, jurisdiction="east", name="East", api_key_hash=hash_token(KEY))
    if text is None:
        return whole
    return whole[: whole.index("[system]")] + text


@pytest.fixture
def plain():
    return PlainDesk()


@pytest.fixture
def plain_adapter(deploy, plain):
    return deploy(plain, _filled())


@pytest.fixture
def locking():
    return LockingDesk()


@pytest.fixture
def locking_adapter(deploy, locking):
    return deploy(locking, _filled(LOCKING))


@pytest.fixture
def one_shot():
    return OneShotDesk()


@pytest.fixture
def one_shot_adapter(deploy, one_shot):
    return deploy(one_shot, _filled(ONE_SHOT))


@pytest.fixture
def post_room():
    return PostRoom()


@pytest.fixture
def post_room_adapter(deploy, post_room):
    return deploy(post_room, _filled(POST_ROOM))


@pytest.fixture
def sample():
    return _filled()
