"""What every test stands on: an embedded database of the tests' own, and no way out."""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
import pytest_socket
from django.conf import settings
from django.core.cache import cache
from psycopg import sql
from tools import messages

from waywarden.config import database
from waywarden.config.settings_for_tests import TEST_HOME

ROOT = Path(__file__).parent
pytest_plugins = ["tests.mariadb_server"]


def pytest_runtest_setup() -> None:
    """Nothing but loopback and sockets of this machine can be reached from a test."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_configure() -> None:
    """No example is timed; the languages are compiled, as `make setup` does it."""
    # A busy machine is slow to make examples, too: neither is a fault of what is tested.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("unhurried")
    messages.compile_all()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What was kept for the next visitor is another test's."""
    cache.clear()


@pytest.fixture(scope="session")
def database_server() -> str:
    """The address of the tests' PostgreSQL server (its `postgres` database), started if need be."""
    if os.environ.get("DATABASE_URL"):
        return os.environ["DATABASE_URL"]
    return database.ensure_running(TEST_HOME, durable=False).replace("@/waywarden", "@/postgres")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str) -> None:
    """Each process's database is a copy of one that was migrated once (see `_template`)."""
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = _template(database_server)


def _template(server: str) -> str:
    """The name of a migrated, empty database; made when a migration is new or has changed."""
    name = f"template_{_digest()}"
    with psycopg.connect(server, autocommit=True) as connection:
        # A lock of the server's: of several test processes one makes it, the others wait.
        connection.execute("SELECT pg_advisory_lock(4711)")
        _drop_left_over(connection)
        if not _names(connection, name):
            _make_template(connection, server, name)
    return name


def _make_template(connection: psycopg.Connection, server: str, name: str) -> None:
    for (old,) in _names(connection, "template\\_%"):
        with suppress(psycopg.errors.ObjectInUse):
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
    building = f"building_{os.getpid()}"
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity=0", "--skip-checks"],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": urlsplit(server)._replace(path=f"/{building}").geturl(),
            "DJANGO_SETTINGS_MODULE": "waywarden.config.settings_for_tests",
            "PYTHONPATH": str(ROOT / "src"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"The migrations do not run:\n{done.stderr}", pytrace=False)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(building), sql.Identifier(name)))


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src").glob("waywarden/*/migrations/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    for path in (ROOT / "requirements").glob("*.txt"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _names(connection: psycopg.Connection, pattern: str) -> list[tuple[str]]:
    query = "SELECT datname FROM pg_database WHERE datname LIKE %s"
    return connection.execute(query, [pattern]).fetchall()


def _drop_left_over(connection: psycopg.Connection) -> None:
    """Removes the databases of test runs that were killed: a name ends in its process's number."""
    for (name,) in _names(connection, "test\\_waywarden\\_%") + _names(connection, "building\\_%"):
        pid = name.rpartition("_")[2]
        if pid.isdigit() and not _lives(int(pid)):
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
            with suppress(psycopg.errors.ObjectInUse):
                connection.execute(drop)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
