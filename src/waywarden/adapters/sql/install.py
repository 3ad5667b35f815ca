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
    """Makes them; what was run. Raises Misconfigured when the update table is there already."""
    wanted, name = script(options, database), _updates(options).table
    schema, _, bare = name.rpartition(".")
    if sa.inspect(database.engine).has_table(bare, schema=schema or None):
        raise Misconfigured(f"The table {name} is there already; nothing was changed.")
    database.run([one for one in _STATEMENT_ENDS.split(wanted) if one.strip()])
    return wanted


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
        "trigger": quote(f"{bare}_told"),
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
