"""The cells of many places at once: the same as `Point.cell`, some ten times quicker."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from waywarden.geo.points import CELL_ZOOM, MAX_LATITUDE

_SPREADING = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def cells_of(lats: Sequence[float], lons: Sequence[float]) -> list[int]:
    """The cell of each place, in degrees of WGS84 (latitude and longitude must be on earth)."""
    lat = np.radians(np.clip(np.asarray(lats, dtype=float), -MAX_LATITUDE, MAX_LATITUDE))
    x = np.asarray(lons, dtype=float) / 360 + 0.5
    y = 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)
    cells: list[int] = (_spread(_steps(x)) | _spread(_steps(y)) << np.uint64(1)).tolist()
    return cells


def _steps(parts: NDArray[np.float64]) -> NDArray[np.uint64]:
    squares = 1 << CELL_ZOOM
    return np.clip((parts * squares).astype(np.int64), 0, squares - 1).astype(np.uint64)


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 31 bits of each number, a zero between each two of them."""
    for shift, mask in _SPREADING:
        bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
    return bits
