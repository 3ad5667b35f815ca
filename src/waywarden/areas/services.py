"""Every write to areas: importing boundaries."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from django.db import transaction
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, slug


@dataclass(frozen=True, slots=True)
class Imported:
    """How many areas were added and replaced."""

    added: int
    replaced: int


def import_geojson(path: Path, *, kind: str = "area") -> Imported:
    """Takes every polygon of a GeoJSON FeatureCollection in (RFC 7946: WGS84, lon before lat).

    A feature needs the property `name`; `code` (else `id`) identifies it, `kind` overrides the
    default. Nothing is changed when any feature is wrong: RuleBroken names it.
    """
    rows = [_row(number, feature, kind) for number, feature in enumerate(_features(path), start=1)]
    codes = [row["code"] for row in rows]
    if len(set(codes)) != len(codes):
        message = "Two features have the same code."
        raise RuleBroken(message)
    with transaction.atomic():
        known = set(Area.objects.filter(code__in=codes).values_list("code", flat=True))
        for row in rows:
            Area.objects.update_or_create(code=row.pop("code"), defaults=row)
    forget_shapes()
    return Imported(added=len(rows) - len(known), replaced=len(known))


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path.name} is not readable GeoJSON: {error}"
        raise RuleBroken(message) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        message = f"{path.name} is not a GeoJSON FeatureCollection with features."
        raise RuleBroken(message)
    return features


def _row(number: int, feature: dict[str, Any], kind: str) -> dict[str, Any]:
    properties = feature.get("properties") or {}
    name = one_line(str(properties.get("name") or ""))
    if not name:
        message = f"Feature {number} has no name."
        raise RuleBroken(message)
    boundary = _polygon(number, feature)
    west, south, east, north = boundary.bounds
    return {
        "name": name,
        "kind": str(properties.get("kind") or kind),
        "code": str(properties.get("code") or feature.get("id") or slug(name)),
        "boundary": shapely.to_wkb(boundary),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def _polygon(number: int, feature: dict[str, Any]) -> BaseGeometry:
    try:
        boundary = shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        message = f"Feature {number} has no readable geometry."
        raise RuleBroken(message) from error
    if boundary.geom_type not in ("Polygon", "MultiPolygon"):
        message = f"Feature {number} is a {boundary.geom_type}, not a polygon."
        raise RuleBroken(message)
    west, south, east, north = boundary.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        message = f"Feature {number} is not in degrees of WGS84."
        raise RuleBroken(message)
    return boundary if boundary.is_valid else boundary.buffer(0)
