"""Looks whether a file fits a database: tables, columns, rights, what a new row needs, clocks."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from waywarden.adapters.contract import Finding
from waywarden.adapters.health import in_words
from waywarden.adapters.sql.client import Database, NoTable
from waywarden.adapters.sql.install import KNOWN, triggers_of
from waywarden.adapters.sql.options import SqlOptions
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError

TABLES = ("reports", "updates", "messages", "categories", "questions", "photos")
WRITTEN = ("reports", "messages", "photos")
_NO_COLUMNS = frozenset({"table", "zone", "time_format", "projection", "datatypes"})
MOST_AHEAD = timedelta(minutes=2)


def findings(options: SqlOptions, database: Database) -> Iterator[Finding]:
    """What is found. A database that is not reached ends it."""
    try:
        names = database.tables()
    except WaywardenError as error:
        yield Finding("system.database", in_words(error))
        return
    named = {part: one for part in TABLES if (one := getattr(options, part)) is not None}
    for part, one in named.items():
        yield from _table(part, one, names, database)
    yield from _clock(database)
    found = {
        part: table for part, one in named.items() if (table := _reached(one, database)) is not None
    }
    for part, table in found.items():
        columns = columns_of(named[part])
        needed = list(_needed(part, table, columns.values())) if part in WRITTEN else []
        yield from needed
        yield from _rights(part, table, database, columns.values(), adds=not needed)
        if part in ("reports", "updates"):
            yield from _keys(part, table, columns.get("id", ""))
    if found.keys() >= {"reports", "updates"}:
        yield from _trigger(options.reports.table, database)


def columns_of(named: msgspec.Struct) -> Mapping[str, str]:
    """The key of a table of the file → the column that it names."""
    found: dict[str, str] = {}
    for key, value in msgspec.structs.asdict(named).items():
        if key in _NO_COLUMNS or not value:
            continue
        if key == "constants":
            found |= {f"constants.{column}": column for column in value}
        elif key == "attributes":
            found |= {f"attributes.{code}": column for code, column in value.items()}
        else:
            found[key] = value
    return found


def _table(part: str, named: Any, names: list[str], database: Database) -> Iterator[Finding]:
    """Whether a table is there, with its columns."""
    try:
        table = database.table(named.table)
    except NoTable:
        words = f"the database has no table {_and_near(named.table, names)}"
        if part == "updates":
            words = f"there is no table {named.table!r}: `waywarden adapter sql install` makes it"
            words += " and its trigger"
        yield Finding(f"system.{part}.table", words)
        return
    except WaywardenError as error:
        yield Finding(f"system.{part}.table", in_words(error))
        return
    for key, column in columns_of(named).items():
        if column not in table.c:
            words = f"{named.table} has no column {_and_near(column, list(table.c.keys()))}"
            yield Finding(f"system.{part}.{key}", words)


def _and_near(name: str, have: list[str]) -> str:
    """A name that is not there, the nearest that is, and all of them."""
    near = difflib.get_close_matches(name, have, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    return f"{name!r}.{guess} It has: {', '.join(have) or 'none'}."


def _reached(named: Any, database: Database) -> sa.Table | None:
    try:
        return database.table(named.table)
    except WaywardenError:
        return None  # it was told already


def _rights(
    part: str, table: sa.Table, database: Database, columns: Iterable[str], *, adds: bool
) -> Iterator[Finding]:
    """Asks for nothing, and puts nothing in: each needs the right that the real one needs."""
    known = [table.c[one] for one in dict.fromkeys(columns) if one in table.c]
    nothing = sa.select(*known).where(sa.false())
    tries: list[tuple[str, Any]] = [("read", nothing)]
    if part in WRITTEN and adds:
        keyless = [one for one in known if one.computed is None and one.identity is None]
        nothing_new = sa.insert(table).from_select(
            [one.name for one in keyless],
            sa.select(*keyless).where(sa.false()),
            include_defaults=False,
        )
        tries.append(("add to", nothing_new))
    for what, statement in tries:
        try:
            database.attempt(statement)
        except WaywardenError as error:
            why = " ".join(getattr(error, "__notes__", ())) or in_words(error)
            words = f"this user may not {what} the table {table.name}: {why}"
            yield Finding(f"system.{part}.table", words)
    if part in WRITTEN and database.engine.dialect.name == "postgresql":
        yield from _sequences(part, table, database)


def _sequences(part: str, table: sa.Table, database: Database) -> Iterator[Finding]:
    """PostgreSQL: a new row takes its number from a sequence, which needs a right of its own."""
    whole = f"{table.schema}.{table.name}" if table.schema else table.name
    for column in table.primary_key.columns:
        sequence = sa.func.pg_get_serial_sequence(whole, column.name)
        is_usable = sa.func.has_sequence_privilege(sequence, "USAGE, UPDATE")
        try:
            (row,) = database.all(sa.select(sequence.label("name"), is_usable.label("ok")))
        except WaywardenError:
            continue
        if row["name"] and column.identity is None and not row["ok"]:
            words = f"this user may not use {row['name']}: GRANT USAGE ON SEQUENCE {row['name']}"
            yield Finding(f"system.{part}.table", words)


def _needed(part: str, table: sa.Table, columns: Iterable[str]) -> Iterator[Finding]:
    """Columns that a new row must have and that neither the file nor the database fills."""
    given = set(columns)
    for column in table.c:
        is_filled = (
            column.nullable
            or column.server_default is not None
            or column.identity is not None
            or column.computed is not None
            or (column.primary_key and column.autoincrement is not False)
        )
        if not is_filled and column.name not in given:
            words = f"a new row of {table.name} needs the column {column.name!r}, which has no"
            yield Finding(f"system.{part}", f"{words} default: name it, in `constants` perhaps.")


def _keys(part: str, table: sa.Table, name: str) -> Iterator[Finding]:
    """Whether an id can be there twice."""
    keys = [set(table.primary_key.columns.keys())]
    keys += [set(one.columns.keys()) for one in table.indexes if one.unique]
    keys += [
        set(one.columns.keys()) for one in table.constraints if isinstance(one, sa.UniqueConstraint)
    ]
    if name and {name} not in keys:
        words = f"the column {name!r} of {table.name} is no key: an id may be there twice"
        yield Finding(f"system.{part}.id", words, is_wrong=False)


def _clock(database: Database) -> Iterator[Finding]:
    try:
        (row,) = database.all(sa.select(sa.func.now().label("now")))
    except WaywardenError:
        return  # a kind of database that is asked otherwise
    said = row["now"]
    if not isinstance(said, datetime):
        return
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    off = (said - clock.now()).total_seconds()
    if abs(off) > MOST_AHEAD.total_seconds():
        way = "ahead of" if off > 0 else "behind"
        words = f"the database's clock is {abs(int(off))} seconds {way} this machine's"
        yield Finding("system.database", words)


def _trigger(reports: str, database: Database) -> Iterator[Finding]:
    try:
        found = triggers_of(reports, database)
    except WaywardenError:
        return
    if not found and database.engine.dialect.name in KNOWN:
        words = f"no trigger watches {reports} that this user can see: who fills the table?"
        yield Finding("system.updates.table", words, is_wrong=False)
