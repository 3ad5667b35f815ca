"""A deployment of CSV files, over a folder and over SFTP."""

import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.files.fake import Exchange
from waywarden.adapters.files.tests.asks import ENVIRON
from waywarden.adapters.files.tests.sftp_server import served
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.kernel.secrets import hash_token


@pytest.fixture
def exchange(tmp_path):
    return Exchange(tmp_path / "exchange")


@pytest.fixture
def deploy(tmp_path, exchange):
    def build(change=lambda text: text):
        folder = tmp_path / "deployments"
        folder.mkdir(exist_ok=True)
        text = filled(
            KINDS["files"], jurisdiction="east", name="East", api_key_hash=hash_token(KEY)
        )
        text = text.replace(
            'folder = "exchange"', f'folder = "{exchange.folder}"\nquiet_seconds = 0'
        )
        (folder / "east.toml").write_text(change(text))
        loaded = load_all(folder, KINDS, environ=ENVIRON)
        return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ=ENVIRON))

    return build


@pytest.fixture
def adapter(deploy):
    return deploy()


@pytest.fixture
def over_sftp(deploy, exchange):
    """The same over SFTP; the deployment's text may be changed once more."""
    with served(exchange.folder) as (port, host_key, switches):

        def build(change=lambda text: text):
            def with_sftp(text):
                table = (
                    f'[system.sftp]\nhost = "127.0.0.1"\nport = {port}\nuser = "us"\nseconds = 30\n'
                    f'host_key = "{host_key}"\npassword = {{ env = "FILES_PASSWORD" }}\n\n'
                )
                text = text.replace(str(exchange.folder), "/")
                return change(text.replace("[system.report]\n", table + "[system.report]\n"))

            return deploy(with_sftp)

        build.switches = switches
        yield build
