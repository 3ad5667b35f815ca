"""Spans of Morton cells that cover a box, so that a box becomes a few ranges of one index.

The spans may hold a little more than the box (never less): whoever asks looks at the
latitude and longitude of what it found as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from waywarden.geo.points import CELL_ZOOM, Box, Point, tile_at

MOST_SPANS = 16


@dataclass(frozen=True, slots=True)
class Span:
    """Cells from `first` to `last`, both included (SQL's BETWEEN)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Columns and rows of the cells at the box's corners."""

    left: int
    top: int
    right: int
    bottom: int


@lru_cache(maxsize=256)  # a page asks several questions about one box
def spans_of_box(box: Box, most: int = MOST_SPANS) -> tuple[Span, ...]:
    """At most `most` spans, in order and apart, that hold every cell of the box."""
    halves = box.halves()
    share = max(1, most // len(halves))
    return tuple(_joined(span for half in halves for span in _spans_of_half(half, share)))


def _spans_of_half(box: Box, most: int) -> list[Span]:
    first, last = Point(box.north, box.west), Point(box.south, box.east)
    window = _Window(*tile_at(first, CELL_ZOOM), *tile_at(last, CELL_ZOOM))
    return _spans(window, first.cell, last.cell, most)


def cell_at_zoom(cell: int, zoom: int) -> int:
    """The Morton number of the tile at `zoom` that holds the cell: the key to count by."""
    return cell >> 2 * (CELL_ZOOM - zoom)


def tile_of_cell(number: int) -> tuple[int, int]:
    """Column and row of a Morton number made by `cell_at_zoom`, at that same zoom."""
    return _gathered(number), _gathered(number >> 1)


def span_of_tile(number: int, zoom: int) -> Span:
    """All cells of one tile, given its Morton number at `zoom`."""
    shift = 2 * (CELL_ZOOM - zoom)
    return Span(number << shift, ((number + 1) << shift) - 1)


#: The finest tiles that circles are kept by: some 38 m across at the equator.
FINEST_KEY = 20


def circle_keys(centre: Point, metres: float) -> tuple[int, ...]:
    """Keys of the few tiles, as large as the circle, that hold it together.

    A place in the circle has one of these among its own `point_keys`; the converse needs a look
    at the distance.
    """
    box = Box.around(centre, metres)
    keys: set[int] = set()
    for half in box.halves():
        corners = Point(half.north, half.west), Point(half.south, half.east)
        zoom = FINEST_KEY
        while zoom:
            (left, top), (right, bottom) = (tile_at(corner, zoom) for corner in corners)
            if right - left <= 1 and bottom - top <= 1:
                break
            zoom -= 1
        for lat in (half.north, half.south):
            for lon in (half.west, half.east):
                keys.add(_key(Point(lat, lon).cell, zoom))
    return tuple(sorted(keys))


def point_keys(cell: int) -> tuple[int, ...]:
    """The keys of all the tiles that hold a cell, one a zoom."""
    return tuple(_key(cell, zoom) for zoom in range(FINEST_KEY + 1))


def _key(cell: int, zoom: int) -> int:
    """A tile of any zoom as one number: its Morton number behind a 1."""
    return cell_at_zoom(cell, zoom) | 1 << 2 * zoom


def _spans(window: _Window, first: int, last: int, most: int) -> list[Span]:
    """Quarters squares for as long as the spans stay few enough.

    `first` and `last` are the cells of the window's corners: the least and the greatest in it.
    """
    levels = ((first ^ last).bit_length() + 1) // 2  # up to the smallest square that holds both
    top = first >> 2 * levels
    edge, whole = [(top, *tile_of_cell(top))], list[Span]()
    best = [span_of_tile(top, CELL_ZOOM - levels)]
    for shift in range(levels - 1, -1, -1):
        zoom = CELL_ZOOM - shift
        inside, edge = _quartered(edge, window, shift)
        whole += [span_of_tile(number, zoom) for number in inside]
        spans = _joined([*whole, *(span_of_tile(number, zoom) for number, _, _ in edge)])
        # From here on each step only doubles the edge: no finer cut will be few enough.
        if len(spans) > most:
            break
        best = spans
    return best


_Square = tuple[int, int, int]  # Morton number, column, row


def _quartered(
    squares: list[_Square], window: _Window, shift: int
) -> tuple[list[int], list[_Square]]:
    """The quarters that lie wholly in the window, and those that do partly.

    `shift` is how many levels above the cells the quarters stand.
    """
    inside, partly = [], []
    for parent, parent_x, parent_y in squares:
        for quarter in range(4):
            number = parent * 4 + quarter
            x, y = parent_x * 2 + (quarter & 1), parent_y * 2 + (quarter >> 1)
            left, top = x << shift, y << shift
            right, bottom = left + (1 << shift) - 1, top + (1 << shift) - 1
            if left > window.right or right < window.left:
                continue
            if top > window.bottom or bottom < window.top:
                continue
            across = window.left <= left and right <= window.right
            if across and window.top <= top and bottom <= window.bottom:
                inside.append(number)
            else:
                partly.append((number, x, y))
    return inside, partly


def _joined(spans: Iterable[Span]) -> list[Span]:
    """In order, neighbours and overlaps made one."""
    return list(_join(sorted(spans, key=lambda span: span.first)))


def _join(ordered: list[Span]) -> Iterator[Span]:
    current: Span | None = None
    for span in ordered:
        if current is None:
            current = span
        elif span.first <= current.last + 1:
            current = Span(current.first, max(current.last, span.last))
        else:
            yield current
            current = span
    if current is not None:
        yield current


def _gathered(bits: int) -> int:
    """Every second bit, from the lowest on: the inverse of spreading them."""
    bits &= 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        bits = (bits | bits >> shift) & mask
    return bits
