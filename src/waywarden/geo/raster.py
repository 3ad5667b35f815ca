"""Draws a vector tile as a picture: the map for people whose browser runs no scripts.

Same colours as the map in the browser (`palette.json`). Drawn at twice the size and made
smaller, for smooth edges. A name is written only where all of it fits on its tile.
"""

import io
import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import LineString, box, shape
from shapely.geometry.base import BaseGeometry

from waywarden.geo.points import TILE_PIXELS
from waywarden.geo.tiles import TileFile, open_tiles

SCALE = 2  # drawn at this many times the size
SIDE = TILE_PIXELS * SCALE
GRID = 4096
TILES_KEPT = 512
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
AREAS = (("land", "land"), ("green", ""), ("water", "water"), ("paved", "paved"))
# Width in metres on the ground, and the least in pixels.
ROAD_WIDTHS = {
    "path": (2.0, 0.8), "steps": (2.0, 0.8), "service": (4.0, 1.0), "walk": (6.0, 1.0),
    "street": (7.0, 1.5), "middle": (8.5, 2.0), "main": (10.0, 2.5),
}  # fmt: skip
ROAD_COLOURS = {"main": "main", "middle": "road", "path": "path", "steps": "path"}
NAMES_FROM, NUMBERS_FROM = 15, 18  # zooms

Palette = dict[str, str]
Piece = tuple[BaseGeometry, dict[str, Any]]


@lru_cache(maxsize=1)
def _palettes() -> dict[str, Palette]:
    found: dict[str, Palette] = json.loads(Path(__file__).with_name("palette.json").read_bytes())
    return found


def draw_tile(path: Path, zoom: int, x: int, y: int, *, dark: bool = False) -> bytes:
    """A PNG of 256 × 256 pixels; where the map has nothing, its plain background.

    Raises Misconfigured if there is no PMTiles file at `path`.
    """
    tiles = open_tiles(path)
    return _drawn(tiles, zoom, x, y, "dark" if dark else "light")


@lru_cache(maxsize=TILES_KEPT)
def _drawn(tiles: TileFile, zoom: int, x: int, y: int, scheme: str) -> bytes:
    canvas = _Canvas(_palettes()[scheme], zoom, y)
    canvas.paint(_pieces(tiles, zoom, x, y))
    image = canvas.image.resize((TILE_PIXELS, TILE_PIXELS), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _pieces(tiles: TileFile, zoom: int, x: int, y: int) -> dict[str, list[Piece]]:
    """The tile's layers in canvas pixels; past the last zoom, cut out of the tile above."""
    above = max(0, zoom - tiles.zooms[-1])
    data = tiles.read_plain(zoom - above, x >> above, y >> above)
    if not data:
        return {}
    layers = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})
    factor = SIDE * 2**above / GRID
    left, top = (x % 2**above) * SIDE, (y % 2**above) * SIDE

    def to_canvas(coordinates: Any) -> Any:
        return coordinates * factor - (left, top)

    window = (-32, -32, SIDE + 32, SIDE + 32)
    return {
        name: list(_cut(layer["features"], to_canvas, window)) for name, layer in layers.items()
    }


def _cut(features: list[Any], to_canvas: Any, window: Any) -> Iterator[Piece]:
    for feature in features:
        moved = shapely.transform(shape(feature["geometry"]), to_canvas)
        if moved.geom_type != "Point":
            moved = shapely.clip_by_rect(moved, *window)
        if not moved.is_empty:
            yield moved, feature["properties"]


@dataclass(slots=True)
class _Label:
    """One line of text to write: its middle in pixels, its slant in degrees."""

    text: str
    middle: tuple[float, float]
    slant: float
    colour: str
    size: int


