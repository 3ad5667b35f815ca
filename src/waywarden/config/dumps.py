"""psql, backup and restore, by PostgreSQL's own programs."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from waywarden.config import postgres
from waywarden.kernel.errors import Misconfigured, RuleBroken


def psql(url: str, arguments: Sequence[str] = ()) -> int:
    """Runs psql in this terminal; its exit code."""
    client = str(postgres.program("psql"))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's, which takes it
    try:
        done = subprocess.run([client, *arguments], check=False, env=_environment(url))
    finally:
        signal.signal(signal.SIGINT, before)
    return done.returncode


def backup(url: str, file: Path) -> None:
    """Writes the database to a file (pg_dump's custom format, mode 600), whole or not at all.

    Raises Misconfigured when the database or the file cannot be used.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}-")
    except OSError as error:
        message = f"Nothing can be written in {file.absolute().parent}."
        raise Misconfigured(message) from error
    os.close(handle)
    try:
        _run("pg_dump", ["--format=custom", "--no-owner", "--file", temporary], url=url)
        Path(temporary).replace(file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Replaces the database by a backup: loaded beside it first, then put in its place.

    Raises RuleBroken when others are connected, Misconfigured when the file is no backup; the
    database is as it was then.
    """
    _run("pg_restore", ["--list", str(file)], url=url)
    name = unquote(urlsplit(url).path.lstrip("/"))
    fresh, old = f"{name}_restored", f"{name}_replaced"
    server = _with_name(url, "postgres")
    _refuse_if_used(server, name)
    _sql(server, f'DROP DATABASE IF EXISTS "{fresh}"')
    _sql(server, f'CREATE DATABASE "{fresh}" TEMPLATE template0')
    try:
        _run(
            "pg_restore",
            ["--no-owner", "--exit-on-error", "--dbname", fresh, str(file)],
            url=_with_name(url, fresh),
        )
        _refuse_if_used(server, name)
    except (Misconfigured, RuleBroken):
        _sql(server, f'DROP DATABASE IF EXISTS "{fresh}"')
        raise
    _sql(server, f'DROP DATABASE IF EXISTS "{old}"')
    _sql(server, f'ALTER DATABASE "{name}" RENAME TO "{old}"')
    _sql(server, f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    _sql(server, f'DROP DATABASE IF EXISTS "{old}"')


def _refuse_if_used(server: str, name: str) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    used = _sql(server, f"{count} AND datname = '{name}'")
    if used.strip() != "0":
        message = "The database is in use; stop the site and the worker first."
        raise RuleBroken(message)


def _sql(server: str, statement: str) -> str:
    return _run("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement], url=server)


def _run(name: str, arguments: Sequence[str], *, url: str) -> str:
    done = subprocess.run(
        [str(postgres.program(name)), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=_environment(url),
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[:600]
        message = f"{name} did not do it. It says: {words}"
        raise Misconfigured(message)
    return done.stdout


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name)))


def _environment(url: str) -> dict[str, str]:
    """libpq's variables for an address: on the command line others could read the password."""
    parts = urlsplit(url)
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    given = {
        "PGHOST": unquote(parts.hostname or query.get("host", "")),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": unquote(query.get("sslmode", "")),
    }
    ours = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return ours | {key: value for key, value in given.items() if value}
