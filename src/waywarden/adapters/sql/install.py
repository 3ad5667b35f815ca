"""The update table and its trigger: whoever changes a report, by whatever program, tells it.

Known for PostgreSQL, MariaDB and SQLite (MySQL gets MariaDB's, untried); for the body's own
administrator the same text can be shown and not run.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

import sqlalchemy as sa

from waywarden.adapters.sql.client import Database
from waywarden.adapters.sql.options import SqlOptions, UpdatesTable
from waywarden.kernel.errors import Misconfigured

_SCRIPTS = {
    "postgresql": "postgresql",
    "mysql": "mariadb",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
}
KNOWN = frozenset(_SCRIPTS)
"""Kinds of databases whose triggers can be made and listed."""
_TRIGGERS = {
    "postgresql": (
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relname = :table AND NOT t.tgisinternal"
    ),
    "mysql": (
        "SELECT trigger_name FROM information_schema.triggers"
        " WHERE event_object_table = :table AND event_object_schema = database()"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table",
}
_OF_THE_TABLE = re.compile(r"^CREATE (TABLE|INDEX) ", re.MULTILINE)
_STATEMENT_ENDS = re.compile(r";\n\n|;\n?\Z")


def script(options: SqlOptions, database: Database) -> str:
    """What makes the table, its index and its trigger. Changes nothing."""
    updates = _updates(options)
    kind = database.engine.dialect.name.replace("mariadb", "mysql")
    if kind not in _SCRIPTS:
        raise Misconfigured(f"The update table is not known for {kind}; make it by hand.")
    path = Path(__file__).with_name(f"update_table.{_SCRIPTS[kind]}.sql")
    return Template(path.read_text(encoding="utf-8")).substitute(_names(options, updates, database))


def install(options: SqlOptions, database: Database) -> str:
    """Makes what is missing of them; what was run.

    A database that cannot take back a new table may hold it without its trigger, when an earlier
    attempt had no right to make that. Raises Misconfigured when both are there.
    """
    wanted = [one for one in _STATEMENT_ENDS.split(script(options, database)) if one.strip()]
    updates = _updates(options)
    schema, _, bare = updates.table.rpartition(".")
    if sa.inspect(database.engine).has_table(bare, schema=schema or None):
        if _trigger_of(bare) in triggers_of(options.reports.table, database):
            message = f"The table {updates.table} is there already, with its trigger."
            raise Misconfigured(message)
        columns = (updates.id, updates.report, updates.status, updates.text or "note", updates.at)
        database.table(updates.table, columns)
        wanted = [one for one in wanted if not _OF_THE_TABLE.search(one)]
    try:
        database.run(wanted)
    except Misconfigured as error:
        error.add_note("`--print` shows the SQL for somebody who may.")
        raise
    return "\n\n".join(f"{one.strip()};" for one in wanted) + "\n"


def triggers_of(reports: str, database: Database) -> frozenset[str]:
    """The names of a table's triggers, as far as this user may see them; none where nobody knows
    how to ask."""
    kind = database.engine.dialect.name.replace("mariadb", "mysql")
    if kind not in _TRIGGERS:
        return frozenset()
    bare = reports.rpartition(".")[2]
    asked = sa.text(_TRIGGERS[kind]).bindparams(table=bare)
    return frozenset(str(next(iter(row.values()))) for row in database.all(asked))


def _trigger_of(updates: str) -> str:
    return f"{updates}_told"


def _updates(options: SqlOptions) -> UpdatesTable:
    if options.updates is None:
        raise Misconfigured("The file has no [system.updates]: it says how the table is called.")
    return options.updates


def _names(options: SqlOptions, updates: UpdatesTable, database: Database) -> Mapping[str, str]:
    """Quoted names for this database."""
    reports = options.reports
    table = database.table(reports.table, [reports.id, reports.status, reports.note])
    dialect = database.engine.dialect
    quote = dialect.identifier_preparer.quote
    schema, _, bare = updates.table.rpartition(".")

    def whole(name: str) -> str:
        return ".".join(quote(part) for part in name.split("."))

    return {
        "updates": whole(updates.table),
        "reports": whole(reports.table),
        "index": quote(f"{bare}_by_time"),
        "trigger": quote(_trigger_of(bare)),
        "function": whole(f"{schema}.{bare}_tell" if schema else f"{bare}_tell"),
        "id": quote(updates.id),
        "report": quote(updates.report),
        "status": quote(updates.status),
        "text": quote(updates.text or "note"),
        "at": quote(updates.at),
        "key": quote(reports.id),
        "key_type": table.c[reports.id].type.compile(dialect=dialect),
        "old_status": quote(reports.status),
        # Without a note of its own the state stands for it, and nothing more is told.
        "old_note": quote(reports.note or reports.status),
    }
