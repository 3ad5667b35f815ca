"""Points and boxes on the earth: distance, Morton cells to index them by, web mercator tiles.

Degrees are WGS84. A *cell* is a non-negative integer below 2**62: the web mercator plane cut
into 2**31 × 2**31 squares (under 2 cm), the bits of column and row interleaved. So it fits a
`bigint`, squares near each other mostly have near numbers, and the tile at zoom z that holds a
cell is `cell >> 2 * (31 - z)`.
"""

import math
from dataclasses import dataclass
from typing import Self

EARTH_RADIUS = 6_371_008.8  # metres, mean
METRES_PER_DEGREE = EARTH_RADIUS * math.pi / 180  # of latitude
MAX_LATITUDE = 85.05112877980659  # where the web mercator square ends
CELL_ZOOM = 31
TILE_PIXELS = 256


@dataclass(frozen=True, slots=True)
class Point:
    """A place, in degrees: `lat` -90…90, `lon` -180…180. Raises ValueError outside of them."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        # Written so that nan fails too.
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"not a place on earth: {self.lat}, {self.lon}")

    def __str__(self) -> str:
        return f"{self.lat:.6f}, {self.lon:.6f}"

    def rounded(self, digits: int = 6) -> "Point":
        """The same place to so many decimals; six are about a hand's breadth."""
        return Point(round(self.lat, digits), round(self.lon, digits))

    def distance_m(self, other: "Point") -> float:
        """Metres along the great circle (haversine; within 0.6 % of the ellipsoid's)."""
        lat1, lat2 = math.radians(self.lat), math.radians(other.lat)
        half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - self.lon) / 2
        square = math.sin(half_lat) ** 2
        square += math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
        return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(square)))

    @property
    def cell(self) -> int:
        """The Morton number of the square that holds this place."""
        x, y = world_xy(self)
        return _interleaved(_step(x, CELL_ZOOM), _step(y, CELL_ZOOM))


@dataclass(frozen=True, slots=True)
class Box:
    """Between two meridians and two parallels, in degrees; `west` > `east` crosses 180°."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        Point(self.south, self.west)
        Point(self.north, self.east)
        if not self.south <= self.north:
            raise ValueError(f"south {self.south} lies north of {self.north}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `west,south,east,north` (a map's `bbox`); a map past 180° is turned back.

        Raises ValueError if it is anything else.
        """
        west, south, east, north = (float(part) for part in text.split(","))
        if not all(math.isfinite(edge) for edge in (west, south, east, north)):
            raise ValueError("a box needs finite edges")
        if east - west >= 360:
            west, east = -180.0, 180.0
        return cls(_turned(west), max(south, -90.0), _turned(east), min(north, 90.0))

    @classmethod
    def around(cls, centre: Point, metres: float) -> Self:
        """The box that holds every place within `metres` of the centre."""
        up = metres / METRES_PER_DEGREE
        south, north = max(centre.lat - up, -90.0), min(centre.lat + up, 90.0)
        narrowest = math.cos(math.radians(min(max(abs(south), abs(north)), 89.9)))
        side = up / narrowest
        if side >= 180:
            return cls(-180.0, south, 180.0, north)
        return cls(_turned(centre.lon - side), south, _turned(centre.lon + side), north)

    def holds(self, point: Point) -> bool:
        """Whether the place is in the box or on its edge."""
        if not self.south <= point.lat <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= point.lon <= self.east
        return point.lon >= self.west or point.lon <= self.east

    @property
    def centre(self) -> Point:
        """The middle, in degrees."""
        width = (self.east - self.west) % 360 if self.west > self.east else self.east - self.west
        return Point((self.south + self.north) / 2, _turned(self.west + width / 2))

    def halves(self) -> tuple["Box", ...]:
        """The box itself, or its two parts if it crosses 180°."""
        if self.west <= self.east:
            return (self,)
        return (
            Box(self.west, self.south, 180.0, self.north),
            Box(-180.0, self.south, self.east, self.north),
        )


def _turned(lon: float) -> float:
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180


def world_xy(point: Point) -> tuple[float, float]:
    """Web mercator, the world as a square of side 1: x to the east, y to the south.

    Beyond 85.05° the edge of the square is given.
    """
    lat = math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, point.lat)))
    return point.lon / 360 + 0.5, 0.5 - math.asinh(math.tan(lat)) / math.tau


def point_at(x: float, y: float) -> Point:
    """The inverse of `world_xy`."""
    lat = math.degrees(math.atan(math.sinh((0.5 - y) * math.tau)))
    return Point(lat, max(-180.0, min(180.0, (x - 0.5) * 360)))


def _step(part: float, zoom: int) -> int:
    squares = 1 << zoom
    return min(max(int(part * squares), 0), squares - 1)


def tile_at(point: Point, zoom: int) -> tuple[int, int]:
    """Column and row of the tile that holds the place."""
    x, y = world_xy(point)
    return _step(x, zoom), _step(y, zoom)


def tile_box(zoom: int, x: int, y: int) -> Box:
    """The box that a tile covers."""
    side = 1 / 2**zoom
    first, last = point_at(x * side, y * side), point_at((x + 1) * side, (y + 1) * side)
    return Box(first.lon, last.lat, last.lon, first.lat)


@dataclass(frozen=True, slots=True)
class TilePixel:
    """A pixel (from the left, from the top, 0…255) of a 256-pixel tile."""

    zoom: int
    x: int
    y: int
    left: float
    top: float


def pixel_of(point: Point, zoom: int) -> TilePixel:
    """Where a place is drawn: its tile and the pixel in it."""
    x, y = (part * 2**zoom for part in world_xy(point))
    column, row = tile_at(point, zoom)
    return TilePixel(
        zoom=zoom,
        x=column,
        y=row,
        left=(x - column) * TILE_PIXELS,
        top=(y - row) * TILE_PIXELS,
    )


def point_of_pixel(pixel: TilePixel) -> Point:
    """The place that was clicked: the inverse of `pixel_of`; used by `<input type=image>`."""
    side = 1 / 2**pixel.zoom
    return point_at(
        (pixel.x + pixel.left / TILE_PIXELS) * side,
        (pixel.y + pixel.top / TILE_PIXELS) * side,
    )


def metres_per_pixel(lat: float, zoom: int) -> float:
    """Ground metres that one pixel of a 256-pixel tile shows at this latitude."""
    round_the_earth = METRES_PER_DEGREE * 360
    return round_the_earth * math.cos(math.radians(lat)) / (TILE_PIXELS * (1 << zoom))


def _interleaved(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def _spread(bits: int) -> int:
    """The 31 bits of a number, a zero between each two of them."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        bits = (bits | bits << shift) & mask
    return bits
