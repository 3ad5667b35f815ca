"""Which ground no body answers for, as a drawing and a list. Pure geometry."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

import shapely
from shapely.geometry.base import BaseGeometry

#: A smaller share of an area is the seam between two boundaries, not a hole.
SEAM = 0.001
#: The drawing's width, in its own units.
WIDTH = 1000.0


@dataclass(frozen=True, slots=True)
class Ground:
    """One area, and whether a body in use answers for it."""

    area_id: int
    name: str
    shape: BaseGeometry
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Hole:
    """An area part of which nobody answers for; a point in that part, for a link to the map."""

    area_id: int
    name: str
    share: float
    """From 0 to 1."""
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths for an SVG: all ground, and that which nobody answers for."""

    width: float
    height: float
    ground: str
    holes: str


def holes(grounds: Sequence[Ground]) -> list[Hole]:
    """The areas that no body answers for in whole or in part, the largest part first."""
    answered = shapely.union_all([one.shape for one in grounds if one.is_answered])
    found = []
    for one in grounds:
        if one.is_answered or not one.shape.area:
            continue
        left = one.shape.difference(answered)
        share = left.area / one.shape.area
        if share > SEAM:
            point = left.representative_point()
            found.append(Hole(one.area_id, one.name, min(share, 1.0), point.y, point.x))
    return sorted(found, key=lambda hole: (-hole.share, hole.name))


def unserved(grounds: Sequence[Ground]) -> BaseGeometry | None:
    """The ground that nobody answers for, simplified to be drawn on a map; None without any."""
    answered = shapely.union_all([one.shape for one in grounds if one.is_answered])
    left = shapely.union_all([one.shape for one in grounds]).difference(answered)
    if left.is_empty:
        return None
    west, south, east, north = left.bounds
    fine = max(east - west, north - south) / WIDTH  # no finer than a pixel
    drawn = shapely.set_precision(left.simplify(fine), 1e-5)
    return None if drawn.is_empty else drawn


def drawing(grounds: Sequence[Ground]) -> Drawing | None:
    """All of it as a drawing; None where there is no ground."""
    whole = shapely.union_all([one.shape for one in grounds])
    if whole.is_empty:
        return None
    answered = shapely.union_all([one.shape for one in grounds if one.is_answered])
    west, south, east, north = whole.bounds
    # A degree of longitude is shorter away from the equator.
    stretch = max(cos(radians((south + north) / 2)), 0.1)
    scale = WIDTH / max((east - west) * stretch, 1e-9)
    height = (north - south) * scale

    def path(shape: BaseGeometry) -> str:
        plain = shapely.simplify(shape, (east - west) / WIDTH, preserve_topology=False)
        parts = []
        for polygon in shapely.get_parts(plain):
            if polygon.geom_type != "Polygon":
                continue
            for ring in (polygon.exterior, *polygon.interiors):
                points = " ".join(
                    f"{(x - west) * stretch * scale:.1f},{(north - y) * scale:.1f}"
                    for x, y in ring.coords
                )
                if points:
                    parts.append(f"M{points}Z")
        return "".join(parts)

    return Drawing(WIDTH, round(height, 1), path(whole), path(whole.difference(answered)))
