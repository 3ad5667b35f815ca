"""All that the site has of one person, as a ZIP: `data.json`, and the photos beside it."""

import json
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

from waywarden.notifications.models import Alert
from waywarden.notifications.news import place_of
from waywarden.reports.models import Photo, Report, Update
from waywarden.users.models import User

#: Bytes that are kept in memory before a file is used.
_IN_MEMORY = 8 * 2**20


def archive_of(user: User) -> IO[bytes]:
    """The file, ready to be read from its beginning."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        data = {
            "account": _account(user),
            "reports": [_report(row) for row in _reports(user)],
            "updates": [_update(row) for row in _updates(user)],
            "follows": [_alert(row) for row in _alerts(user)],
        }
        text = json.dumps(data, ensure_ascii=False, indent=2, default=_plain)
        archive.writestr("data.json", text)
        for photo in _photos(user):
            with photo.file.open("rb") as source:
                archive.writestr(_name(photo), source.read())
    file.seek(0)
    return file


def _reports(user: User) -> Iterable[Report]:
    return (
        Report.objects.filter(user=user)
        .prefetch_related("photos", "at_bodies__body")
        .order_by("created", "id")
    )


def _updates(user: User) -> Iterable[Update]:
    return Update.objects.filter(user=user).prefetch_related("photos").order_by("created", "id")


def _alerts(user: User) -> Iterable[Alert]:
    return Alert.objects.filter(user=user).select_related("report", "area", "body").order_by("id")


def _photos(user: User) -> Iterable[Photo]:
    of_reports = Photo.objects.filter(report__user=user)
    of_updates = Photo.objects.filter(update__user=user)
    return of_reports.union(of_updates).iterator()


def _account(user: User) -> dict[str, Any]:
    names = (
        "email", "name", "phone", "language", "frequency", "wants_news", "wants_questionnaires",
        "created", "last_login",
    )  # fmt: skip
    return {name: getattr(user, name) for name in names}


def _report(row: Report) -> dict[str, Any]:
    names = (
        "id", "title", "detail", "group", "lat", "lon", "nearest_address", "state", "name",
        "email", "phone", "is_name_public", "is_private", "language", "created", "confirmed_at",
        "changed",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "category": row.category_name,
        "bodies": [
            {
                "body": at_body.body.name,
                "answers": at_body.answers,
                "reference": at_body.reference,
                "sent": at_body.sent_at,
            }
            for at_body in row.at_bodies.all()
        ],
        "photos": [_name(photo) for photo in row.photos.all()],
    }


def _update(row: Update) -> dict[str, Any]:
    names = ("id", "text", "state", "name", "is_name_public", "created", "confirmed_at")
    return {
        **{name: getattr(row, name) for name in names},
        "report": row.report_id,
        "photos": [_name(photo) for photo in row.photos.all()],
    }


def _alert(row: Alert) -> dict[str, Any]:
    names = ("kind", "frequency", "created", "stopped_at", "lat", "lon", "radius_m")
    return {**{name: getattr(row, name) for name in names}, "what": place_of(row)}


def _name(photo: Photo) -> str:
    return f"photos/{photo.key}.jpg"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
