"""Photos that a body's system names: which are still to be fetched, and joining those that were."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from waywarden.events.services import Fact, record
from waywarden.reports.models import Photo, ReportBody, Update

#: Photos that one update or report takes from a body's system.
MOST_PHOTOS = 3


def updates_with_photos(update_ids: Iterable[int]) -> list[int]:
    """Those of some updates whose photos are still to be fetched."""
    found = Update.objects.filter(pk__in=list(update_ids), extras__has_key="media_urls")
    return list(found.exclude(extras__has_key="photos_fetched").values_list("pk", flat=True))


def reports_with_photos(report_ids: Iterable[int]) -> list[int]:
    """Those of some reports born in a body's system whose photos are still to be fetched."""
    found = ReportBody.objects.filter(report__in=list(report_ids), extras__has_key="media_urls")
    fresh = found.exclude(extras__has_key="photos_fetched")
    return list(fresh.values_list("report_id", flat=True).distinct())


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
