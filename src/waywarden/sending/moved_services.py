"""Places that a report left before anybody knew whether it had arrived there."""

from collections.abc import Sequence
from datetime import datetime

from waywarden.bodies.models import Category
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.reports.reference_services import Reference, keep_references
from waywarden.sending.lanes import EMAIL_LANES, Lane, lane_for
from waywarden.sending.models import AT_A_DESK, Delivery
from waywarden.sending.planning_services import (
    categories_with_ways,
    store,
    takes_updates,
)


def note_arrivals(rows: Sequence[Delivery]) -> frozenset[Lane]:
    """It had arrived: its reference is kept, and the place is told, where it takes updates.

    Inside the caller's transaction. The lanes to wake.
    """
    moment = clock.now()
    keep_references(Reference(row.report_id, row.body_id, row.external_id) for row in rows)
    categories = categories_with_ways(row.category_id for row in rows if row.category_id)
    news = []
    for row in rows:
        category = categories.get(row.category_id or 0)
        told_as = row.external_id if row.connection_id else AT_A_DESK
        if category is None or row.moved_by is None or not told_as:
            continue
        if takes_updates(category, is_mailed=row.connection_id is None):
            news.append(news_of(row.moved_by, category, told_as=told_as, moment=moment))
    return store(news)


def news_of(update: Update, category: Category, *, told_as: str, moment: datetime) -> Delivery:
    """An update on its way to where a report was, under what it is called there; not stored."""
    way = None if told_as == AT_A_DESK else category.connection_for_sending
    return Delivery(
        report_id=update.report_id,
        update=update,
        body_id=category.body_id,
        category=category,
        connection=way,
        lane=lane_for(update.report_id, way.lanes if way else EMAIL_LANES),
        told_as=told_as,
        due_at=moment,
        created=moment,
    )
