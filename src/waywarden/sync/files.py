"""Problems in a CSV or GeoJSON file, read row by row by a mapping."""

import csv
import json
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Plain
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import ijson
import msgspec
import shapely
from shapely.geometry import Point, shape

from waywarden.kernel.errors import RuleBroken
from waywarden.open311.types import ServiceRequest
from waywarden.sync.import_mapping import Mapping, Unreadable
from waywarden.sync.reading import Part, Reject
from waywarden.sync.rows import cleaned

#: Rows that are handed on together.
PART_OF_ROWS = 2_000
#: How an event of JSON changes how deep it lies.
_DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_BEGINNING = object()
#: Characters of one cell; a quote that is never closed would swallow the file.
LONGEST_CELL = 1_000_000
_NO_SHAPE = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that is imported: a table (CSV), or features (GeoJSON)."""

    path: Path
    mapping: Mapping
    is_geojson: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it stands in the file. `place` is a feature's own: latitude and longitude."""

    values: dict[str, str]
    place: tuple[float, float] | None = None
    trouble: str = ""


def read_file(file: TableFile, *, start: int = 0) -> Iterator[Part]:
    """The rows from number `start` on (0 is the first), in parts; what cannot be read is rejected.

    Raises RuleBroken when the file is no such file, or lacks a column that the mapping names.
    """
    rows: list[ServiceRequest] = []
    rejects: list[Reject] = []
    number = start
    for number, row in enumerate(_rows_of(file), start=1):
        if number <= start:
            continue
        try:
            rows.append(cleaned(_request_of(row, file)))
        except Unreadable as trouble:
            rejects.append(Reject(f"row {number}", str(trouble), dict(row.values)))
        if len(rows) + len(rejects) >= PART_OF_ROWS:
            yield Part(rows=rows, rejects=tuple(rejects), row_position=number)
            rows, rejects = [], []
    if rows or rejects:
        yield Part(rows=rows, rejects=tuple(rejects), row_position=number)


def rejected_rows(
    file: TableFile, reasons: Plain[str, str]
) -> Iterator[tuple[dict[str, str], str]]:  # fmt: skip
    """The file's own rows that were not taken in, with why; `reasons` are by id or "row N"."""
    id_column = file.mapping.file.fields.id
    for number, row in enumerate(_rows_of(file), start=1):
        reason = reasons.get(f"row {number}") or reasons.get(row.values.get(id_column, "").strip())
        if reason:
            yield row.values, reason


def _request_of(row: _Row, file: TableFile) -> ServiceRequest:
    if row.trouble:
        raise Unreadable(row.trouble)
    request = file.mapping.request_of(row.values)
    if not file.is_geojson:
        return request
    lat, long = row.place or (None, None)
    return replace(request, lat=lat, long=long)


def _rows_of(file: TableFile) -> Iterator[_Row]:
    return _features(file.path) if file.is_geojson else _table(file.path, file.mapping)


def _table(path: Path, mapping: Mapping) -> Iterator[_Row]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding=mapping.file.encoding, errors="strict", newline="") as file:
            reader = csv.DictReader(file, delimiter=mapping.file.delimiter, restval="")
            _check_columns(reader.fieldnames or (), mapping, path)
            for values in reader:
                more: Any = values.pop(None, None)
                trouble = "It has more cells than the first line has names." if more else ""
                yield _Row(values, trouble=trouble)
    except (OSError, UnicodeError, LookupError, csv.Error) as error:
        message = f"{path.name} cannot be read: {error}"
        raise RuleBroken(message, field="file") from error


def _check_columns(names: Iterable[str], mapping: Mapping, path: Path) -> None:
    there = set(names)
    wanted: list[str] = []
    for column in msgspec.structs.astuple(mapping.file.fields):
        wanted += column if isinstance(column, list) else [column]
    missing = [column for column in wanted if column and column not in there]
    if missing:
        message = f"{path.name} has no column {', '.join(map(repr, missing))}."
        raise RuleBroken(message, field="mapping")


def _features(path: Path) -> Iterator[_Row]:
    """The features of a FeatureCollection (RFC 7946), one at a time: the file is never held whole.

    Raises RuleBroken where it is none, or breaks off: what came until then has been handed on.
    """
    is_collection = False
    try:
        with path.open("rb") as file:
            for feature in _read_features(file):
                is_collection = True
                if feature is not _BEGINNING:
                    yield _feature(feature)
    except (OSError, ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        message = f"{path.name} is not a GeoJSON FeatureCollection: {error}"
        raise RuleBroken(message, field="file") from error
    if not is_collection:
        message = f"{path.name} is not a GeoJSON FeatureCollection: it has no list of features."
        raise RuleBroken(message, field="file")


def _read_features(file: BinaryIO) -> Iterator[Any]:
    """A mark where the list of features begins, then each of them."""
    builder, depth = None, 0
    for prefix, event, value in ijson.parse(file, use_float=True):
        if builder is None and prefix == "features" and event == "start_array":
            yield _BEGINNING
        if builder is None and prefix == "features.item":
            builder = ijson.ObjectBuilder()
        if builder is not None:
            builder.event(event, value)
            depth += _DEEPER.get(event, 0)
            if depth == 0:
                yield builder.value
                builder = None


def _feature(feature: Any) -> _Row:
    """A feature's properties as text, and a point inside of its geometry."""
    if not isinstance(feature, dict):
        return _Row({}, trouble="It is no feature.")
    properties = feature.get("properties")
    plain = properties if isinstance(properties, dict) else {}
    values = {name: _text(value) for name, value in plain.items()}
    if feature.get("id") is not None:
        values.setdefault("id", str(feature["id"]))
    try:
        geometry = shape(feature["geometry"])
        point = geometry if isinstance(geometry, Point) else geometry.representative_point()
        return _Row(values, place=(point.y, point.x))
    except _NO_SHAPE:
        return _Row(values)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
