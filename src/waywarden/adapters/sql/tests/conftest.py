"""A problem database in each of the three systems, and an adapter before it."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from waywarden.adapters.app import build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.sql import install
from waywarden.adapters.sql.provider import database_of
from waywarden.adapters.sql.tests.databases import problems_postgresql
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.kernel.secrets import hash_token

__all__ = ["problems_postgresql"]

SYSTEMS = ("sqlite", "postgresql", "mariadb")


@dataclass
class Problems:
    """A problem database as its own programs see it."""

    url: str
    engine: sa.Engine
    file: object
    """The deployment file before it."""
    kind: str

    def run(self, statement, **values):
        with self.engine.begin() as connection:
            return connection.execute(sa.text(statement), values)

    def all(self, statement, **values):
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).all()


def schema_for(engine):
    """Tables as a vendor would have made them, each in its database's own types."""
    meta = sa.MetaData()
    text = sa.String(4000)
    moment = {
        "sqlite": sa.String(30),
        "postgresql": sa.DateTime(timezone=True),
        "mysql": sa.DateTime(),
        "mariadb": sa.DateTime(),
    }[engine.dialect.name]
    now = {
        "sqlite": sa.text("(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"),
        "postgresql": sa.text("now()"),
        "mysql": sa.text("(utc_timestamp())"),
        "mariadb": sa.text("(utc_timestamp())"),
    }[engine.dialect.name]
    sa.Table(
        "reports",
        meta,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("sender_ref", sa.String(60), index=True),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("details", text, nullable=False),
        sa.Column("note", text),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.Column("reporter", sa.String(10), nullable=False),
        sa.Column("reporter_email", sa.String(200)),
        sa.Column("photo_urls", text),
        mysql_charset="utf8mb4",
    )
    sa.Table(
        "report_messages",
        meta,
        sa.Column("message_id", sa.Integer, primary_key=True),
        sa.Column("report_id", sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("text", text, nullable=False),
        sa.Column("sender_ref", sa.String(60)),
        sa.Column("writer", sa.String(60)),
        mysql_charset="utf8mb4",
    )
    meta.create_all(engine)


def server_for(system, request, tmp_path):
    """The address of an empty database."""
    if system == "sqlite":
        (tmp_path / "problems.sqlite").touch()
        return f"sqlite:///{tmp_path}/problems.sqlite"
    if system == "mariadb":
        socket, name = request.getfixturevalue("mariadb_socket"), request.getfixturevalue("mariadb")
        return f"mariadb+pymysql://root@localhost/{name}?unix_socket={socket}"
    return request.getfixturevalue("problems_postgresql")


@pytest.fixture(params=SYSTEMS)
def problems(request, tmp_path):
    url = server_for(request.param, request, tmp_path)
    folder = tmp_path / "deployments"
    folder.mkdir()
    text = filled(
        KINDS["sql"], jurisdiction="east", name="East Council", api_key_hash=hash_token(KEY)
    ).replace("sqlite:///reports.sqlite", url)
    quick = "[system]\nservices_seconds = 0\nsettle_seconds = 0\n"
    (folder / "east.toml").write_text(text.replace("[system]\n", quick))
    (loaded,) = load_all(folder, KINDS, environ={})
    database = database_of(loaded.options, {})
    schema_for(database.engine)
    install.install(loaded.options, database)
    yield Problems(url, database.engine, folder / "east.toml", request.param)
    database.engine.dispose()


@pytest.fixture
def deploy(problems, tmp_path):
    """The adapter before it; `change` may change the deployment file first."""

    apps = []

    def build(change=lambda text: text):
        problems.file.write_text(change(problems.file.read_text()))
        loaded = load_all(problems.file.parent, KINDS, environ={})
        apps.append(build_app(loaded, store=Store(tmp_path / "store"), environ={}))
        return Asker(apps[-1])

    yield build
    for app in apps:
        app.close()


@pytest.fixture
def adapter(deploy):
    return deploy()
