"""The named values of a system's row, and the Open311 row they make. Pure.

A kind says where each value stands (a column, a path in JSON); these say what it means.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from waywarden.adapters import projecting
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.open311 import types
from waywarden.open311.dates import read_date

MOST_SECONDS = 100_000_000_000
"""More than that are milliseconds (as seconds it would be in the year 5138)."""
DAY_ONLY = "date_only"
"""The extra that says that a report's time is the beginning of its day."""
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")
_TICKS = re.compile(r"/Date\((\d+)(?:[+-]\d{4})?\)/")
"""How some systems write milliseconds since 1970 into JSON."""
Values = Mapping[str, Any]


class UpdateFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values of an update stand; what is empty is not there."""

    id: Annotated[
        str, Meta(description="The update's own id; else the row's content is its id.")
    ] = ""
    report: Annotated[str, Meta(description="The report's id.")] = ""
    status: Annotated[str, Meta(description="The system's word for the state.")] = ""
    text: Annotated[str, Meta(description="What people are told.")] = ""
    at: Annotated[str, Meta(description="When it happened.")] = ""
    code: Annotated[
        str, Meta(description="A finer code, for `external_status_code`; the state's word else.")
    ] = ""
    ref: Annotated[str, Meta(description="The sender's number of the report.")] = ""
    reference: Annotated[str, Meta(description="The number that people are to be shown.")] = ""
    photos: Annotated[str, Meta(description="Addresses of photos, a list or one a line.")] = ""


class RequestFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values of a report stand; what is empty is not there."""

    id: Annotated[str, Meta(description="The report's id.")] = ""
    ref: Annotated[str, Meta(description="The sender's number; a lost report is found by it.")] = ""
    category: Annotated[str, Meta(description="The system's word for the service.")] = ""
    status: Annotated[str, Meta(description="The system's word for the state.")] = ""
    text: Annotated[str, Meta(description="What is wrong, in the reporter's words.")] = ""
    title: Annotated[str, Meta(description="A title.")] = ""
    note: Annotated[str, Meta(description="What people are told; `status_notes`.")] = ""
    created: Annotated[str, Meta(description="When it was made.")] = ""
    changed: Annotated[str, Meta(description="When it was last changed.")] = ""
    address: Annotated[str, Meta(description="The address.")] = ""
    lat: Annotated[str, Meta(description="Latitude in degrees.")] = ""
    long: Annotated[str, Meta(description="Longitude in degrees.")] = ""
    easting: Annotated[str, Meta(description="Easting in the projection, instead.")] = ""
    northing: Annotated[str, Meta(description="Northing in the projection.")] = ""
    photos: Annotated[str, Meta(description="Addresses of photos, a list or one a line.")] = ""
    public: Annotated[str, Meta(description="Whether everybody may see it.")] = ""


