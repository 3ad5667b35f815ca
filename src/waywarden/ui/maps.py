"""Maps on pages: what the map in the browser is told, and the one of pictures without scripts."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.templatetags.static import static
from django.utils.translation import gettext as _

from waywarden.geo.pins import Pin, pin_classes
from waywarden.geo.points import (
    TILE_PIXELS,
    Box,
    Point,
    TilePixel,
    point_at,
    point_of_pixel,
    world_xy,
)
from waywarden.geo.tiles import TileFile, open_tiles
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.text import whole_number
from waywarden.reports.clusters import Cluster
from waywarden.reports.states import PinClass
from waywarden.ui.current import cobrand_of, current_cobrand

#: The map of pictures has tiles of 256 pixels, the one in the browser of 512 at the same zoom:
#: pages speak of the latter's zooms, the pictures are one further in.
LEAST_ZOOM, MOST_ZOOM = 10, 18
#: The zooms at which a place that was found, and one to be chosen exactly, are first shown.
PLACE_ZOOM, EXACT_ZOOM = 16, 17
#: The zooms of pictures that others serve.
LEAST_PICTURE_ZOOM, MOST_PICTURE_ZOOM = 1, 19
CLICK = "tile_"


def map_path() -> Path | None:
    """The file of the site's base map, None where there is none or others serve it."""
    folder, chosen = Path(settings.WAYWARDEN_MAP_DIR), current_cobrand().base_map
    if chosen.tiles:
        return None
    if chosen.file:
        return folder / chosen.file if (folder / chosen.file).is_file() else None
    try:
        return _map_in(folder, folder.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=4)
def _map_in(folder: Path, _changed: int) -> Path | None:
    """Looked for anew only when something was put into the folder."""
    return min(folder.glob("*.pmtiles"), default=None)


def tile_file() -> TileFile | None:
    """The base map, opened."""
    path = map_path()
    try:
        return open_tiles(path) if path else None
    except Misconfigured:
        return None


def map_version(path: Path) -> str:
    """Stands in the addresses of tiles, so that browsers may keep them until the map changes."""
    return f"{path.stat().st_mtime_ns // 1_000_000:x}"


def map_settings(
    request: HttpRequest, *, mode: str, centre: tuple[float, float, float], **more: Any
) -> dict[str, Any]:
    """What the map's script reads from `data-map`. `centre` is latitude, longitude, zoom."""
    cobrand = cobrand_of(request)
    found: dict[str, Any] = {
        "mode": mode,
        "centre": list(centre),
        "accent": cobrand.accent,
        "pins": _colours(cobrand),
        "pin_url": "/report/{id}",
        "worker": static("ui/built/map-worker.js"),
        "texts": _texts(),
        **more,
    }
    path, tiles, base = map_path(), tile_file(), cobrand.base_map
    if base.tiles:
        zooms = [LEAST_PICTURE_ZOOM, MOST_PICTURE_ZOOM]
        found |= {"tiles": base.tiles, "tile_kind": "raster", "tile_zooms": zooms}
        found["attribution"] = base.attribution
    elif path and tiles:
        found |= {
            "tiles": f"/tiles/{{z}}/{{x}}/{{y}}.mvt?v={map_version(path)}",
            "tile_zooms": [tiles.zooms[0], tiles.zooms[-1]],
            "attribution": tiles.attribution,
        }
    return found


def _colours(cobrand: Cobrand) -> dict[str, str]:
    return {kind.value: getattr(cobrand.pins, kind.value) for kind in PinClass}


