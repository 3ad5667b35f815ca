"""A mapping file: what each column of a table, or property of a feature, is. Pure.

TOML. `[fields]` names the column of each field of a service request (open311.md 2.6); the rest
says how to read what stands there.
"""

import contextlib
import math
import tomllib
from collections.abc import Mapping as Plain
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from waywarden.backends.contract import Mapped
from waywarden.geo.points import Point
from waywarden.geo.projections import from_grid
from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import statuses
from waywarden.open311.dates import read_date
from waywarden.open311.types import ServiceRequest

_YES = frozenset({"1", "true", "yes", "y", "t", "x"})


class Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Field → the column it stands in; several columns, each on a line, for a text."""

    id: str
    service_code: str = ""
    service_name: str = ""
    title: str = ""
    description: str | list[str] = ""
    status: str = ""
    status_notes: str = ""
    requested: str = ""
    updated: str = ""
    lat: str = ""
    long: str = ""
    address: str = ""
    group: str = ""
    private: str = ""
    photo: str = ""
    agency: str = ""


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file; only `fields.id` is required."""

    fields: Fields
    defaults: dict[str, str] = {}
    statuses: dict[str, str] = {}
    services: dict[str, str] = {}
    date_format: str = ""
    zone: str = "UTC"
    projection: str = ""
    delimiter: str = ","
    encoding: str = "utf-8-sig"


class Unreadable(Exception):
    """A row cannot become a service request; the message says why."""


class Mapping:
    """A mapping that was read and looked over; makes service requests of plain rows."""

    def __init__(self, file: MappingFile) -> None:
        self.file, self._fields = file, file.fields
        self._zone = _zone_of(file.zone)
        _check(file)

    def request_of(self, row: Plain[str, str]) -> ServiceRequest:
        """The service request that a row is. Raises Unreadable."""
        fields = self._fields
        number = self._text(row, "id", fields.id)
        if not number:
            message = "It has no id."
            raise Unreadable(message)
        lat, long = self._place(row)
        service = self._text(row, "service_code", fields.service_code)
        group, photo = (
            self._text(row, "group", fields.group),
            self._text(row, "photo", fields.photo),
        )
        return ServiceRequest(
            service_request_id=number,
            status=statuses.folded(self._text(row, "status", fields.status)) or "open",
            status_notes=self._text(row, "status_notes", fields.status_notes),
            service_code=self.file.services.get(service, service),
            service_name=self._text(row, "service_name", fields.service_name),
            title=self._text(row, "title", fields.title),
            description=self._description(row),
            agency_responsible=self._text(row, "agency", fields.agency),
            requested_datetime=self._date(row, "requested", fields.requested),
            updated_datetime=self._date(row, "updated", fields.updated),
            address=self._text(row, "address", fields.address),
            lat=lat,
            long=long,
            non_public=self._text(row, "private", fields.private).casefold() in _YES,
            media_urls=tuple(photo.split()) if photo else (),
            extras={"group": group} if group else {},
        )

    def state_for(self, status: str) -> Mapped:
        """What a status means: by the mapping, else as Open311 with extended statuses says."""
        state = statuses.state_for(status, extended=True, table=self.file.statuses)
        if state == statuses.IGNORE:
            return Mapped(is_ignored=True)
        return Mapped(is_known=False) if state is None else Mapped(state=state)

    def _text(self, row: Plain[str, str], name: str, column: str) -> str:
        value = row.get(column, "") if column else ""
        return value.strip() or self.file.defaults.get(name, "")

    def _description(self, row: Plain[str, str]) -> str:
        columns = self._fields.description
        if isinstance(columns, str):
            return self._text(row, "description", columns)
        texts = (self._text(row, "", column) for column in columns)
        return "\n".join(text for text in texts if text)

    def _date(self, row: Plain[str, str], name: str, column: str) -> datetime | None:
        text = self._text(row, name, column)
        if not text:
            return None
        if self.file.date_format:
            try:
                moment = datetime.strptime(text, self.file.date_format)  # noqa: DTZ007 - below
            except ValueError:
                message = f"{name}: {text[:40]!r} is no date like {self.file.date_format}."
                raise Unreadable(message) from None
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
            return zoned.astimezone(UTC)
        found = read_date(text, self._zone)
        if found.value is None:
            message = f"{name}: {text[:40]!r} is no date."
            raise Unreadable(message)
        return found.value

    def _place(self, row: Plain[str, str]) -> tuple[float | None, float | None]:
        lat, long = (
            _number(self._text(row, name, column), name)
            for name, column in (("lat", self._fields.lat), ("long", self._fields.long))
        )
        if lat is None or long is None or not self.file.projection:
            return lat, long
        try:
            point: Point = from_grid(long, lat, self.file.projection)
        except ValueError:
            message = f"Its place, {long:g}, {lat:g}, is outside of {self.file.projection}."
            raise Unreadable(message) from None
        return point.lat, point.lon


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises RuleBroken, saying what is wrong and where."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
        return Mapping(msgspec.convert(plain, MappingFile))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"The mapping {path.name} cannot be read: {error}"
    except msgspec.ValidationError as error:
        message = f"The mapping {path.name} is wrong: {error}"
    raise RuleBroken(message, field="mapping")


def _zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name!r} is not the name of a time zone."
        raise RuleBroken(message, field="mapping") from error


def _check(file: MappingFile) -> None:
    states = {statuses.IGNORE, statuses.KEEP, *statuses.FAMILY_OF}
    for word, state in file.statuses.items():
        if state not in states:
            message = f"The mapping leads the status {word!r} to {state!r}, no state of ours."
            raise RuleBroken(message, field="mapping")
    if len(file.delimiter) != 1:
        message = "The delimiter is one character."
        raise RuleBroken(message, field="mapping")
    if file.projection:
        with contextlib.suppress(ValueError):  # there is one, and it does not reach 0, 0
            from_grid(0.0, 0.0, file.projection)


def _number(text: str, name: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        message = f"{name}: {text[:40]!r} is no number."
        raise Unreadable(message)
    return number
