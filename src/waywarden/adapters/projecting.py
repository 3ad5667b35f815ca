"""Between degrees and a national grid, where a file names one. Needs pyproj only then."""

import importlib
from typing import Any

from waywarden.kernel.errors import Misconfigured, RuleBroken

NEEDED = "a projection needs one more library: pip install 'waywarden[projections]'"


def to_grid(lat: float, long: float, projection: str) -> tuple[float, float]:
    """(easting, northing) in the grid's units. Raises RuleBroken where the grid does not reach."""
    geo, point = _geo(), importlib.import_module("waywarden.geo.points").Point(lat, long)
    message = "The place lies outside of this body's grid."
    if not geo.reaches(point, projection):
        raise RuleBroken(message, field="lat")
    try:
        east, north = geo.to_grid(point, projection)
    except ValueError as error:
        raise RuleBroken(message, field="lat") from error
    return round(east, 2), round(north, 2)


def from_grid(east: float, north: float, projection: str) -> tuple[float, float]:
    """(latitude, longitude) in degrees. Raises RuleBroken where the grid does not reach."""
    geo, message = _geo(), f"easting and northing lie outside of {projection}"
    try:
        point = geo.from_grid(east, north, projection)
    except ValueError as error:
        raise RuleBroken(message) from error
    if not geo.reaches(point, projection):
        raise RuleBroken(message)
    return round(point.lat, 7), round(point.lon, 7)


def fault_of(projection: str) -> str:
    """What is wrong with the name of a projection, "" when nothing."""
    if not projection:
        return ""
    try:
        to_grid(51.5, -0.1, projection)
    except Misconfigured as error:
        return str(error)
    except RuleBroken:
        return ""
    return ""


def _geo() -> Any:
    try:
        importlib.import_module("pyproj")  # the room below loads it when it is first used only
        return importlib.import_module("waywarden.geo.projections")
    except ModuleNotFoundError as error:
        raise Misconfigured(NEEDED) from error
