"""The pictures of pins: a shape for each class of report, so that colour is not all.

The same file (`pins.json`) gives the map in the browser its pictures; this is for legends,
lists and the map without scripts.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from waywarden.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Pin:
    """One class's picture, in a frame of `pin_size()` pixels."""

    colour: str
    anchor: tuple[int, int]  # the pixel that stands on the place
    shape: str  # SVG path
    mark: str  # SVG path, white, on the shape


@lru_cache(maxsize=1)
def pin_classes() -> dict[str, Pin]:
    """Every class of pin by name: open, progress, fixed, closed."""
    return {
        name: Pin(row["colour"], (row["anchor"][0], row["anchor"][1]), row["shape"], row["mark"])
        for name, row in _drawn()["classes"].items()
    }


def pin_size() -> tuple[int, int]:
    """Width and height of a picture, in pixels."""
    width, height = _drawn()["size"]
    return width, height


@lru_cache(maxsize=1)
def _drawn() -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(Path(__file__).with_name("pins.json").read_bytes())
    return drawn


def pin_svg(name: str, colour: str = "") -> str:
    """The picture as SVG, without a name of its own (say in words what it stands for).

    `colour` is a CSS colour, "" the class's own. Raises Misconfigured for an unknown class.
    """
    pin = pin_classes().get(name)
    if pin is None:
        raise Misconfigured(f"no pin is called {name}")
    width, height = pin_size()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {width + 4} {height + 4}"'
        f' width="{width + 4}" height="{height + 4}" aria-hidden="true" focusable="false">'
        f'<path d="{pin.shape}" fill="{escape(colour or pin.colour)}" stroke="#fff"'
        f' stroke-width="1.3"/><path d="{pin.mark}" fill="#fff"/></svg>'
    )
