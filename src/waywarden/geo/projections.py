"""Between degrees and the metres of a country's grid; reads national grid references.

A grid is named as its authority names it ("EPSG:27700"). Nothing is fetched: where the
finest shift tables are not installed, results are right to a few metres.

PROJ is loaded when the first place is moved: it takes 10 to 20 MB, and most sites know no grid.
"""

import re
import threading
from typing import TYPE_CHECKING

from waywarden.geo.points import Point
from waywarden.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from pyproj import Transformer

BRITISH, IRISH = "EPSG:27700", "EPSG:29903"
REFERENCE = re.compile(r"([A-HJ-Z]{1,2})\s*(\d{1,5})\s*(\d{1,5})|([A-HJ-Z]{1,2})\s*(\d{2,10})")
LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # no I
SQUARE = 100_000  # metres, a side of a lettered square
MARGIN = 1.0  # degrees that a grid is used beyond its area

_kept = threading.local()  # a transformer belongs to one thread


def to_grid(point: Point, grid: str) -> tuple[float, float]:
    """(easting, northing) in the grid's own units, mostly metres.

    Raises Misconfigured for an unknown grid, ValueError where the grid does not reach.
    """
    return _moved(_transformer("EPSG:4326", grid), point.lon, point.lat)


def from_grid(easting: float, northing: float, grid: str) -> Point:
    """The place at these grid coordinates; errors as of `to_grid`."""
    lon, lat = _moved(_transformer(grid, "EPSG:4326"), easting, northing)
    return Point(lat, lon)


def reaches(point: Point, grid: str) -> bool:
    """Whether a grid is meant for a place; one that does not say where it is used reaches anywhere.

    `to_grid` computes numbers far outside, too: nobody's house. Raises Misconfigured.
    """
    crs = _transformer("EPSG:4326", grid).target_crs
    area = crs.area_of_use if crs is not None else None
    if area is None:
        return True
    is_between = area.south - MARGIN <= point.lat <= area.north + MARGIN
    if area.west > area.east:  # over the date line
        return is_between and (point.lon >= area.west - MARGIN or point.lon <= area.east + MARGIN)
    return is_between and area.west - MARGIN <= point.lon <= area.east + MARGIN


def is_grid(name: str) -> bool:
    """Whether a grid of this name is known; asks PROJ only about unusual ones."""
    if name in (BRITISH, IRISH):
        return True
    try:
        _transformer("EPSG:4326", name)
    except Misconfigured:
        return False
    return True


def _moved(transformer: "Transformer", x: float, y: float) -> tuple[float, float]:
    from pyproj.exceptions import ProjError

    try:
        moved: tuple[float, float] = transformer.transform(x, y, errcheck=True)
    except ProjError as trouble:
        raise ValueError("outside of the grid") from trouble
    return moved


def _transformer(source: str, target: str) -> "Transformer":
    transformers: dict[tuple[str, str], Transformer] = _kept.__dict__.setdefault("all", {})
    if (source, target) not in transformers:
        transformers[source, target] = _made(source, target)
    return transformers[source, target]


def _made(source: str, target: str) -> "Transformer":
    from pyproj import Transformer
    from pyproj.exceptions import CRSError
    from pyproj.network import set_network_enabled  # type: ignore[attr-defined] # its stubs miss it

    set_network_enabled(active=False)
    try:
        return Transformer.from_crs(source, target, always_xy=True)
    except CRSError as trouble:
        grid = target if source == "EPSG:4326" else source
        raise Misconfigured(
            f"no projection is called {grid!r}; write it as EPSG:27700"
        ) from trouble


def read_grid_reference(text: str, grid: str) -> Point | None:
    """The middle of the square that "TQ 299 804" names; None if it is no such reference.

    Known for the British grid (two letters) and the Irish one (one letter).
    """
    found = REFERENCE.fullmatch(text.strip().upper())
    if not found:
        return None
    letters, digits = _parts(found)
    corner = _corner(letters, grid)
    if corner is None or digits is None:
        return None
    east, north = digits
    side = 10 ** (5 - len(east))
    place = [
        start + int(part) * side + side / 2
        for start, part in zip(corner, (east, north), strict=True)
    ]
    return from_grid(place[0], place[1], grid)


def _parts(found: re.Match[str]) -> tuple[str, tuple[str, str] | None]:
    """Letters, and the digits in two halves; None when the halves differ in length."""
    if found[4] is None:
        return found[1], (found[2], found[3]) if len(found[2]) == len(found[3]) else None
    half, odd = divmod(len(found[5]), 2)
    return found[4], None if odd else (found[5][:half], found[5][half:])


def _corner(letters: str, grid: str) -> tuple[int, int] | None:
    """South-west corner of a lettered square, in metres."""
    last = LETTERS.index(letters[-1])
    column, row = last % 5, 4 - last // 5
    if grid == IRISH and len(letters) == 1:
        return column * SQUARE, row * SQUARE
    if grid == BRITISH and len(letters) == 2:
        first = LETTERS.index(letters[0])
        # The grid's origin is the corner of square SV: two large squares in, one up.
        return (first % 5 - 2) * 5 * SQUARE + column * SQUARE, (
            (3 - first // 5) * 5 * SQUARE + row * SQUARE
        )
    return None
