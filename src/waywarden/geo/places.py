"""Understands what a person typed into the box for a place.

Tried in this order: a report's reference, coordinates, a plus code, a Maidenhead locator, a
national grid reference; what is none of them is words for a geocoder. Nothing is looked up.
"""

import re
from dataclasses import dataclass

from openlocationcode import openlocationcode

from waywarden.geo.points import Point
from waywarden.geo.projections import read_grid_reference

REFERENCE = re.compile(r"(?:ref\s*:\s*|#)(?P<reference>\S[^\n]*)", re.IGNORECASE)
NUMBER = r"[+-]?\d{1,3}(?:[.,]\d+)?"
PLAIN_PAIR = re.compile(
    rf"(?:geo:)?\s*(?P<lat>{NUMBER})°?\s*(?:[;,]\s+|[;,]|\s+)\s*(?P<lon>{NUMBER})°?(?:[;?].*)?"
)
ANGLE = r"""\s*(\d{1,3}(?:[.,]\d+)?)\s*[°º]?\s*
    (?:(\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*)?
    (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:"|″|”|'')\s*)?"""
SIDED = (
    (re.compile(rf"([NSEW]){ANGLE}[,;]?\s*([NSEW]){ANGLE}", re.VERBOSE | re.IGNORECASE), (0, 4)),
    (re.compile(rf"{ANGLE}([NSEW])\s*[,;]?\s*{ANGLE}([NSEW])", re.VERBOSE | re.IGNORECASE), (3, 7)),
)  # and where among the groups the sides stand
PLUS_CODE = re.compile(
    r"(?P<code>(?:[23456789CFGHJMPQRVWX]{2,8}0{0,6})\+[23456789CFGHJMPQRVWX]{0,7})(?:[,\s]+(?P<where>.*))?",
    re.IGNORECASE,
)
# Small letters at the end, as radio amateurs write it: in capitals it may be a postcode.
MAIDENHEAD = re.compile(r"([A-R]{2})(\d{2})([a-x]{2})(\d{2})?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A report's number here, or what the body calls it; may be anything without a space."""

    reference: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on earth, found without asking anybody."""

    point: Point


@dataclass(frozen=True, slots=True)
class ShortPlusCode:
    """A plus code that counts from a place: look `where` up, then `recover` it."""

    code: str
    where: str

    def recover(self, near: Point) -> Point:
        """The place that the code means nearest to `near`."""
        full = openlocationcode.recoverNearest(self.code, near.lat, near.lon)
        return _middle(full)


@dataclass(frozen=True, slots=True)
class Words:
    """Anything else: for the geocoder. May be ""."""

    text: str


Asked = Reference | Spot | ShortPlusCode | Words


def understand(text: str, *, near: Point | None = None, grid: str = "") -> Asked:
    """What was typed. `near` completes a short plus code; `grid` is the country's, or ""."""
    typed = " ".join(text.split())
    reference = REFERENCE.fullmatch(typed)
    if reference:
        return Reference(reference["reference"].strip())
    point = _coordinates(typed) or _maidenhead(typed) or _grid_reference(typed, grid)
    if point:
        return Spot(point)
    return _plus_code(typed, near) or Words(typed)


def _grid_reference(typed: str, grid: str) -> Point | None:
    return read_grid_reference(typed, grid) if grid else None


def _point(lat: float, lon: float) -> Point | None:
    try:
        return Point(lat, lon).rounded()
    except ValueError:
        return None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _coordinates(typed: str) -> Point | None:
    plain = PLAIN_PAIR.fullmatch(typed)
    if plain:
        # "60, 24" are whole degrees and hardly a place; "12 4" may be a house: want decimals.
        exact = all(re.search(r"[.,]\d", plain[name]) for name in ("lat", "lon"))
        return _point(_number(plain["lat"]), _number(plain["lon"])) if exact else None
    return _sided(typed)


def _sided(typed: str) -> Point | None:
    """Degrees, minutes and seconds with letters for the sides, in either order."""
    for pattern, sides in SIDED:
        found = pattern.fullmatch(typed)
        if found:
            return _of_sides(list(found.groups()), sides)
    return None


def _of_sides(parts: list[str | None], sides: tuple[int, int]) -> Point | None:
    letters = [(parts[index] or "").upper() for index in sides]
    numbers = [_number(part or "0") for index, part in enumerate(parts) if index not in sides]
    angles = [_degrees(*numbers[:3]), _degrees(*numbers[3:])]
    signed = dict(map(_northward_or_eastward, letters, angles))
    return _point(signed["N"], signed["E"]) if len(signed) == 2 else None


def _northward_or_eastward(side: str, angle: float) -> tuple[str, float]:
    return {"S": ("N", -angle), "W": ("E", -angle)}.get(side, (side, angle))


def _degrees(degrees: float, minutes: float, seconds: float) -> float:
    return degrees + minutes / 60 + seconds / 3600


def _maidenhead(typed: str) -> Point | None:
    """The middle of the locator's field: each pair cuts the one before it finer."""
    found = MAIDENHEAD.fullmatch(typed)
    if not found:
        return None
    field, square, small, fine = found.groups()
    lon = (ord(field[0]) - 65) * 20 + int(square[0]) * 2 + (ord(small[0]) - 97) / 12
    lat = (ord(field[1]) - 65) * 10 + int(square[1]) + (ord(small[1]) - 97) / 24
    if not fine:
        return _point(lat - 90 + 1 / 48, lon - 180 + 1 / 24)
    return _point(
        lat - 90 + (int(fine[1]) + 0.5) / 240,
        lon - 180 + (int(fine[0]) + 0.5) / 120,
    )


def _plus_code(typed: str, near: Point | None) -> Spot | ShortPlusCode | None:
    found = PLUS_CODE.fullmatch(typed)
    if not found:
        return None
    code, where = found["code"].upper(), (found["where"] or "").strip()
    if openlocationcode.isFull(code):
        return Spot(_middle(code))
    if not openlocationcode.isShort(code):
        return None
    short = ShortPlusCode(code, where)
    return Spot(short.recover(near)) if near and not where else short


def _middle(full: str) -> Point:
    area = openlocationcode.decode(full)
    return Point(area.latitudeCenter, area.longitudeCenter).rounded()


def plus_code(point: Point) -> str:
    """The ten-digit plus code of a place (a square of about 14 m)."""
    code: str = openlocationcode.encode(point.lat, point.lon)
    return code
