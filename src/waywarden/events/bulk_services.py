"""Writes many rows in one short statement, for every room: they travel as one JSON text.

The ORM's own ways build a statement that grows with the rows and converts each value by itself;
PostgreSQL reads the JSON faster than Python quotes the values (half of the time of taking in).
A statement is composed once in a process: of a single row that costs as much as storing it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Field, Model


def write_columns(
    rows: Collection[Any], names: Sequence[str], *, model: type[Model] | None = None
) -> None:
    """Writes the named fields of rows of one model that are there; in the caller's transaction.

    The rows are the model's, or (with `model`) anything that has its columns by name; no other
    column travels.
    """
    if not rows:
        return
    kind: type[Model] = model or type(next(iter(rows)))
    _send(_update(kind, tuple(names)), rows)


def insert_rows(rows: Sequence[Model], *, with_keys: bool = True) -> None:
    """Stores new rows of one model; in the caller's transaction.

    With keys each row gets its primary key, in order. What fills itself in when a single row is
    saved (`auto_now`) is not filled in here. Raises IntegrityError as `bulk_create` does.
    """
    if not rows:
        return
    with transaction.atomic(savepoint=False):
        keys = _send(_insert(type(rows[0]), with_keys=with_keys), rows)
    # As in `bulk_create`: what is read from one set goes in, and comes back, in its order.
    for row, (key,) in zip(rows, keys, strict=with_keys):
        row.pk = key
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@dataclass(frozen=True, slots=True)
class _Statement:
    """What is said about rows of a model, and which of their columns it needs."""

    sql: str
    columns: tuple[tuple[str, str], ...]
    """Each column, and the attribute that holds its value."""
    gives_keys: bool = False


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> _Statement:
    meta, quote = model._meta, connection.ops.quote_name
    fields = _columns([meta.pk, *[meta.get_field(name) for name in names]])
    key, *changed = [quote(field.column) for field in fields]
    sets = ", ".join(f"{column} = v.{column}" for column in changed)
    sql = (
        f"UPDATE {quote(meta.db_table)} AS t SET {sets}"  # noqa: S608 - names of our own columns
        f" FROM {_given(fields)} WHERE t.{key} = v.{key}"
    )
    return _Statement(sql, _attributes(fields))


@cache
def _insert(model: type[Model], *, with_keys: bool) -> _Statement:
    meta, quote = model._meta, connection.ops.quote_name
    fields = [
        field
        for field in _columns(meta.concrete_fields)
        if not (field.generated or field.primary_key)
    ]
    columns = ", ".join(quote(field.column) for field in fields)
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({columns})"  # noqa: S608 - names of our own columns
        f" SELECT {columns} FROM {_given(fields)}"
    )
    if with_keys:
        sql = f"{sql} RETURNING {quote(str(meta.pk.column))}"
    return _Statement(sql, _attributes(fields), gives_keys=with_keys)


def _send(statement: _Statement, rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Says it of the rows; the keys that it gives."""
    values = [{column: getattr(row, name) for column, name in statement.columns} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, [msgspec.json.encode(values).decode()])
        return cursor.fetchall() if statement.gives_keys else []


def _columns(fields: Iterable[Any]) -> list[Any]:
    return [field for field in fields if isinstance(field, Field) and field.column]


def _attributes(fields: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((field.column, field.attname) for field in fields)


def _given(fields: Sequence[Any]) -> str:
    quote = connection.ops.quote_name
    typed = ", ".join(f"{quote(field.column)} {field.rel_db_type(connection)}" for field in fields)
    return f"json_to_recordset(%s::json) AS v({typed})"
