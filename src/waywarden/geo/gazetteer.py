"""Names to places and places to names, from one file of streets, places and addresses.

The file is what `tools/build_map.py` writes: {"streets": [{name, also, lat, lon, line}],
"places": [{name, also, kind, lat, lon}], "addresses": [{street, number, lat, lon}],
"attribution"}. It is held in memory: for a town, not for a country.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapely import STRtree
from shapely.geometry import Point as Spot

from waywarden.geo.points import METRES_PER_DEGREE, Box, Point
from waywarden.kernel.errors import Misconfigured

ADDRESS_WITHIN = 40.0  # metres: a door further off says less than the street's name
STREET_WITHIN = 150.0
HOUSE = re.compile(r"^(?P<street>.*\D)\s+(?P<number>\d+(?:-\d+)?\s?[a-z]?)$")


def folded(text: str) -> str:
    """For comparing: no accents, no case, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


@dataclass(frozen=True, slots=True)
class Match:
    """A place that a name may mean. `kind`: street, address, or the file's own word."""

    name: str
    kind: str
    point: Point


@dataclass(frozen=True, slots=True)
class _Entry:
    match: Match
    names: tuple[str, ...]  # folded: the name and the others it goes by


class Gazetteer:
    """The names of one town."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.attribution: str = content.get("attribution", "")
        self._entries = [*_streets(content), *_places(content)]
        self._street_names = {
            name: entry.match.name
            for entry in self._entries
            if entry.match.kind == "street"
            for name in entry.names
        }
        self._doors = _doors(content)
        self._by_street: dict[str, list[tuple[str, Match]]] = {}
        for street, number, match in self._doors:
            self._by_street.setdefault(street, []).append((number, match))
        self._door_index = _Index([match for _, _, match in self._doors])
        self._street_index = _Index(_along_streets(content))

    def search(self, text: str, *, limit: int = 10, within: Box | None = None) -> list[Match]:
        """What the text may mean, likeliest first; [] if nothing.

        "Street 12" gives the address, else the street. All its words must stand in the name;
        letter case and accents do not matter.
        """
        wanted = folded(text.replace(",", " "))
        if not wanted:
            return []
        found = self._addresses(wanted) or self._named(wanted)
        return [match for match in found if within is None or within.holds(match.point)][:limit]

    def _addresses(self, wanted: str) -> list[Match]:
        asked = HOUSE.match(wanted)
        if not asked:
            return []
        number = asked["number"].replace(" ", "")
        street = self._street_names.get(asked["street"].strip())
        doors = self._by_street.get(street or "", [])
        exact = [match for door, match in doors if door == number]
        # 12 asks for 12 A and 12 B too, if there is no plain 12.
        return exact or [
            match for door, match in doors if door.rstrip("abcdefghijklmnopqrstuvwxyz") == number
        ]

    def _named(self, wanted: str) -> list[Match]:
        asked = HOUSE.match(wanted)
        if asked and asked["street"].strip() in self._street_names:
            wanted = asked["street"].strip()  # no such number: the street, then
        ranked = [
            (rank, entry.match.name, entry.match)
            for entry in self._entries
            if (rank := _rank(wanted, entry.names)) is not None
        ]
        return [match for _, _, match in sorted(ranked, key=lambda found: found[:2])]

    def nearest(self, point: Point) -> str | None:
        """How one would name the spot: "Street 12", else the street, None if neither is near."""
        door = self._door_index.nearest(point, ADDRESS_WITHIN)
        if door:
            return door.name
        street = self._street_index.nearest(point, STREET_WITHIN)
        return street.name if street else None


class _Index:
    """The nearest of many matches, in metres."""

    def __init__(self, matches: list[Match]) -> None:
        self._matches = matches
        middle = matches[0].point.lat if matches else 0.0
        # One town: degrees of longitude are everywhere as long as at its first point.
        self._shrink = math.cos(math.radians(middle))
        self._tree = STRtree([self._flat(match.point) for match in matches])

    def _flat(self, point: Point) -> Spot:
        return Spot(
            point.lon * METRES_PER_DEGREE * self._shrink,
            point.lat * METRES_PER_DEGREE,
        )

    def nearest(self, point: Point, within: float) -> Match | None:
        if not self._matches:
            return None
        index = self._tree.query_nearest(
            self._flat(point), max_distance=within, all_matches=False
        ).tolist()
        return self._matches[index[0]] if index else None


def _rank(wanted: str, names: tuple[str, ...]) -> int | None:
    """0 the name itself, 1 it begins so, 2 a word of it does, 3 it holds all words; None: no."""
    ranks = [rank for name in names if (rank := _rank_of_name(wanted, name)) is not None]
    return min(ranks, default=None)


def _rank_of_name(wanted: str, name: str) -> int | None:
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    words = wanted.split()
    if all(any(part.startswith(word) for part in name.split()) for word in words):
        return 2
    return 3 if all(word in name for word in words) else None


def _point(row: dict[str, Any]) -> Point:
    return Point(float(row["lat"]), float(row["lon"]))


def _entry(row: dict[str, Any], kind: str) -> _Entry:
    names = (row["name"], *row.get("also", ()))
    return _Entry(Match(row["name"], kind, _point(row)), tuple(folded(name) for name in names))


def _streets(content: dict[str, Any]) -> Iterator[_Entry]:
    return (_entry(row, "street") for row in content.get("streets", ()))


def _places(content: dict[str, Any]) -> Iterator[_Entry]:
    return (_entry(row, row["kind"]) for row in content.get("places", ()))


def _doors(content: dict[str, Any]) -> list[tuple[str, str, Match]]:
    """(street, folded number, match) of every address."""
    return [
        (
            row["street"],
            folded(row["number"]).replace(" ", ""),
            Match(f"{row['street']} {row['number']}", "address", _point(row)),
        )
        for row in content.get("addresses", ())
    ]


def _along_streets(content: dict[str, Any]) -> list[Match]:
    return [
        Match(row["name"], "street", Point(lat, lon))
        for row in content.get("streets", ())
        for lat, lon in row.get("line") or [(row["lat"], row["lon"])]
    ]


def open_gazetteer(path: Path) -> Gazetteer:
    """The gazetteer in `path`, read once and again when it was replaced.

    Raises Misconfigured if it is not there or not one of ours.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as trouble:
        raise Misconfigured(f"there is no gazetteer at {path}") from trouble
    return _opened(path, changed)


@lru_cache(maxsize=4)
def _opened(path: Path, _changed: int) -> Gazetteer:
    try:
        return Gazetteer(dict(json.loads(path.read_bytes())))
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        raise Misconfigured(f"{path} is not a gazetteer") from trouble
