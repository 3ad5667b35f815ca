"""Pictures drawn here: the site's icon in its sizes, and a report as others see it when shared."""

import hashlib
import io
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from waywarden.geo.points import TILE_PIXELS, Point, world_xy
from waywarden.geo.raster import FONTS, draw_tile
from waywarden.reports.states import PinClass

#: A shared report, in pixels: what most sites show whole.
CARD = (1200, 630)
_MAP_LEFT = 640
_ZOOM = 17
_INK, _SOFT, _PAPER = "#1b1f24", "#565d66", "#faf9f6"
#: Drawn larger and made smaller, for smooth edges.
_FINE = 4


@lru_cache(maxsize=32)
def draw_icon(accent: str, side: int, *, fills_frame: bool) -> bytes:
    """The mark on the accent colour as a PNG; `fills_frame` for systems that cut a shape of it."""
    wide = side * _FINE
    picture = Image.new("RGBA", (wide, wide), accent if fills_frame else (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if not fills_frame:
        draw.rounded_rectangle((0, 0, wide - 1, wide - 1), radius=wide // 5, fill=accent)
    scale = wide / 30 * (0.58 if fills_frame else 0.68)
    _mark(draw, (wide / 2 - 12 * scale, wide / 2 - 15.5 * scale), scale, accent)
    return _png(picture.resize((side, side), Image.Resampling.LANCZOS))


def _mark(draw: ImageDraw.ImageDraw, at: tuple[float, float], scale: float, accent: str) -> None:
    """The pin with its tick, in a box of 24 × 30."""

    def spots(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(at[0] + x * scale, at[1] + y * scale) for x, y in points]

    _drop(draw, at, scale, "#ffffff")
    tick = spots((7.5, 11.5), (10.5, 14.5), (16.5, 8))
    width = round(2.6 * scale)
    draw.line(tick, fill=accent, width=width, joint="curve")
    for x, y in tick:
        draw.circle((x, y), width / 2, fill=accent)


def _drop(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], scale: float, colour: str, grow: float = 0
) -> None:
    left, top = at
    centre = (left + 12 * scale, top + 11 * scale)
    draw.circle(centre, (10 + grow) * scale, fill=colour)
    corners = ((3.2 - grow, 15.6), (20.8 + grow, 15.6), (12, 29 + 1.6 * grow))
    draw.polygon([(left + x * scale, top + y * scale) for x, y in corners], fill=colour)


def _pin(picture: Image.Image, kind: PinClass, colour: str, at: tuple[float, float]) -> None:
    """A pin whose foot, or middle, stands on a pixel; the shapes are those of the map."""
    scale = 2.4 * _FINE
    side = round(34 * scale)
    drawn = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(drawn)
    middle = side / 2
    foot = middle
    for grow, paint in ((1.6, "#ffffff"), (0.0, colour)):
        if kind is PinClass.OPEN:
            _drop(draw, (middle - 12 * scale, middle - 15 * scale), scale, paint, grow)
            foot = middle + 14 * scale
        elif kind is PinClass.PROGRESS:
            reach = (11 + grow) * scale
            draw.regular_polygon((middle, middle, reach), 4, rotation=45, fill=paint)
        elif kind is PinClass.FIXED:
            draw.circle((middle, middle), (10.4 + grow) * scale, fill=paint)
        else:
            reach = (9.6 + grow) * scale
            box = (middle - reach, middle - reach, middle + reach, middle + reach)
            draw.rounded_rectangle(box, radius=2 * scale, fill=paint)
    draw.circle((middle, middle - (4 * scale if kind is PinClass.OPEN else 0)), 3.4 * scale, "#fff")
    small = drawn.resize((side // _FINE, side // _FINE), Image.Resampling.LANCZOS)
    spot = (round(at[0] - middle / _FINE), round(at[1] - foot / _FINE))
    picture.paste(small, spot, small)


#: Raised whenever a card is drawn in another way, so that kept ones are not used any more.
_DRAWN_AS = 1


@dataclass(frozen=True, slots=True)
class Card:
    """All that the picture of a shared report shows."""

    map_path: Path | None
    place: Point
    kind: PinClass
    colour: str
    accent: str
    title: str
    facts: tuple[str, ...]
    site: str

    @property
    def key(self) -> str:
        """Stands for what it shows, the version of the map too: cards of one key look alike."""
        drawn_from = self.map_path.stat().st_mtime_ns if self.map_path else 0
        told = repr((_DRAWN_AS, drawn_from, replace(self, map_path=None)))
        return hashlib.sha256(told.encode()).hexdigest()[:24]


def draw_card(card: Card) -> bytes:
    """A shared report as a PNG of 1200 × 630: its words beside its place on the map."""
    picture = Image.new("RGB", CARD, _PAPER)
    if card.map_path is not None:
        picture.paste(_map(card.map_path, card.place), (_MAP_LEFT, 0))
    middle = (_MAP_LEFT + (CARD[0] - _MAP_LEFT) / 2, CARD[1] / 2)
    _pin(picture, card.kind, card.colour, middle)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 14, CARD[1]), fill=card.accent)
    top = 74
    for line in _lines(card.title, _font(58), _MAP_LEFT - 120, most=5):
        draw.text((70, top), line, font=_font(58), fill=_INK)
        top += 72
    top += 18
    for fact in card.facts:
        for line in _lines(fact, _font(32), _MAP_LEFT - 120, most=2):
            draw.text((70, top), line, font=_font(32), fill=_SOFT)
            top += 44
    draw.text((70, CARD[1] - 84), card.site, font=_font(34), fill=card.accent)
    return _png(picture.quantize(128, dither=Image.Dither.NONE))


def _map(path: Path, place: Point) -> Image.Image:
    wide, high = CARD[0] - _MAP_LEFT, CARD[1]
    picture = Image.new("RGB", (wide, high))
    x, y = (part * 2**_ZOOM * TILE_PIXELS for part in world_xy(place))
    left, top = round(x - wide / 2), round(y - high / 2)
    for column in range(left // TILE_PIXELS, (left + wide) // TILE_PIXELS + 1):
        for row in range(max(top, 0) // TILE_PIXELS, (top + high) // TILE_PIXELS + 1):
            tile = draw_tile(path, _ZOOM, column % 2**_ZOOM, min(row, 2**_ZOOM - 1))
            spot = (column * TILE_PIXELS - left, row * TILE_PIXELS - top)
            picture.paste(Image.open(io.BytesIO(tile)).convert("RGB"), spot)
    return picture


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _lines(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int, *, most: int
) -> list[str]:
    """The text in lines that fit; what is too long is cut, and shown to be."""
    lines: list[str] = [""]
    for word in text.split():
        for piece in _pieces(word, font, width):
            tried = f"{lines[-1]} {piece}".strip()
            if font.getlength(tried) <= width:
                lines[-1] = tried
            else:
                lines.append(piece)
    kept = [line for line in lines if line]
    return kept if len(kept) <= most else [*kept[: most - 1], f"{kept[most - 1][:-1]}…"]


def _pieces(word: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """A word that is longer than a line is broken where the line ends."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
