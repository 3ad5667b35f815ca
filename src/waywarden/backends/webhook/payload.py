"""A report and an update as the receiver of the webhook reads them. Pure."""

from base64 import b64encode
from typing import Any

from waywarden.backends.contract import OutgoingPhoto, OutgoingReport, OutgoingUpdate, Person


def of_report(report: OutgoingReport, *, with_files: bool) -> dict[str, Any]:
    """The JSON of a report; degrees of WGS84, times of ISO 8601."""
    return {
        "type": "report",
        "key": report.key,
        "report_id": report.report_id,
        "url": report.report_url,
        "title": report.title,
        "description": report.description,
        "category": report.category,
        "group": report.group,
        "service_code": report.service_code,
        "lat": report.lat,
        "long": report.lon,
        "is_placed": report.is_placed,
        "nearest_address": report.nearest_address,
        "is_private": report.is_private,
        "reported_at": report.created_at.isoformat(),
        "answers": {code: list(values) for code, values in report.answers.items()},
        "reporter": _person(report.person),
        "photos": [_photo(photo, with_files=with_files) for photo in report.photos],
    }


def of_update(update: OutgoingUpdate, *, with_files: bool) -> dict[str, Any]:
    """The JSON of an update."""
    return {
        "type": "update",
        "key": update.key,
        "update_id": update.update_id,
        "report_id": update.report_id,
        "external_id": update.external_id,
        "service_code": update.service_code,
        "url": update.report_url,
        "title": update.title,
        "text": update.text,
        "state": update.state,
        "reopens": update.reopens,
        "written_at": update.created_at.isoformat(),
        "author": _person(update.person),
        "photos": [_photo(photo, with_files=with_files) for photo in update.photos],
    }


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "phone": person.phone}


def _photo(photo: OutgoingPhoto, *, with_files: bool) -> dict[str, str]:
    known = {"filename": photo.filename, "content_type": photo.content_type}
    if with_files or not photo.url:
        return known | {"base64": b64encode(photo.read()).decode()}
    return known | {"url": photo.url}
