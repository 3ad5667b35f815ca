"""The values of a report and of a message, by the names that a file's templates use. Pure."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from waywarden.adapters import projecting
from waywarden.adapters.catalogue import SERVER_SET, WRAPPED
from waywarden.adapters.contract import Report, Update
from waywarden.kernel import clock
from waywarden.kernel.text import one_line, paragraphs
from waywarden.open311 import types

_PERSON = ("name", "first_name", "last_name", "email", "phone", "photo_urls")
REPORT_VALUES = (
    "ref",
    "key",
    "category",
    "service_code",
    "lat",
    "long",
    "easting",
    "northing",
    "address",
    "title",
    "description",
    "at",
    *_PERSON,
)
MESSAGE_VALUES = ("ref", "key", "report", "status", "category", "text", "at", *_PERSON)
Values = dict[str, Any]


def report_values(report: Report, *, projection: str = "") -> Values:
    """Those of a report: texts, numbers, None where there is no place, `photo_urls` a list.

    `at` is the moment it is sent, aware. Raises RuleBroken where the grid does not reach.
    """
    new = report.new
    east = north = None
    if projection and new.lat is not None and new.long is not None:
        east, north = projecting.to_grid(new.lat, new.long, projection)
    return {
        "ref": report.ref,
        "key": report.key,
        "category": report.category,
        "service_code": new.service_code,
        "lat": new.lat,
        "long": new.long,
        "easting": east,
        "northing": north,
        "address": one_line(new.address_string),
        "title": one_line(" ".join(new.attributes.get("title", ()))),
        "description": paragraphs(new.description),
        "at": clock.now(),
        **_person(new),
    }


def message_values(update: Update) -> Values:
    """Those of what people add to a report; `at` is the moment they wrote it, aware."""
    new = update.new
    return {
        "ref": update.ref,
        "key": update.key,
        "report": new.service_request_id,
        "status": update.status,
        "category": update.category,
        "text": paragraphs(new.description),
        "at": new.updated_datetime.astimezone(UTC),
        **_person(new),
    }


def answers_in(new: types.NewRequest | types.NewUpdate) -> Mapping[str, tuple[str, ...]]:
    """The answers that people gave, without what the sender fills in by itself."""
    filled = {*SERVER_SET, WRAPPED}
    return {code: given for code, given in new.attributes.items() if code not in filled}


def _person(new: types.NewRequest | types.NewUpdate) -> Values:
    return {
        "name": one_line(f"{new.first_name} {new.last_name}"),
        "first_name": one_line(new.first_name),
        "last_name": one_line(new.last_name),
        "email": one_line(new.email),
        "phone": one_line(new.phone),
        "photo_urls": [
            one_line(url) for url in new.media_urls if url.startswith(("http://", "https://"))
        ],
    }
