"""Writes changed columns of many rows in one short statement."""

from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Field, Model


def write_columns(rows: Collection[Model], names: Sequence[str]) -> None:
    """Writes the named fields of rows of one model that are there; in the caller's transaction.

    One UPDATE from arrays: its text does not grow with the rows, as that of `bulk_update` does,
    and no other column travels.
    """
    if not rows:
        return
    meta = next(iter(rows))._meta
    fields = [meta.pk, *[meta.get_field(name) for name in names]]
    columns = [field for field in fields if isinstance(field, Field)]
    arrays = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in columns
    ]
    quoted = [connection.ops.quote_name(field.column or "") for field in columns]
    key, given = quoted[0], [f"%s::{field.rel_db_type(connection)}[]" for field in columns]
    sets = ", ".join(f"{column} = v.{column}" for column in quoted[1:])
    sql = (
        f"UPDATE {connection.ops.quote_name(meta.db_table)} AS t SET {sets}"  # noqa: S608 - names of our own columns
        f" FROM unnest({', '.join(given)}) AS v({', '.join(quoted)}) WHERE t.{key} = v.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, arrays)
