"""Point → areas, answered inside the process (performance.md: 0.1 ms with 500 polygons)."""

import threading
import time
from dataclasses import dataclass
from datetime import date

import shapely
from django.db.models import Count, Max
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from waywarden.areas.models import Area
from waywarden.kernel import clock

#: Seconds after which a process looks whether the areas have changed.
_LOOK_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class _Shapes:
    version: object
    ids: tuple[int, ...]
    shapes: tuple[BaseGeometry, ...]
    validity: tuple[tuple[date | None, date | None], ...]
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
    found.sort(key=lambda index: held.shapes[index].area)
    return tuple(held.ids[index] for index in found)


def boundary_of(area_ids: tuple[int, ...]) -> BaseGeometry | None:
    """The union of some areas' boundaries, None when there is none."""
    held = _current()
    parts = [held.shapes[index] for index, area_id in enumerate(held.ids) if area_id in area_ids]
    return shapely.union_all(parts) if parts else None


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
        tree=STRtree(shapes),
    )
