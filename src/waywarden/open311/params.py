"""What travels in a POST: fields, answers and files, both ways (open311.md 2.4, 2.8)."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import statuses, types
from waywarden.open311.dates import read_date, write_date
from waywarden.open311.encodings import without_unreadable

Pair = tuple[str, str]

MOST_CHARACTERS = 4000
"""The longest description that a server must take."""

_ATTRIBUTE = re.compile(r"attribute\[(.+?)\](?:\[\d*\])?", re.DOTALL)
_PERSON = ("email", "first_name", "last_name", "phone")
_REQUEST_TEXTS = ("address_string", "address_id", *_PERSON, "device_id", "account_id")
_UPDATE_TEXTS = (
    *_PERSON,
    "title",
    "account_id",
    "service_code",
    "external_status_code",
    "customer_reference",
)


class Fields:
    """The parameters of a call; an empty one equals an absent one."""

    def __init__(self, pairs: Iterable[Pair], uploads: tuple[types.Upload, ...] = ()) -> None:
        self.pairs = [(name, without_unreadable(value)) for name, value in pairs]
        self.uploads = uploads

    def all(self, *names: str) -> tuple[str, ...]:
        """Every value under one of these names that is not empty, in order."""
        return tuple(value.strip() for name, value in self.pairs if name in names and value.strip())

    def text(self, name: str) -> str:
        """The one value. Raises RuleBroken when there are two different ones."""
        values = set(self.all(name))
        if len(values) > 1:
            message = f"{name} was given more than once."
            raise RuleBroken(message, field=name)
        return next(iter(values), "")

    def needed(self, name: str) -> str:
        """The one value. Raises RuleBroken when it is missing."""
        value = self.text(name)
        if not value:
            message = f"{name} is missing."
            raise RuleBroken(message, field=name)
        return value

    def date(self, name: str) -> datetime | None:
        """A date, UTC when it has no zone. Raises RuleBroken when it is none."""
        text = self.text(name)
        found = read_date(text)
        if text and found.value is None:
            message = f"{name} is no date such as 2026-11-25T09:30:00Z."
            raise RuleBroken(message, field=name)
        return found.value

    def number(self, name: str, most: float) -> float | None:
        """A number from -most to most. Raises RuleBroken when it is none."""
        text = self.text(name)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not abs(number) <= most:
            message = f"{name} is no number from -{most:g} to {most:g}."
            raise RuleBroken(message, field=name)
        return number

    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The answers: code → values, from `attribute[CODE]` and `attribute[CODE][]`, repeated."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in self.pairs:
            match = _ATTRIBUTE.fullmatch(name)
            if match and value.strip():
                found[match[1]] = (*found.get(match[1], ()), value.strip())
        return found


def attribute_pairs(
    attributes: Mapping[str, tuple[str, ...]], *, style: str = "repeat"
) -> Iterator[Pair]:
    """Answers as parameters. Style `brackets` writes several values as `attribute[CODE][]`."""
    for code, values in attributes.items():
        suffix = "[]" if style == "brackets" and len(values) > 1 else ""
        for value in values:
            yield f"attribute[{code}]{suffix}", value


def _filled(source: object, names: Iterable[str]) -> Iterator[Pair]:
    for name in names:
        if value := getattr(source, name):
            yield name, value


def request_pairs(new: types.NewRequest, *, style: str = "repeat") -> list[Pair]:
    """POST requests as parameters, without key and jurisdiction; files travel beside them."""
    pairs = [("service_code", new.service_code)]
    if new.lat is not None and new.long is not None:
        pairs += [("lat", repr(new.lat)), ("long", repr(new.long))]
    pairs += _filled(new, (*_REQUEST_TEXTS, "description"))
    pairs += [("media_url", url) for url in new.media_urls]
    return [*pairs, *attribute_pairs(new.attributes, style=style)]


def request_of(fields: Fields, *, idempotency_key: str = "") -> types.NewRequest:
    """POST requests as a value. Raises RuleBroken naming the parameter that is missing or wrong."""
    lat, long = fields.number("lat", 90), fields.number("long", 180)
    if (lat is None) != (long is None):
        name = "lat" if lat is None else "long"
        message = f"{name} is missing: a place needs both lat and long."
        raise RuleBroken(message, field=name)
    new = types.NewRequest(
        service_code=fields.needed("service_code"),
        lat=lat,
        long=long,
        attributes=fields.attributes(),
        description=_description(fields),
        media_urls=fields.all("media_url", "media_url[]"),
        uploads=fields.uploads,
        idempotency_key=idempotency_key,
        **{name: fields.text(name) for name in _REQUEST_TEXTS},
    )
    if lat is None and not new.address_string and not new.address_id:
        message = "A place is missing: give lat and long, address_string or address_id."
        raise RuleBroken(message, field="lat")
    return new


def _description(fields: Fields) -> str:
    text = fields.text("description").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MOST_CHARACTERS:
        message = f"description is longer than {MOST_CHARACTERS} characters."
        raise RuleBroken(message, field="description")
    return text


def update_pairs(new: types.NewUpdate, *, style: str = "repeat") -> list[Pair]:
    """POST servicerequestupdates as parameters; `description` is always there, perhaps empty."""
    pairs = [
        ("service_request_id", new.service_request_id),
        ("update_id", new.update_id),
        ("updated_datetime", write_date(new.updated_datetime) or ""),
        ("status", new.status),
        ("description", new.description),
    ]
    pairs += _filled(new, _UPDATE_TEXTS)
    if new.fixmystreet_id is not None:
        pairs.append(("fixmystreet_id", str(new.fixmystreet_id)))
    pairs += [("media_url", url) for url in new.media_urls]
    return [*pairs, *attribute_pairs(new.attributes, style=style)]


def update_of(fields: Fields, *, idempotency_key: str = "") -> types.NewUpdate:
    """POST servicerequestupdates as a value. Raises RuleBroken naming the wrong parameter."""
    moment = fields.date("updated_datetime")
    if moment is None:
        message = "updated_datetime is missing."
        raise RuleBroken(message, field="updated_datetime")
    return types.NewUpdate(
        service_request_id=fields.needed("service_request_id"),
        update_id=fields.needed("update_id"),
        status=statuses.folded(fields.needed("status")).upper(),
        updated_datetime=moment,
        description=_description(fields),
        media_urls=fields.all("media_url", "media_url[]"),
        uploads=fields.uploads,
        attributes=fields.attributes(),
        idempotency_key=idempotency_key,
        fixmystreet_id=_our_number(fields),
        **{name: fields.text(name) for name in _UPDATE_TEXTS},
    )


def _our_number(fields: Fields) -> int | None:
    text = fields.text("fixmystreet_id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        message = "fixmystreet_id is no number."
        raise RuleBroken(message, field="fixmystreet_id")
    return int(text)
