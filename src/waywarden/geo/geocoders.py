"""Asking a geocoder for places by name: the question and its answer as plain values.

Nominatim (https://nominatim.org/release-docs/latest/api/Search/) and Photon
(https://github.com/komoot/photon#api); a service of one's own, or one that allows it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from waywarden.geo.gazetteer import Match
from waywarden.geo.points import Box, Point
from waywarden.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Geocoder:
    """Which kind, and the address that its paths hang from, without a slash at the end."""

    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class Question:
    """The call that asks: a GET of `url` with these parameters."""

    url: str
    params: dict[str, str]


def parse_geocoder(text: str) -> Geocoder | None:
    """Reads `nominatim:https://…` or `photon:https://…`; None for "". Raises Misconfigured."""
    if not text:
        return None
    kind, _colon, address = text.partition(":")
    parts = urlsplit(address)
    if kind not in _KINDS or parts.scheme not in ("http", "https") or not parts.hostname:
        kinds = " or ".join(f"{name}:https://…" for name in _KINDS)
        raise Misconfigured(f"A geocoder is written as {kinds}.")
    return Geocoder(kind, address.rstrip("/"))


def question(
    geocoder: Geocoder, text: str, *, within: Box | None, language: str, most: int
) -> Question:
    """What to ask for places of a name, within a box where one is given."""
    params = _KINDS[geocoder.kind].ask(text, within)
    return Question(
        f"{geocoder.address}{_KINDS[geocoder.kind].path}",
        params | _common(geocoder, language, most),
    )


def read_answer(geocoder: Geocoder, body: bytes, *, within: Box | None) -> list[Match]:
    """The places of an answer, likeliest first, none outside the box.

    Raises ValueError when it is no answer of this kind.
    """
    try:
        rows = _KINDS[geocoder.kind].read(json.loads(body))
    except (KeyError, TypeError, IndexError, AttributeError) as trouble:
        raise ValueError(f"this is no answer of {geocoder.kind}") from trouble
    found = dict.fromkeys(rows)  # the same place may be there as a way and as a point
    return [match for match in found if within is None or within.holds(match.point)]


def _common(geocoder: Geocoder, language: str, most: int) -> dict[str, str]:
    name = "accept-language" if geocoder.kind == "nominatim" else "lang"
    return {"limit": str(most)} | ({name: language} if language else {})


def _ask_nominatim(text: str, within: Box | None) -> dict[str, str]:
    params = {"q": text, "format": "jsonv2"}
    if within is not None:
        box = f"{within.west},{within.north},{within.east},{within.south}"
        params |= {"viewbox": box, "bounded": "1"}
    return params


def _read_nominatim(answer: Any) -> list[Match]:
    if not isinstance(answer, list):
        raise TypeError
    return [
        Match(str(row["display_name"]), str(row.get("type", "")).replace("_", " "), _point(row))
        for row in answer
    ]


def _point(row: dict[str, Any]) -> Point:
    return Point(float(row["lat"]), float(row["lon"])).rounded()


def _ask_photon(text: str, within: Box | None) -> dict[str, str]:
    if within is None:
        return {"q": text}
    return {"q": text, "bbox": f"{within.west},{within.south},{within.east},{within.north}"}


def _read_photon(answer: Any) -> list[Match]:
    found = []
    for row in answer["features"]:
        lon, lat = row["geometry"]["coordinates"][:2]
        about = row["properties"]
        words = (_first_line(about), about.get("city"), about.get("state"))
        name = ", ".join(dict.fromkeys(str(word) for word in words if word))
        point = Point(float(lat), float(lon)).rounded()
        found.append(Match(name, str(about.get("osm_value", "")).replace("_", " "), point))
    return found


def _first_line(about: dict[str, Any]) -> str:
    door = " ".join(str(about[name]) for name in ("street", "housenumber") if about.get(name))
    return str(about.get("name") or door)


@dataclass(frozen=True, slots=True)
class _Kind:
    path: str
    ask: Callable[[str, Box | None], dict[str, str]]
    read: Callable[[Any], list[Match]]


_KINDS = {
    "nominatim": _Kind("/search", _ask_nominatim, _read_nominatim),
    "photon": _Kind("/api", _ask_photon, _read_photon),
}
