"""Sorts what the extract holds into the few layers that the map draws."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import shapely
from map_source import EXTENT, Extract, Tags, Thing, merge_lines
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

ROADS = {
    "motorway": "main", "trunk": "main", "primary": "main", "secondary": "main",
    "primary_link": "main", "secondary_link": "main", "tertiary": "middle",
    "tertiary_link": "middle", "residential": "street", "unclassified": "street",
    "living_street": "street", "road": "street", "pedestrian": "walk", "service": "service",
    "footway": "path", "cycleway": "path", "path": "path", "steps": "steps",
}  # fmt: skip
ROAD_ZOOM = {"main": 10, "middle": 11, "street": 12, "walk": 13, "service": 14, "path": 15,
             "steps": 15}  # fmt: skip
GREEN = {
    ("leisure", "park"): "park", ("leisure", "garden"): "park", ("landuse", "grass"): "grass",
    ("landuse", "recreation_ground"): "park", ("landuse", "forest"): "wood",
    ("natural", "wood"): "wood", ("natural", "scrub"): "grass", ("natural", "heath"): "grass",
    ("natural", "wetland"): "grass", ("leisure", "pitch"): "pitch",
    ("leisure", "playground"): "pitch", ("landuse", "cemetery"): "park",
}  # fmt: skip
PLACES = {
    ("place", "suburb"): ("suburb", 12), ("place", "neighbourhood"): ("suburb", 14),
    ("place", "square"): ("square", 15), ("leisure", "park"): ("park", 15),
    ("railway", "station"): ("station", 14), ("tourism", "museum"): ("landmark", 16),
    ("amenity", "theatre"): ("landmark", 16), ("amenity", "library"): ("landmark", 16),
    ("amenity", "place_of_worship"): ("landmark", 16), ("amenity", "university"): ("landmark", 16),
    ("amenity", "townhall"): ("landmark", 15), ("building", "cathedral"): ("landmark", 15),
    ("amenity", "school"): ("landmark", 16), ("amenity", "hospital"): ("landmark", 16),
    ("amenity", "marketplace"): ("landmark", 16), ("shop", "mall"): ("landmark", 16),
    ("tourism", "hotel"): ("landmark", 17), ("natural", "bay"): ("water", 13),
    ("place", "city"): ("city", 10),
}  # fmt: skip
NUMBER = re.compile(r"\d+(-\d+)?( ?[a-zA-Z])?(?!\w)")


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to draw, from `zoom` on."""

    layer: str
    shape: BaseGeometry
    facts: dict[str, Any]
    zoom: int


def sort_into_layers(extract: Extract) -> list[Feature]:
    """Every feature of the map, back to front within its layer."""
    return [
        Feature("land", box(*EXTENT), {}, 10),
        *_water(extract),
        *_areas(extract.areas),
        *_roads(extract.lines),
        *_rails(extract.lines),
        *_places([*extract.points, *extract.areas]),
        *_numbers([*extract.points, *extract.areas]),
    ]


def kind_of_place(tags: Tags) -> tuple[str, int] | None:
    """(kind, first zoom) of a named place, None if the map does not name such things."""
    return next((found for key, found in PLACES.items() if tags.get(key[0]) == key[1]), None)


def _water(extract: Extract) -> list[Feature]:
    inland = [a.shape for a in extract.areas if a.tags.get("natural") == "water"]
    wet = shapely.union_all([extract.sea, *inland])
    return [Feature("water", part, {}, 10) for part in shapely.get_parts(wet)]


def _areas(areas: list[Thing]) -> list[Feature]:
    features = []
    for area in areas:
        green = next((v for k, v in GREEN.items() if area.tags.get(k[0]) == k[1]), None)
        if area.tags.get("building", "no") != "no":
            features.append(Feature("buildings", area.shape, {}, 14))
        elif green:
            features.append(Feature("green", area.shape, {"class": green}, 11))
        elif _is_paved(area.tags):
            features.append(Feature("paved", area.shape, {}, 14))
    return features


def _is_paved(tags: Tags) -> bool:
    walked = tags.get("highway") in {"pedestrian", "footway"} or tags.get("place") == "square"
    return walked or tags.get("man_made") == "pier" or tags.get("railway") == "platform"


def _roads(lines: list[Thing]) -> list[Feature]:
    groups: dict[tuple[str, str, bool], list[BaseGeometry]] = defaultdict(list)
    for line in lines:
        kind = ROADS.get(line.tags.get("highway", ""))
        if not kind or line.tags.get("area") == "yes" or _is_underground(line.tags):
            continue
        # Pavements mapped beside a street carry its name: the street alone should.
        name = line.tags.get("name", "") if kind not in {"path", "steps"} else ""
        groups[kind, name, line.tags.get("bridge", "no") != "no"].append(line.shape)
    order = list(ROAD_ZOOM)[::-1]
    ordered = sorted(groups.items(), key=lambda item: (item[0][2], order.index(item[0][0])))
    return [
        Feature("roads", merge_lines(shapes), _facts(kind, name, bridge), ROAD_ZOOM[kind])
        for (kind, name, bridge), shapes in ordered
    ]


def _facts(kind: str, name: str, bridge: bool) -> dict[str, Any]:
    return {"class": kind} | ({"name": name} if name else {}) | ({"bridge": 1} if bridge else {})


def _is_underground(tags: Tags) -> bool:
    layer = tags.get("layer", "0").lstrip("-")
    below = tags.get("layer", "0").startswith("-") and layer.isdigit()
    return (
        tags.get("tunnel", "no") not in {"no", "building_passage"}
        or (below and tags.get("bridge", "no") == "no")
        or tags.get("indoor", "no") != "no"
    )


def _rails(lines: list[Thing]) -> list[Feature]:
    groups: dict[str, list[BaseGeometry]] = defaultdict(list)
    for line in lines:
        kind = line.tags.get("railway", "")
        if kind in {"rail", "tram", "light_rail"} and not _is_underground(line.tags):
            groups["tram" if kind == "tram" else "rail"].append(line.shape)
    first = {"rail": 12, "tram": 15}
    return [
        Feature("rail", merge_lines(shapes), {"class": kind}, first[kind])
        for kind, shapes in groups.items()
    ]


def _places(things: list[Thing]) -> list[Feature]:
    named: dict[tuple[str, str], Feature] = {}
    for thing in things:
        place, name = kind_of_place(thing.tags), thing.tags.get("name")
        if place and name:
            point = shapely.point_on_surface(thing.shape)
            facts = {"name": name, "class": place[0], "from": place[1]}
            named.setdefault((name, place[0]), Feature("places", point, facts, place[1]))
    return sorted(named.values(), key=lambda feature: feature.zoom)


def address_of(tags: Tags) -> tuple[str, str] | None:
    """(street, number), the number without floors and rooms; None if it has no such address."""
    street = tags.get("addr:street")
    number = NUMBER.match(tags.get("addr:housenumber", ""))
    return (street, number.group().strip()) if street and number else None


def _numbers(things: list[Thing]) -> list[Feature]:
    found: dict[tuple[str, str], Feature] = {}
    for thing in things:
        address = address_of(thing.tags)
        if address:
            point = shapely.point_on_surface(thing.shape)
            feature = Feature("numbers", point, {"number": address[1]}, 16)
            found.setdefault(address, feature)
    return list(found.values())
