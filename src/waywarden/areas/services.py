"""Every write to areas and layers: importing shapes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from django.db import transaction
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from waywarden.areas.models import Area, Layer, LayerShape
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


#: Characters that the table holds of each.
_LONGEST = {"name": 200, "kind": 40, "code": 100}


def _features(path: Path) -> list[Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path.name} is not readable GeoJSON: {error}"
        raise RuleBroken(message) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        message = f"{path.name} is not a GeoJSON FeatureCollection with features."
        raise RuleBroken(message)
    return features


def _row(number: int, feature: Any, kind: str) -> dict[str, Any]:
    properties = (feature.get("properties") if isinstance(feature, dict) else None) or {}
    if not isinstance(properties, dict):
        message = f"Feature {number} has properties that are none."
        raise RuleBroken(message)
    name = one_line(str(properties.get("name") or ""))
    if not name:
        message = f"Feature {number} has no name."
        raise RuleBroken(message)
    boundary = _polygon(number, feature)
    west, south, east, north = boundary.bounds
    texts = {
        "name": name,
        "kind": one_line(str(properties.get("kind") or kind)),
        "code": one_line(str(properties.get("code") or feature.get("id") or slug(name))),
    }
    for field, text in texts.items():
        if len(text) > _LONGEST[field]:
            message = f"Feature {number} has a {field} that is too long."
            raise RuleBroken(message)
    return {
        **texts,
        "boundary": shapely.to_wkb(boundary),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def import_layer(path: Path, *, name: str) -> int:
    """Takes the lines and polygons of a GeoJSON file in as a layer, in place of its old ones.

    How many there are. Nothing is changed when any feature is wrong: RuleBroken names it.
    """
    shapes = [_any_shape(number, one) for number, one in enumerate(_features(path), start=1)]
    with transaction.atomic():
        layer, _made = Layer.objects.get_or_create(name=name)
        layer.save(update_fields=["changed"])
        LayerShape.objects.filter(layer=layer).delete()
        LayerShape.objects.bulk_create((_shape_row(layer, one) for one in shapes), batch_size=500)
    return len(shapes)


def _shape_row(layer: Layer, one: BaseGeometry) -> LayerShape:
    west, south, east, north = one.bounds
    wkb = shapely.to_wkb(one)
    return LayerShape(layer=layer, shape=wkb, west=west, south=south, east=east, north=north)


def _any_shape(number: int, feature: dict[str, Any]) -> BaseGeometry:
    """A line or a polygon in degrees. Raises RuleBroken."""
    found = _geometry(number, feature)
    kinds = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")
    if found.geom_type not in kinds or found.is_empty:
        message = f"Feature {number} is a {found.geom_type}, not a line or a polygon."
        raise RuleBroken(message)
    return _in_degrees(number, found)


def _geometry(number: int, feature: dict[str, Any]) -> BaseGeometry:
    try:
        return shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        message = f"Feature {number} has no readable geometry."
        raise RuleBroken(message) from error


def _in_degrees(number: int, found: BaseGeometry) -> BaseGeometry:
    west, south, east, north = found.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        message = f"Feature {number} is not in degrees of WGS84."
        raise RuleBroken(message)
    return found


def _polygon(number: int, feature: dict[str, Any]) -> BaseGeometry:
    boundary = _geometry(number, feature)
    if boundary.geom_type not in ("Polygon", "MultiPolygon"):
        message = f"Feature {number} is a {boundary.geom_type}, not a polygon."
        raise RuleBroken(message)
    _in_degrees(number, boundary)
    return boundary if boundary.is_valid else boundary.buffer(0)
