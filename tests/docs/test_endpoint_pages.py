"""The pages for a body's IT team: the checks are all there, and the SQL works."""

import os
import re
import shutil
import sqlite3
import subprocess
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.docs.pages import DOCS
from tests.mariadb_server import SMALL
from waywarden.open311.conformance.pages import markdown

AGAIN = (
    "write the page anew: .venv/bin/python -c 'from waywarden.open311.conformance.pages import "
    'markdown; print(markdown(), end="")\' > docs/reference/conformance.md'
)
REPORTS = "CREATE TABLE reports (id integer PRIMARY KEY, status varchar(60), note text)"
CHANGES = (
    "INSERT INTO reports VALUES (1, 'OPEN', NULL), (2, 'OPEN', 'New')",
    "UPDATE reports SET status = 'FIXED', note = 'Filled' WHERE id = 1",
    "UPDATE reports SET status = 'FIXED' WHERE id = 1",
    "UPDATE reports SET note = NULL WHERE id = 2",
)
TOLD = "SELECT report_id, status, note FROM report_updates ORDER BY update_id"
WANTED = [(1, "FIXED", "Filled"), (2, "OPEN", "")]


def statements(system):
    page = (DOCS / "how-to" / "prepare-your-endpoint.md").read_text()
    (found,) = re.findall(rf"```sql {system}\n(.*?)```", page, re.DOTALL)
    return found


def test_the_page_of_checks_is_what_the_checks_say_of_themselves():
    assert (DOCS / "reference" / "conformance.md").read_text() == markdown(), AGAIN


def test_the_update_table_for_sqlite_tells_each_change_once():
    database = sqlite3.connect(":memory:")
    database.execute(REPORTS)
    database.executescript(statements("sqlite"))
    for change in CHANGES:
        database.execute(change)
    assert database.execute(TOLD).fetchall() == WANTED
    (when,) = database.execute("SELECT max(updated_at) FROM report_updates").fetchone()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when)
    database.close()


def test_the_update_table_for_postgresql_tells_each_change_once(database_server):
    schema = sql.Identifier(f"endpoint_{uuid4().hex}")
    with psycopg.connect(database_server) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL("SET search_path TO {}").format(schema))
        connection.execute(REPORTS)
        connection.execute(statements("postgresql"))
        for change in CHANGES:
            connection.execute(change)
        assert connection.execute(TOLD).fetchall() == WANTED
        connection.rollback()


def _run(command: list[str], *, given=None) -> None:
    """Runs a program of MariaDB's; says what it said when it fails."""
    done = subprocess.run(
        command, stdin=given, timeout=300, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


@pytest.mark.skipif(
    not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"),
    reason="MariaDB is not installed on this machine",
)
def test_the_update_table_for_mariadb_tells_each_change_once(tmp_path):
    data = tmp_path / "data"
    user = ["--user=root"] if os.geteuid() == 0 else []
    _run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", *user, *SMALL])
    script = f"CREATE DATABASE b; USE b; {REPORTS};\n{statements('mariadb')}\n{';'.join(CHANGES)};"
    asked = tmp_path / "asked.sql"
    # In bootstrap mode the server runs a script, one statement a line, and listens nowhere.
    told = f" {TOLD} INTO OUTFILE '{tmp_path}/told' FIELDS TERMINATED BY '|';"
    lines = (" ".join(part.split()) + ";" for part in (script + told).split(";") if part.strip())
    asked.write_text("\n".join(lines) + "\n")
    with asked.open() as given:
        command = ["mariadbd", "--no-defaults", "--bootstrap", f"--datadir={data}", *user, *SMALL]
        _run(command, given=given)
    rows = [line.split("|") for line in (tmp_path / "told").read_text().splitlines()]
    assert rows == [[str(number), status, note] for number, status, note in WANTED]
