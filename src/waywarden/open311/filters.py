"""The filters of GET requests and GET servicerequestupdates, both ways (open311.md 2.6, 2.7)."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import statuses, types
from waywarden.open311.dates import write_date
from waywarden.open311.params import Fields, Pair

LONGEST_SPAN = timedelta(days=90)
MOST_ROWS = 1000
"""Rows of one answer of GET requests."""
USUAL_RADIUS = 1000.0
LARGEST_RADIUS = 100_000.0
"""Metres."""
_REQUEST_DATES = ("start_date", "end_date", "updated_after", "updated_before")


def request_filter_pairs(query: types.RequestQuery) -> list[Pair]:
    """A query as parameters; ids override the others, so they go alone."""
    if query.service_request_ids:
        return [("service_request_id", ",".join(query.service_request_ids))]
    pairs = list(_listed("service_code", query.service_codes))
    pairs += _listed("status", query.statuses)
    for name in _REQUEST_DATES:
        pairs += _dated(name, getattr(query, name))
    pairs += _placed(query)
    if query.page != 1:
        pairs.append(("page", str(query.page)))
    if query.page_size is not None:
        pairs.append(("page_size", str(query.page_size)))
    return pairs


def request_filter_of(fields: Fields) -> types.RequestQuery:
    """A query from parameters. Raises RuleBroken naming the wrong one."""
    ids = _split(fields, "service_request_id")
    if ids:
        return types.RequestQuery(service_request_ids=ids)
    start, end = _span(fields, longest=LONGEST_SPAN)
    return types.RequestQuery(
        service_codes=_split(fields, "service_code"),
        statuses=tuple(statuses.folded(word) for word in _split(fields, "status")),
        start_date=start,
        end_date=end,
        updated_after=fields.date("updated_after"),
        updated_before=fields.date("updated_before"),
        bounds=_bounds(fields),
        near=near_of(fields),
        words=fields.text("q"),
        page=_counted(fields, "page") or 1,
        page_size=_page_size(fields),
    )


def update_filter_pairs(query: types.UpdateQuery) -> list[Pair]:
    """A query as parameters."""
    return [*_dated("start_date", query.start_date), *_dated("end_date", query.end_date)]


def update_filter_of(fields: Fields) -> types.UpdateQuery:
    """A query from parameters. Raises RuleBroken naming the wrong one."""
    start, end = _span(fields, longest=None)
    return types.UpdateQuery(start_date=start, end_date=end)


def _listed(name: str, values: tuple[str, ...]) -> Iterator[Pair]:
    if values:
        yield name, ",".join(values)


def _dated(name: str, moment: datetime | None) -> Iterator[Pair]:
    if text := write_date(moment):
        yield name, text


def _split(fields: Fields, name: str) -> tuple[str, ...]:
    """A comma list; the parameter may also be repeated."""
    joined = ",".join(fields.all(name, f"{name}[]"))
    return tuple(part.strip() for part in joined.split(",") if part.strip())


def _span(fields: Fields, *, longest: timedelta | None) -> tuple[datetime | None, datetime | None]:
    start, end = fields.date("start_date"), fields.date("end_date")
    if start and end and end < start:
        message = "end_date lies before start_date."
        raise RuleBroken(message, field="end_date")
    if start and end and longest and end - start > longest:
        message = f"start_date and end_date lie more than {longest.days} days apart."
        raise RuleBroken(message, field="end_date")
    return start, end


def _placed(query: types.RequestQuery) -> Iterator[Pair]:
    if query.bounds is not None:
        box = query.bounds
        yield "bbox", ",".join(repr(edge) for edge in (box.west, box.south, box.east, box.north))
    if query.near is not None:
        for name in ("lat", "long", "radius"):
            yield name, repr(getattr(query.near, name))
    if query.words:
        yield "q", query.words


def place_of(fields: Fields) -> tuple[float, float] | None:
    """`lat` and `long` in degrees, None without them. Raises RuleBroken when one is missing."""
    lat, long = fields.number("lat", 90), fields.number("long", 180)
    if lat is None and long is None:
        return None
    if lat is None or long is None:
        name = "lat" if lat is None else "long"
        message = f"{name} is missing: a place needs both lat and long."
        raise RuleBroken(message, field=name)
    return lat, long


def near_of(fields: Fields) -> types.Near | None:
    """`lat`, `long` and `radius` (metres; 1,000 when absent), None without them."""
    place = place_of(fields)
    radius = fields.number("radius", LARGEST_RADIUS)
    if place is None:
        if radius is not None:
            message = "lat and long are missing: radius needs a place."
            raise RuleBroken(message, field="lat")
        return None
    if radius is not None and radius <= 0:
        message = f"radius is no number of metres above 0 and up to {LARGEST_RADIUS:g}."
        raise RuleBroken(message, field="radius")
    return types.Near(*place, radius=USUAL_RADIUS if radius is None else radius)


def _bounds(fields: Fields) -> types.Bounds | None:
    text = fields.text("bbox")
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        message = "bbox is no box such as 24.9,60.1,25.0,60.2: west,south,east,north in degrees."
        raise RuleBroken(message, field="bbox")
    return types.Bounds(west, south, east, north)


def _page_size(fields: Fields) -> int | None:
    size = _counted(fields, "page_size")
    return None if size is None else min(size, MOST_ROWS)


def _counted(fields: Fields, name: str) -> int | None:
    text = fields.text(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        message = f"{name} is no whole number from 1."
        raise RuleBroken(message, field=name)
    return int(text)