class _Canvas:
    """The picture of one tile while it is drawn."""

    def __init__(self, palette: Palette, zoom: int, y: int) -> None:
        self.palette = palette
        self.zoom = zoom
        self.image = Image.new("RGB", (SIDE, SIDE), palette["outside"])
        self.draw = ImageDraw.Draw(self.image)
        latitude = math.atan(math.sinh(math.pi * (1 - (2 * y + 1) / 2**zoom)))
        metres_per_pixel = 40_075_016.7 * math.cos(latitude) / 2**zoom / SIDE
        self.pixels_per_metre: float = 1 / metres_per_pixel
        self.taken: list[BaseGeometry] = []

    def paint(self, layers: dict[str, list[Piece]]) -> None:
        """Everything, from the ground up."""
        for layer, colour in AREAS:
            for piece, facts in layers.get(layer, []):
                self._fill(piece, self.palette[colour or facts.get("class", "park")])
        self._roads(layers.get("roads", []))
        for piece, facts in layers.get("rail", []):
            width = SCALE if facts["class"] == "rail" else SCALE / 2
            self._line(piece, self.palette[facts["class"]], width)
        for piece, _ in layers.get("buildings", []):
            self._fill(piece, self.palette["building"], self.palette["building_line"])
        for label in self._labels(layers):
            self._write(label)

    def _fill(self, piece: BaseGeometry, colour: str, outline: str | None = None) -> None:
        for part in shapely.get_parts(piece):
            if part.geom_type != "Polygon":
                continue
            if not part.interiors:
                self.draw.polygon(list(part.exterior.coords), fill=colour, outline=outline)
                continue
            mask = Image.new("1", self.image.size)
            stencil = ImageDraw.Draw(mask)
            stencil.polygon(list(part.exterior.coords), fill=1)
            for hole in part.interiors:
                stencil.polygon(list(hole.coords), fill=0)
            self.image.paste(colour, mask=mask)
            for ring in (part.exterior, *part.interiors) if outline else ():
                self.draw.line(list(ring.coords), fill=outline)

    def _roads(self, roads: list[Piece]) -> None:
        shown = [(piece, facts["class"], self._width(facts["class"])) for piece, facts in roads]
        if self.zoom >= 14:
            for piece, kind, width in shown:
                line = self.palette[ROAD_COLOURS.get(kind, "road") + "_line"]
                self._line(piece, line, width + 2 * SCALE * 0.7)
        for piece, kind, width in shown:
            self._line(piece, self.palette[ROAD_COLOURS.get(kind, "road")], width)

    def _width(self, kind: str) -> float:
        metres, least = ROAD_WIDTHS[kind]
        return max(least * SCALE, metres * self.pixels_per_metre)

    def _line(self, piece: BaseGeometry, colour: str, width: float) -> None:
        for part in shapely.get_parts(piece):
            if part.geom_type == "LineString":
                self.draw.line(
                    list(part.coords), fill=colour, width=max(1, round(width)), joint="curve"
                )

    def _labels(self, layers: dict[str, list[Piece]]) -> Iterator[_Label]:
        if self.zoom < NAMES_FROM:
            return
        for piece, facts in layers.get("places", []):
            if facts["from"] <= self.zoom and facts["class"] != "city":
                yield _Label(facts["name"], _middle(piece), 0.0, "text_place", 12)
        for piece, facts in layers.get("roads", []):
            run = _longest_run(piece) if facts.get("name") else None
            if run is not None:
                yield self._along(run, facts["name"])
        for piece, facts in layers.get("numbers", []) if self.zoom >= NUMBERS_FROM else ():
            yield _Label(facts["number"], _middle(piece), 0.0, "text_soft", 10)

    def _along(self, run: LineString, name: str) -> _Label:
        (x1, y1), (x2, y2) = run.coords
        slant = math.degrees(math.atan2(y1 - y2, x2 - x1))
        slant = slant - 180 if slant > 90 else slant + 180 if slant < -90 else slant
        return _Label(name, ((x1 + x2) / 2, (y1 + y2) / 2), slant, "text", 11)

    def _write(self, label: _Label) -> None:
        """Writes it if all of it is on the tile and over no other."""
        font = _font(label.size * SCALE)
        text = label.text if _is_complete(font) else _plain(label.text)
        halo = SCALE + 1
        left, top, right, bottom = font.getbbox(text, stroke_width=halo)
        width, height = math.ceil(right - left), math.ceil(bottom - top)
        picture = Image.new("RGBA", (width, height))
        ImageDraw.Draw(picture).text(
            (-left, -top),
            text,
            font=font,
            fill=self.palette[label.colour],
            stroke_width=halo,
            stroke_fill=self.palette["halo"],
        )
        turned = picture.rotate(label.slant, Image.Resampling.BICUBIC, expand=True)
        x = round(label.middle[0] - turned.width / 2)
        y = round(label.middle[1] - turned.height / 2)
        room = box(x, y, x + turned.width, y + turned.height)
        inside = box(0, 0, SIDE, SIDE).contains(room)
        if inside and not any(other.intersects(room) for other in self.taken):
            self.taken.append(room)
            self.image.paste(turned, (x, y), turned)


def _middle(piece: BaseGeometry) -> tuple[float, float]:
    return piece.centroid.x, piece.centroid.y


def _longest_run(piece: BaseGeometry) -> LineString | None:
    """The longest nearly straight stretch of a street on this tile."""
    on_tile = shapely.clip_by_rect(piece, 0, 0, SIDE, SIDE)
    best: LineString | None = None
    for part in shapely.get_parts(on_tile):
        if part.geom_type != "LineString":
            continue
        corners = list(part.simplify(3 * SCALE).coords)
        for ends in pairwise(corners):
            run = LineString(ends)
            if best is None or run.length > best.length:
                best = run
    return best


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    """A font of the machine, else the small one that Pillow carries."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _is_complete(font: Any) -> bool:
    return str(font.getname()[0]) != "Aileron"  # Pillow's own has no accents


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