def _texts() -> dict[str, Any]:
    return {
        "map": _("Map of reports"),
        "start": _("Report a problem here"),
        "report_here": _("Report a problem here"),
        "move_pin": _("Your pin. Arrow keys move it, Enter goes on."),
        "more": _("There are more reports here; zoom in to see them all."),
        "failed": _("The reports could not be fetched. The next move tries again."),
        "controls": {
            "NavigationControl.ZoomIn": _("Zoom in"),
            "NavigationControl.ZoomOut": _("Zoom out"),
            "GeolocateControl.FindMyLocation": _("Go to where I am"),
            "GeolocateControl.LocationNotAvailable": _("Your place is not available"),
            "Popup.Close": _("Close"),
        },
    }


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of the map; `name` is what a click on it sends."""

    name: str
    url: str
    dark_url: str
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class StillPin:
    """A pin on the map of pictures, pixels from its upper left corner."""

    id: int
    title: str
    kind: PinClass
    left: float
    top: float

    @property
    def drawn(self) -> Pin:
        """Its shape."""
        return pin_classes()[self.kind.value]

    @property
    def corner(self) -> tuple[float, float]:
        """Where its box begins, so that its point stands on the place."""
        across, down = self.drawn.anchor
        return round(self.left - across, 1), round(self.top - down, 1)


@dataclass(frozen=True, slots=True)
class StillCluster:
    """Many reports on the map of pictures, pixels from its upper left corner; opens at a zoom."""

    count: int
    place: Point
    left: float
    top: float

    @property
    def radius(self) -> int:
        """Pixels; ten times as many reports are a little larger."""
        return 14 + 4 * (len(str(self.count)) - 1)


@dataclass(frozen=True, slots=True)
class StillMap:
    """A map of pictures around a centre, which lies `middle_x`, `middle_y` pixels into it."""

    zoom: int
    tiles: tuple[Tile, ...]
    width: int
    height: int
    middle_x: int
    middle_y: int
    pins: tuple[StillPin, ...]
    clusters: tuple[StillCluster, ...]
    steps: dict[str, Point]
    """Where the arrows lead: north, south, west, east."""


def still_map(
    centre: Point,
    zoom: float,
    *,
    size: tuple[int, int] = (5, 4),
    pins: Iterable[tuple[int, str, PinClass, Point]] = (),
    clusters: Iterable[Cluster] = (),
) -> StillMap:
    """The map of pictures, `size` tiles across and down, at a zoom of the map in the browser."""
    zoom = min(max(round(zoom) + 1, LEAST_ZOOM), MOST_ZOOM)
    columns, rows = size
    x, y = (part * 2**zoom for part in world_xy(centre))
    left, top = round(x - columns / 2), round(y - rows / 2)
    path = map_path()
    served = current_cobrand().base_map.tiles or ""
    version = map_version(path) if path else ""
    tiles = tuple(
        _tile(zoom, left + column, top + row, at=(column, row), version=version, served=served)
        for row in range(rows)
        for column in range(columns)
    )

    def pixels(point: Point) -> tuple[float, float]:
        across, down = (part * 2**zoom for part in world_xy(point))
        return round((across - left) * TILE_PIXELS, 1), round((down - top) * TILE_PIXELS, 1)

    return StillMap(
        zoom=zoom,
        tiles=tiles,
        width=columns * TILE_PIXELS,
        height=rows * TILE_PIXELS,
        middle_x=round(pixels(centre)[0]),
        middle_y=round(pixels(centre)[1]),
        pins=tuple(
            StillPin(number, title, kind, *pixels(point)) for number, title, kind, point in pins
        ),
        clusters=tuple(
            StillCluster(one.count, place, *pixels(place))
            for one in clusters
            for place in [Point(one.lat, one.lon)]
        ),
        steps=_steps(x, y, zoom),
    )


def _tile(zoom: int, x: int, y: int, *, at: tuple[int, int], version: str, served: str) -> Tile:
    across, down = x % 2**zoom, min(max(y, 0), 2**zoom - 1)
    url = f"/tiles/{zoom}/{across}/{down}.png?v={version}"
    dark_url = f"/tiles/{zoom}/{across}/{down}.dark.png?v={version}"
    if served:
        url = dark_url = (
            served.replace("{z}", str(zoom)).replace("{x}", str(across)).replace("{y}", str(down))
        )
    return Tile(
        name=f"{CLICK}{zoom}_{across}_{y}",
        url=url,
        dark_url=dark_url,
        left=at[0] * TILE_PIXELS,
        top=at[1] * TILE_PIXELS,
    )


def _steps(x: float, y: float, zoom: int) -> dict[str, Point]:
    moves = {"north": (0, -1), "south": (0, 1), "west": (-1.5, 0), "east": (1.5, 0)}
    return {
        name: point_at(((x + across) / 2**zoom) % 1, min(max((y + down) / 2**zoom, 0), 1)).rounded()
        for name, (across, down) in moves.items()
    }


def clicked_place(values: QueryDict) -> Point | None:
    """The place of a click on the map of pictures, from a form's fields; None without one.

    A browser sends `NAME.x` and `NAME.y`; both 0 is a key press and no place (FB 1.2).
    """
    found = {name: str(values[name]) for name in values if name.startswith(CLICK)}
    for name, value in found.items():
        tile, _dot, axis = name.rpartition(".")
        said = [*tile.removeprefix(CLICK).split("_"), value, found.get(f"{tile}.y", "")]
        numbers = [number for one in said if (number := whole_number(one)) is not None]
        if axis != "x" or len(said) != 5 or len(numbers) != 5:
            continue
        zoom, column, row, left, top = numbers
        is_on_it = (left or top) and max(left, top) <= TILE_PIXELS
        if zoom <= MOST_ZOOM and is_on_it and max(column, row) < 2**zoom:
            return point_of_pixel(TilePixel(zoom, column, row, left, top)).rounded()
    return None


def visible_box(centre: Point, zoom: float, *, size: tuple[float, float] = (2.5, 2.0)) -> Box:
    """The box that a map of `size` tiles of 512 pixels shows around a centre."""
    scale = 2 ** min(max(zoom, 1.0), 20.0)
    x, y = world_xy(centre)
    half_x, half_y = size[0] / 2 / scale, size[1] / 2 / scale
    first = point_at(max(x - half_x, 0), max(y - half_y, 0))
    last = point_at(min(x + half_x, 1), min(y + half_y, 1))
    return Box(first.lon, last.lat, last.lon, first.lat)


def zoom_for(box: Box, *, size: tuple[float, float] = (1.6, 1.4)) -> float:
    """The zoom at which a box fills a map of `size` tiles of 512 pixels."""
    left, top = world_xy(Point(box.north, box.west))
    right, bottom = world_xy(Point(box.south, box.east))
    across, down = max(abs(right - left), 1e-9), max(abs(bottom - top), 1e-9)
    zoom = min(math.log2(size[0] / across), math.log2(size[1] / down))
    return round(min(max(zoom, 2.0), 17.0), 2)
