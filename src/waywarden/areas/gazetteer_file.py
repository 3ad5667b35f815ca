"""Reads a gazetteer's CSV: the numbers of properties and streets, and where they are. Pure.

A column is known by its name in any case, as the sources write it; the place is degrees of WGS84,
or easting and northing of a named grid.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from waywarden.geo.points import Point
from waywarden.geo.projections import from_grid
from waywarden.kernel.errors import RuleBroken

#: What columns may be called, lower case.
NAMES = {
    "uprn": ("uprn",),
    "usrn": ("usrn",),
    "lat": ("latitude", "lat"),
    "lon": ("longitude", "long", "lon", "lng"),
    "easting": ("easting", "x_coordinate", "x"),
    "northing": ("northing", "y_coordinate", "y"),
}
_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One place and its numbers, "" where it has none; degrees of WGS84."""

    uprn: str
    usrn: str
    lat: float
    lon: float


@dataclass(slots=True)
class Counts:
    """How many rows were read, and how many had no number or no place."""

    read: int = 0
    left_out: int = 0


def rows_of(lines: Iterable[str], *, grid: str, counts: Counts) -> Iterator[Row]:
    """The rows of a file. Raises RuleBroken naming what is wrong, and the line."""
    reader = csv.reader(lines)
    columns = _columns(next(reader, []), grid)
    for line, cells in enumerate(reader, start=2):
        if not cells:
            continue
        counts.read += 1
        row = _row(_named(cells, columns), grid, line)
        if row is None:
            counts.left_out += 1
        else:
            yield row


def _columns(heads: list[str], grid: str) -> dict[str, int]:
    """Where each of our names stands in the file."""
    there = {head.strip().lstrip("\ufeff").lower(): at for at, head in enumerate(heads)}
    found = {
        name: there[called]
        for name, known in NAMES.items()
        for called in reversed(known)
        if called in there
    }
    if not {"uprn", "usrn"} & found.keys():
        message = "The file has no column uprn or usrn."
        raise RuleBroken(message)
    if {"lat", "lon"} <= found.keys():
        return {name: at for name, at in found.items() if name not in ("easting", "northing")}
    if not {"easting", "northing"} <= found.keys():
        message = "The file has neither latitude and longitude nor easting and northing."
        raise RuleBroken(message)
    if not grid:
        message = "The file has easting and northing: name their grid, such as EPSG:27700."
        raise RuleBroken(message)
    return found


def _named(cells: list[str], columns: dict[str, int]) -> dict[str, str]:
    return {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}


def _row(cells: dict[str, str], grid: str, line: int) -> Row | None:
    uprn, usrn = cells.get("uprn", ""), cells.get("usrn", "")
    names = ("lat", "lon") if "lat" in cells else ("easting", "northing")
    place = [cells.get(name, "") for name in names]
    if not (uprn or usrn) or not all(place):
        return None
    if max(len(uprn), len(usrn)) > _LONGEST:
        message = f"Line {line}: a number of more than {_LONGEST} characters."
        raise RuleBroken(message)
    try:
        first, second = map(float, place)
        point = Point(first, second) if "lat" in cells else from_grid(first, second, grid)
    except ValueError as error:
        message = f"Line {line}: {', '.join(place)} is no place."
        raise RuleBroken(message) from error
    return Row(uprn, usrn, point.lat, point.lon)
