"""The embedded server: joined, left, killed, kept, backed up."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from waywarden.config import database, dumps, postgres
from waywarden.kernel.errors import Misconfigured, RuleBroken

USER = """
import sys
from pathlib import Path
from waywarden.config import database
print(database.ensure_running(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home of its own under a short path; made once, its server stopped after each test."""
    folder = Path(tempfile.mkdtemp(prefix="waywarden-test-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _stopped(home: Path) -> Iterator[None]:
    yield
    if (home / "postgres").exists():
        database.stop(home, even_if_used=True)


@contextlib.contextmanager
def another_user(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the server until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process:
        assert process.stdout.readline().startswith("postgresql://")
        yield process


def until(claim, *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.05)
    return False


def server_pid(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])


def ask(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_a_second_process_joins_and_the_last_one_stops_the_server(home):
    with another_user(home):
        first_server = server_pid(home)
        assert database.ensure_running(home).endswith(f"host={home}/postgres/run")
        assert server_pid(home) == first_server
        with pytest.raises(RuleBroken, match="in use"):
            database.stop(home)
    database.ensure_running(home)
    assert server_pid(home) == first_server, "it stays up while we use it"
    database.leave(home)
    assert until(lambda: not database.is_running(home)), "at once, or by whoever looks just then"


def test_the_database_is_utf8_durable_and_closed_to_the_network(home):
    url = database.ensure_running(home)
    settings = dict(
        ask(
            url,
            "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',"
            " 'listen_addresses', 'server_encoding', 'data_checksums')",
        )
    )
    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "data_checksums": "on",
    }
    assert ask(url, "SELECT upper('ä')") == [("Ä",)]
    assert (home / "postgres" / "run").stat().st_mode & 0o077 == 0


def test_what_was_committed_is_there_after_everything_was_killed(home):
    with another_user(home) as process:
        url = database.ensure_running(home)
        ask(url, "CREATE TABLE IF NOT EXISTS kept (word text)")
        ask(url, "TRUNCATE kept")
        ask(url, "INSERT INTO kept VALUES ('pothole')")
        os.kill(server_pid(home), signal.SIGKILL)
        process.kill()
    assert ask(database.ensure_running(home), "SELECT word FROM kept") == [("pothole",)]


def test_a_pid_file_whose_number_another_program_has_does_not_stop_the_start(home):
    database.ensure_running(home)
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    os.kill(int(lines[0]), signal.SIGKILL)
    assert until(lambda: not database.is_running(home))
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert ask(database.ensure_running(home), "SELECT 1") == [(1,)]


def test_a_server_whose_last_user_was_killed_is_stopped_soon(home):
    with another_user(home) as process:
        process.kill()
    assert until(lambda: not database.is_running(home))


def test_a_kept_server_stays_up_without_users_until_it_is_stopped(home):
    database.keep(home)
    database.leave(home)
    assert database.is_running(home)
    assert database.stop(home) is True
    assert not database.is_running(home)
    assert database.stop(home) is False


def test_the_data_is_made_once(home):
    database.ensure_running(home)
    made = (home / "postgres" / "data" / "PG_VERSION").stat().st_mtime_ns
    database.leave(home)
    database.ensure_running(home)
    assert (home / "postgres" / "data" / "PG_VERSION").stat().st_mtime_ns == made


def test_a_long_home_gets_a_short_socket_path():
    home = Path("/srv") / ("long" * 40)
    sockets = postgres.sockets_of(home)
    assert len(str(sockets / ".s.PGSQL.5432")) < 104
    assert postgres.sockets_of(home / "other") != sockets


def test_a_socket_folder_of_somebody_else_is_not_used(home, tmp_path):
    place = postgres.place_of(home)
    elsewhere = tmp_path / "run"
    elsewhere.symlink_to(home)
    with pytest.raises(Misconfigured, match="another user"):
        postgres.start(
            postgres.Place(
                root=place.root,
                data=place.data,
                sockets=elsewhere,
                programs=place.programs,
                user=place.user,
            )
        )


def test_a_backup_brings_back_what_was_there_and_nothing_else(home, tmp_path):
    url = database.ensure_running(home)
    ask(url, "CREATE TABLE IF NOT EXISTS streets (name text)")
    ask(url, "INSERT INTO streets VALUES ('Liisankatu')")
    file = tmp_path / "backup.dump"
    dumps.backup(url, file)
    assert file.stat().st_mode & 0o077 == 0
    ask(url, "INSERT INTO streets VALUES ('later')")
    ask(url, "CREATE TABLE later (id int)")
    dumps.restore(url, file)
    assert ask(url, "SELECT name FROM streets") == [("Liisankatu",)]
    assert ask(url, "SELECT to_regclass('later')") == [(None,)]
    assert [path.name for path in tmp_path.iterdir()] == ["backup.dump"]


def test_a_file_that_is_no_backup_changes_nothing(home, tmp_path):
    url = database.ensure_running(home)
    ask(url, "CREATE TABLE IF NOT EXISTS untouched (id int)")
    broken = tmp_path / "broken.dump"
    broken.write_text("not a backup")
    with pytest.raises(Misconfigured, match="pg_restore did not do it"):
        dumps.restore(url, broken)
    assert ask(url, "SELECT to_regclass('untouched')::text") == [("untouched",)]


def test_a_database_in_use_is_not_restored(home, tmp_path):
    url = database.ensure_running(home)
    file = tmp_path / "backup.dump"
    dumps.backup(url, file)
    with psycopg.connect(url), pytest.raises(RuleBroken, match="in use"):
        dumps.restore(url, file)


def test_psql_gets_the_exit_code_out(home):
    url = database.ensure_running(home)
    assert dumps.psql(url, ["-Xqc", "DO $$ BEGIN END $$"]) == 0
    assert dumps.psql(url, ["-Xqc", "SELECT nothing_like_it"]) == 1
