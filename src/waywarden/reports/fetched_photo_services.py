"""Photos that a body's system names: which are still to be fetched, and joining those that were."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction

from waywarden.events.services import Fact, record
from waywarden.reports.models import Photo, ReportBody, Update
from waywarden.reports.pins import Sql

#: Photos that one update or report takes from a body's system.
MOST_PHOTOS = 3


def updates_with_photos(update_ids: Collection[int]) -> list[int]:
    """Those of some updates whose photos are still to be fetched."""
    return _with_photos("SELECT id FROM reports_update WHERE id = ANY(%s)", update_ids)


def reports_with_photos(report_ids: Collection[int]) -> list[int]:
    """Those of some reports born in a body's system whose photos are still to be fetched."""
    rows = "SELECT DISTINCT report_id FROM reports_reportbody WHERE report_id = ANY(%s)"
    return _with_photos(rows, report_ids)


def _with_photos(rows: str, numbers: Collection[int]) -> list[int]:
    """Of thousands of numbers, which travel as one value, a few at most."""
    if not numbers:
        return []
    fresh = "extras ? 'media_urls' AND NOT extras ? 'photos_fetched'"
    return [row[0] for row in Sql(f"{rows} AND {fresh}", [list(numbers)]).rows()]


def join_update_photos(update_id: int, photos: Iterable[Photo]) -> bool:
    """The photos become the update's, in order; False when a second run came first."""
    with transaction.atomic():
        update = Update.objects.select_for_update().get(pk=update_id)
        if "photos_fetched" in update.extras:
            return False
        held = list(photos)
        for order, photo in enumerate(held):
            Photo.objects.filter(pk=photo.pk).update(update=update, order=order)
        update.extras = _settled(update.extras, len(held))
        update.save(update_fields=["extras"])
        record(Fact("photos.fetched", "update", update_id, data={"photos": len(held)}))
    return True


def _settled(extras: dict[str, Any], joined: int) -> dict[str, Any]:
    """What is kept once the photos are there: where they came from, not a second copy of them."""
    urls = [url for url in extras.get("media_urls", ()) if not url.startswith("data:")]
    return {**extras, "media_urls": urls, "photos_fetched": joined}


def join_report_photos(at_body_id: int, photos: Iterable[Photo]) -> bool:
    """The photos become the report's, in order; False when a second run came first."""
    with transaction.atomic():
        at_body = ReportBody.objects.select_for_update().get(pk=at_body_id)
        if "photos_fetched" in at_body.extras:
            return False
        held = list(photos)
        for order, photo in enumerate(held):
            Photo.objects.filter(pk=photo.pk).update(report=at_body.report_id, order=order)
        at_body.extras = _settled(at_body.extras, len(held))
        at_body.save(update_fields=["extras"])
        record(Fact("photos.fetched", "report", at_body.report_id, data={"photos": len(held)}))
    return True
