"""The kind `sql` before each of the three systems, and what goes wrong with a database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.sql import install
from waywarden.adapters.sql.client import Database
from waywarden.adapters.sql.provider import database_of
from waywarden.adapters.sql.tests.cable import Cable, laid
from waywarden.adapters.sql.tests.conftest import schema_for, server_for
from waywarden.adapters.tests.stand import Scene, Stand, quick, text_of, write

_SHUT = {
    "sqlite": (
        "CREATE TRIGGER shut BEFORE INSERT ON reports BEGIN SELECT raise(ABORT, 'no'); END",
        "DROP TRIGGER IF EXISTS shut",
    ),
    "postgresql": (
        "ALTER TABLE reports ADD CONSTRAINT shut CHECK (category = '')",
        "ALTER TABLE reports DROP CONSTRAINT IF EXISTS shut",
    ),
    "mariadb": (
        "ALTER TABLE reports ADD CONSTRAINT shut CHECK (category = '')",
        "ALTER TABLE reports DROP CONSTRAINT IF EXISTS shut",
    ),
}
"""How the body's administrator makes a table refuse rows, and take them again."""
_LOCK = {
    "sqlite": "BEGIN EXCLUSIVE",
    "postgresql": "LOCK TABLE reports IN ACCESS EXCLUSIVE MODE",
    "mariadb": "LOCK TABLES reports WRITE",
}


class _Clerk:
    """Another program that uses the same database, and may hold it for itself."""

    def __init__(self, database: Database, kind: str) -> None:
        self.engine, self.kind = database.engine, kind
        self._held: sa.Connection | None = None

    def count(self) -> int:
        with self.engine.connect() as connection:
            found: int = connection.execute(sa.text("SELECT count(*) FROM reports")).scalar_one()
            return found

    def change(self, number: str) -> None:
        with self.engine.begin() as connection:
            done = sa.text("UPDATE reports SET status = 'DONE', note = 'Filled' WHERE id = :n")
            connection.execute(done, {"n": int(number)})

    def switch(self, **on: Any) -> None:
        if self._held is not None:
            if self.kind == "mariadb":
                self._held.exec_driver_sql("UNLOCK TABLES")
            self._held.rollback()
            self._held.close()
            self._held = None
        elif not on:
            self._run(_SHUT[self.kind][1])
        if on.get("refuses"):
            self._run(_SHUT[self.kind][0])
        if on.get("locked"):
            self._held = self.engine.connect()
            self._held.exec_driver_sql(_LOCK[self.kind])

    def _run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def _before(url: str, kind: str, tmp: Path, cable: Cable | None) -> Iterator[Stand]:
    """`url` is the database itself; the adapter reaches it by the cable where there is one."""
    text = quick(text_of("sql"), "seconds = 2")
    folder = write(tmp / "sql", text.replace("sqlite:///reports.sqlite", url))
    (loaded,) = load_all(folder, KINDS, environ={})
    database = database_of(loaded.options, {})
    schema_for(database.engine)
    install.install(loaded.options, database)
    clerk = _Clerk(database, kind)
    if cable is not None:
        shown = sa.make_url(url).set(host="127.0.0.1", port=cable.port, query={})
        reached = shown.render_as_string(hide_password=False)
        write(folder, text.replace("sqlite:///reports.sqlite", reached))

    def switch(**on: Any) -> None:
        clerk.switch(**on)
        if cable is not None:
            cable.switch(**on)

    writing = frozenset({"refuses", "cut", "lost_reply"})
    yield Stand(folder, switch, clerk.count, clerk.change, only_writing=writing)
    database.close()


@contextmanager
def on_sqlite(tmp: Path, request: Any) -> Iterator[Stand]:
    """A database that is a file."""
    with _before(server_for("sqlite", request, tmp), "sqlite", tmp, None) as stand:
        yield stand


@contextmanager
def on_postgresql(tmp: Path, request: Any) -> Iterator[Stand]:
    """A server, reached over a cable."""
    url = server_for("postgresql", request, tmp)
    place = sa.make_url(url).query["host"]
    with ExitStack() as stack:
        cable = stack.enter_context(laid(f"{place}/.s.PGSQL.5432"))
        yield stack.enter_context(_before(url, "postgresql", tmp, cable))


@contextmanager
def on_mariadb(tmp: Path, request: Any) -> Iterator[Stand]:
    """A server, reached over a cable."""
    url = server_for("mariadb", request, tmp)
    with ExitStack() as stack:
        cable = stack.enter_context(laid(request.getfixturevalue("mariadb_socket")))
        yield stack.enter_context(_before(url, "mariadb", tmp, cable))


_SERVER = ("locked", "refuses", "garbage", "cut", "lost_reply", "down")
SCENES = {
    "sql-sqlite": Scene(on_sqlite, ("locked", "refuses")),
    "sql-postgresql": Scene(on_postgresql, _SERVER),
    "sql-mariadb": Scene(on_mariadb, _SERVER),
}
