"""Charts that the server draws: columns by month, as numbers for an SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Of the drawing, in its own units; the page makes it as wide as there is room.
WIDTH, HEIGHT = 400, 190
_LEFT, _TOP, _BOTTOM = 40, 10, 26
#: With more months than these every second is named.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One month: two columns beside each other, and where its name stands."""

    label: str
    values: tuple[int, int]
    left: float
    width: float
    tops: tuple[float, float]
    heights: tuple[float, float]

    @property
    def middle(self) -> float:
        """Of the pair."""
        return round(self.left + self.width, 1)

    @property
    def second(self) -> float:
        """The left edge of the second column."""
        return round(self.left + self.width, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, and the lines across with their numbers, from the bottom up."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT

    @property
    def is_crowded(self) -> bool:
        """Whether not all names have room."""
        return len(self.columns) > _NAMED


def columns(months: Sequence[tuple[str, int, int]]) -> Chart:
    """A chart of (label, first, second) for each month."""
    step, most = _scale(max((max(first, second) for _label, first, second in months), default=0))
    room = HEIGHT - _TOP - _BOTTOM

    def top(value: int) -> float:
        return round(_TOP + room * (1 - value / most), 1)

    slot = (WIDTH - _LEFT) / max(len(months), 1)
    width = round(min(slot * 0.36, 26), 1)
    drawn = tuple(
        Column(
            label=label,
            values=(first, second),
            left=round(_LEFT + slot * number + slot / 2 - width, 1),
            width=width,
            tops=(top(first), top(second)),
            heights=(
                round(HEIGHT - _BOTTOM - top(first), 1),
                round(HEIGHT - _BOTTOM - top(second), 1),
            ),
        )
        for number, (label, first, second) in enumerate(months)
    )
    lines = tuple((top(value), value) for value in range(0, most + 1, step))
    return Chart(drawn, lines)


def _scale(most: int) -> tuple[int, int]:
    """The step between lines, 1, 2 or 5 and noughts, and the number that the top one stands for."""
    step, at = 1, 0
    while step * 4 < most:
        step = step * (2, 5, 10)[at] // (1, 2, 5)[at]
        at = (at + 1) % 3
    return step, max(step * -(-most // step), step)
