"""Values as columns take and give them: keys, times, texts that fit, questions. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from waywarden.adapters import fields
from waywarden.adapters.deployment import DATA_TYPES
from waywarden.adapters.fields import Reading
from waywarden.adapters.sql.options import QuestionsTable
from waywarden.kernel.errors import Refused
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import types

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_LARGEST = 2**63


def python_type(column: sa.Column[Any]) -> type:
    """What Python has for a column's values; text where nobody knows."""
    try:
        found: type = column.type.python_type
    except NotImplementedError:
        return str
    return found


def key_for(column: sa.Column[Any], text: str) -> Any:
    """An id as the column takes it, None for what cannot be one."""
    kind = python_type(column)
    if issubclass(kind, int):
        is_number = text.isascii() and text.isdigit() and len(text) < 20
        return int(text) if is_number and int(text) < _LARGEST else None
    if kind is str:
        return text
    try:
        return sa.util.asbool(text) if kind is bool else kind(text)  # type: ignore[call-arg] # one of text
    except (TypeError, ValueError, ArithmeticError):
        return None


def moment_for(column: sa.Column[Any], moment: datetime, reading: Reading) -> Any:
    """A moment as the column takes it."""
    kind = python_type(column)
    if issubclass(kind, datetime):
        if getattr(column.type, "timezone", False):
            return moment
        return moment.astimezone(reading.zone).replace(tzinfo=None)
    if issubclass(kind, date):
        return moment.astimezone(reading.zone).date()
    if issubclass(kind, int | float):
        return moment.astimezone(UTC).timestamp()
    return fields.written(moment, reading)


def fitting(table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as their columns take them: JSON as such, texts cut to the width."""
    return {name: _fitting(table.c[name], value) for name, value in values.items()}


def _fitting(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(column.type, sa.JSON):
            return value
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and python_type(column) is not str:
        key = key_for(column, value)
        if key is None and value:
            raise Refused(f"The column {column.name} does not take such a value.")
        return key
    width = getattr(column.type, "length", None)
    if isinstance(value, str) and width:
        return shorten(value, width)
    if value is None and not column.nullable and python_type(column) is str:
        return ""
    return value


def made_id(
    connection: sa.Connection,
    table: sa.Table,
    name: str,
    made: sa.CursorResult[Any],
    values: Mapping[str, Any],
) -> Any:
    """The id of the row that was just made."""
    keys = [column.name for column in table.primary_key.columns]
    made_key = dict(zip(keys, made.inserted_primary_key or (), strict=False))
    if made_key.get(name) is not None:
        return made_key[name]
    if name in values:
        return values[name]
    where = [table.c[key] == value for key, value in made_key.items() if value is not None]
    found = connection.execute(sa.select(table.c[name]).where(*where)).scalar() if where else None
    if found is None:
        raise Refused(f"The database gave the new row no {name}.")
    return found


def question_of(row: Mapping[str, Any], named: QuestionsTable) -> types.Attribute:
    """A row of the table of questions."""
    word = str(row.get(named.datatype) or "")
    datatype = named.datatypes.get(word, word if word in DATA_TYPES else "string")
    values = _choices(row.get(named.values))
    return types.Attribute(
        code=str(row[named.code]),
        datatype=datatype,
        required=fields.is_true(row.get(named.required)),
        description=one_line(str(row[named.text])),
        values=tuple(types.AttributeValue(str(key), str(name)) for key, name in values.items()),
    )


def _choices(value: Any) -> Mapping[str, Any]:
    found = json.loads(value) if isinstance(value, str) and value.strip() else value
    return found if isinstance(found, dict) else {}


def words_in(value: Any) -> tuple[str, ...]:
    """Keywords that stand in one text."""
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())


def without_pictures(value: Any) -> Any:
    """A text without what needs more than two bytes in UTF-16: emoji and rare signs."""
    return _BEYOND.sub("?", value) if isinstance(value, str) else value


def as_latin_1(value: Any) -> Any:
    """A text with `?` for every letter that Latin-1 does not have."""
    return value.encode("latin-1", "replace").decode("latin-1") if isinstance(value, str) else value


def shown(table: str, values: Mapping[str, Any]) -> str:
    """A row that would be written, for a person to read."""
    lines = [f"  {name} = {json.dumps(v, ensure_ascii=False)}" for name, v in values.items()]
    return "\n".join([f"a row of {table}", *lines])
