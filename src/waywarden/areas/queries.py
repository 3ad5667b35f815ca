"""Point → areas, answered inside the process (performance.md: 0.1 ms with 500 polygons)."""

import json
import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.db.models import Count, Max, Min
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from waywarden.areas.models import Area, LayerShape
from waywarden.areas.wards import ward_slug
from waywarden.geo.points import Box
from waywarden.kernel import clock

#: Seconds after which a process looks whether the areas have changed.
_LOOK_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class _Shapes:
    version: object
    ids: tuple[int, ...]
    shapes: tuple[BaseGeometry, ...]
    validity: tuple[tuple[date | None, date | None], ...]
    sizes: tuple[float, ...]
    tree: STRtree


_lock = threading.Lock()
_held: _Shapes | None = None
_looked_at = 0.0


def areas_at(*, lat: float, lon: float) -> tuple[int, ...]:
    """Ids of the areas that hold a point today (WGS84 degrees), smallest first; borders count."""
    held = _current()
    point = shapely.Point(lon, lat)
    today = clock.now().date()
    hits = held.tree.query(point, predicate="intersects")
    found = [index for index in hits.tolist() if _is_valid(held.validity[index], today)]
    found.sort(key=held.sizes.__getitem__)
    return tuple(held.ids[index] for index in found)


def areas_by_slug(*names: str) -> dict[int, str]:
    """The areas whose name makes one of these slugs, by id: `north-ward` finds "North Ward"."""
    known = _slugs(_current().version)
    return {number: called for name in names for number, called in known.get(name, ())}


@lru_cache(maxsize=2)
def _slugs(_version: object) -> dict[str, list[tuple[int, str]]]:
    """Read once for all areas: to look through every name would cost each page of a ward."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number, called in Area.objects.order_by("id").values_list("id", "name"):
        found.setdefault(ward_slug(called), []).append((number, called))
    return found


def areas_at_each(*, lats: Sequence[float], lons: Sequence[float]) -> list[tuple[int, ...]]:
    """For each of many points what `areas_at` gives for one."""
    held = _current()
    today = clock.now().date()
    found: list[list[int]] = [[] for _lat in lats]
    if held.ids and found:
        points = shapely.points(np.asarray(lons, dtype=float), np.asarray(lats, dtype=float))
        hits = held.tree.query(points, predicate="intersects")
        for point, index in zip(*(row.tolist() for row in hits), strict=True):
            if _is_valid(held.validity[index], today):
                found[point].append(index)
    ordered = (sorted(one, key=held.sizes.__getitem__) for one in found)
    return [tuple(held.ids[index] for index in one) for one in ordered]


def boundary_of(area_ids: tuple[int, ...]) -> BaseGeometry | None:
    """The union of some areas' boundaries, None when there is none."""
    held = _current()
    parts = [held.shapes[index] for index, area_id in enumerate(held.ids) if area_id in area_ids]
    return shapely.union_all(parts) if parts else None


#: Metres of a degree of latitude.
_DEGREE = 111_320.0


def metres_to_layers(
    layer_ids: Iterable[int], *, lat: float, lon: float, within: float
) -> dict[int, float]:
    """Layer id → metres from a point to its nearest shape; layers beyond `within` are left out.

    Inside a polygon it is 0. Plane geometry around the point: right to a part in a thousand
    within a kilometre.
    """
    wide = max(math.cos(math.radians(lat)), 0.01)
    up, across = within / _DEGREE, within / _DEGREE / wide
    rows = LayerShape.objects.filter(
        layer__in=set(layer_ids),
        west__lte=lon + across,
        east__gte=lon - across,
        south__lte=lat + up,
        north__gte=lat - up,
    ).values_list("layer_id", "shape")
    here = shapely.Point(0, 0)
    found: dict[int, float] = {}
    for layer_id, wkb in rows:
        flat = shapely.transform(
            shapely.from_wkb(bytes(wkb)), lambda at: (at - (lon, lat)) * (_DEGREE * wide, _DEGREE)
        )
        far = float(flat.distance(here))
        if far <= within:
            found[layer_id] = min(far, found.get(layer_id, far))
    return found


def extent_of(area_ids: tuple[int, ...]) -> Box | None:
    """The box around some areas, None when there are none."""
    edges = Area.objects.filter(pk__in=area_ids).aggregate(
        Min("west"), Min("south"), Max("east"), Max("north")
    )
    west, south, east, north = edges.values()
    return None if west is None else Box(west, south, east, north)


def outline_of(area_ids: tuple[int, ...]) -> dict[str, Any] | None:
    """The boundary of some areas as GeoJSON, simplified to be drawn; None when there is none."""
    return _outline(tuple(sorted(area_ids)), _current().version) if area_ids else None


@lru_cache(maxsize=256)
def _outline(area_ids: tuple[int, ...], _version: object) -> dict[str, Any] | None:
    boundary = boundary_of(area_ids)
    if boundary is None:
        return None
    west, south, east, north = boundary.bounds
    fine = max(east - west, north - south) / 400  # no finer than a pixel or two
    drawn = shapely.set_precision(boundary.simplify(fine), 1e-5)
    found: dict[str, Any] = json.loads(shapely.to_geojson(drawn))
    return found


def forget_shapes() -> None:
    """Makes this process read the boundaries anew at the next question."""
    global _held, _looked_at  # noqa: PLW0603 - one cache a process, guarded by the lock
    with _lock:
        _held = None
        _looked_at = 0.0


def _is_valid(span: tuple[date | None, date | None], today: date) -> bool:
    start, end = span
    return (start is None or start <= today) and (end is None or today < end)


def _current() -> _Shapes:
    global _held, _looked_at  # noqa: PLW0603 - one cache a process, guarded by the lock
    held = _held
    if held is not None and time.monotonic() - _looked_at < _LOOK_AGAIN:
        return held
    with _lock:
        version = tuple(Area.objects.aggregate(Count("id"), Max("changed")).values())
        if _held is None or _held.version != version:
            _held = _load(version)
        _looked_at = time.monotonic()
        return _held


def _load(version: object) -> _Shapes:
    rows = list(Area.objects.order_by("id").values_list("id", "boundary", "valid_from", "valid_to"))
    shapes = tuple(shapely.from_wkb(bytes(row[1])) for row in rows)
    for boundary in shapes:
        shapely.prepare(boundary)
    return _Shapes(
        version=version,
        ids=tuple(row[0] for row in rows),
        shapes=shapes,
        validity=tuple((row[2], row[3]) for row in rows),
        sizes=tuple(shape.area for shape in shapes),
        tree=STRtree(shapes),
    )