UPDATE_FIELDS = tuple(UpdateFields.__struct_fields__)
REQUEST_FIELDS = tuple(RequestFields.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a system writes its values."""

    zone: tzinfo = UTC
    time_format: str = ""
    """For `strptime`; ISO 8601 when empty."""
    projection: str = ""


def update_of(
    values: Values, reading: Reading, *, made_up_id: str = ""
) -> types.ServiceRequestUpdate:
    """An update from its values. Raises RuleBroken for what cannot be one."""
    number, report = _text(values, "id") or made_up_id, _text(values, "report")
    if not number:
        raise RuleBroken("the row has no id")
    if not report and not _text(values, "ref"):
        raise RuleBroken("the row names no report")
    ref, status = _text(values, "ref"), _text(values, "status")
    at = moment_of(values.get("at"), reading)
    is_bare_day = at is not None and is_day_only(values.get("at"), reading)
    return types.ServiceRequestUpdate(
        update_id=number,
        service_request_id=report,
        status=status,
        # A day is no moment: midnight would be too early for who asks for the last two hours.
        updated_datetime=None if is_bare_day else at,
        description=paragraphs(str(values.get("text") or "")),
        media_urls=_addresses(values.get("photos")),
        external_status_code=_text(values, "code") or status,
        customer_reference=_text(values, "reference"),
        fixmystreet_id=int(ref) if _is_number(ref) else None,
        extras={"system_datetime": at.isoformat()} if at is not None and is_bare_day else {},
    )


def request_of(values: Values, reading: Reading) -> types.ServiceRequest:
    """A report from its values. Raises RuleBroken for what cannot be one."""
    number, ref, status = _text(values, "id"), _text(values, "ref"), _text(values, "status")
    if not number:
        raise RuleBroken("the row has no id")
    lat, long = _place(values, reading)
    extras = {"external_status_code": status} if status else {}
    if _is_number(ref):
        extras["fixmystreet_id"] = ref
    if is_day_only(values.get("created"), reading):
        extras[DAY_ONLY] = "created"
    return types.ServiceRequest(
        service_request_id=number,
        status=status,
        status_notes=paragraphs(str(values.get("note") or "")),
        service_name=_text(values, "category_name"),
        service_code=_text(values, "category"),
        description=paragraphs(str(values.get("text") or "")),
        title=_text(values, "title"),
        requested_datetime=moment_of(values.get("created"), reading),
        updated_datetime=moment_of(values.get("changed") or values.get("created"), reading),
        address=_text(values, "address"),
        lat=lat,
        long=long,
        media_urls=_addresses(values.get("photos")),
        non_public="public" in values and not is_true(values["public"]),
        extras=extras,
    )


def moment_of(value: Any, reading: Reading) -> datetime | None:
    """A moment as a system writes it, None when there is none. Raises RuleBroken."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=reading.zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=reading.zone).astimezone(UTC)
    if isinstance(value, int | float):
        return _counted(value)
    ticks = _TICKS.fullmatch(str(value).strip())
    return _counted(int(ticks[1])) if ticks else _moment_in(str(value), reading)


def is_day_only(value: Any, reading: Reading) -> bool:
    """Whether a value names a day and no time of it."""
    if isinstance(value, datetime | int | float) or value is None:
        return False
    if isinstance(value, date):
        return True
    if reading.time_format:
        return not any(f"%{letter}" in reading.time_format for letter in "HIcXsT")
    return _DAY.fullmatch(str(value).strip()) is not None


def _counted(number: float) -> datetime:
    """From seconds since 1970, or from milliseconds where it is too much for seconds."""
    try:
        return datetime.fromtimestamp(number / 1000 if number > MOST_SECONDS else number, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise RuleBroken(f"{number:g} is no date") from error


def _moment_in(text: str, reading: Reading) -> datetime | None:
    if not reading.time_format:
        found = read_date(text, reading.zone)
        if found.value is None:
            raise RuleBroken(f"{text[:40]!r} is no date")
        return found.value
    try:
        moment = datetime.strptime(text.strip(), reading.time_format)  # noqa: DTZ007 - zone below
    except ValueError as error:
        raise RuleBroken(f"{text[:40]!r} is no date like {reading.time_format}") from error
    bare = moment.tzinfo is None and not reading.time_format.endswith("Z")
    zone = reading.zone if bare else UTC
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def written(moment: datetime, reading: Reading) -> str:
    """A moment as the system writes it."""
    if not reading.time_format:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    zone = UTC if reading.time_format.endswith("Z") else reading.zone
    return moment.astimezone(zone).strftime(reading.time_format)


def _place(values: Values, reading: Reading) -> tuple[float | None, float | None]:
    lat, long = _number(values, "lat"), _number(values, "long")
    if lat is None and "easting" in values:
        east, north = _number(values, "easting"), _number(values, "northing")
        if east is None or north is None:
            return None, None
        return projecting.from_grid(east, north, reading.projection)
    if lat is not None and long is not None and not (abs(lat) <= 90 and abs(long) <= 180):
        raise RuleBroken("latitude and longitude are no degrees")
    return (lat, long) if lat is not None and long is not None else (None, None)


def _number(values: Values, name: str) -> float | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    try:
        return float(str(value).replace(",", "."))
    except ValueError as error:
        raise RuleBroken(f"{name} is no number: {str(value)[:40]!r}") from error


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet's number
    return "" if value is None else one_line(str(value))


def _addresses(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    found = value if isinstance(value, list | tuple) else _listed(str(value))
    return tuple(one for one in map(str, found) if one.startswith(("http://", "https://")))


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            return list(json.loads(text))
        except ValueError:
            return []
    return text.split()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def is_true(value: Any) -> bool:
    """Whether a value says yes, in whatever way systems say it."""
    if isinstance(value, bool | int | float):
        return bool(value)
    return str(value).strip().lower() in {"1", "true", "yes", "y", "t", "on"}


def picked(names: msgspec.Struct, fields: tuple[str, ...], pick: Callable[[str], Any]) -> Values:
    """The values of a row: for each field that is placed, what stands there."""
    return {name: pick(place) for name in fields if (place := getattr(names, name))}


def made_up(names: UpdateFields, reading: Reading, state: str) -> dict[str, Any]:
    """A row of a change as it might come, for `adapter try`."""
    at = written(datetime(2026, 11, 25, 9, 30, tzinfo=UTC), reading)
    usual = {"id": "1", "report": "4711", "ref": "77", "text": "Filled.", "at": at}
    usual["status"] = state
    return {place: usual.get(name, "") for name in UPDATE_FIELDS if (place := getattr(names, name))}
