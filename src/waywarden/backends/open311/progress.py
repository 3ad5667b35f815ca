"""How a report stands at a server without a list of updates, read as an update. Pure."""

import hashlib
from datetime import datetime

from waywarden.backends.contract import KnownReport
from waywarden.open311.statuses import folded
from waywarden.open311.types import ServiceRequest, ServiceRequestUpdate


def news_of(
    row: ServiceRequest, before: KnownReport, *, now: datetime
) -> ServiceRequestUpdate | None:
    """The row as an update; None where it says nothing that was not said before.

    Such a row has no id of its own: what it says is its identity. One without a date counts from
    `now`, and, told apart by what was said before, may say the same again later.
    """
    is_same_status = folded(row.status) == folded(before.status or "open")
    if is_same_status and not row.status_notes:
        return None
    said_at = row.updated_datetime
    if said_at is None and is_same_status and before.status_at is not None:
        return None  # the same notes without a date: nobody can tell when they changed
    mark = (
        row.service_request_id,
        folded(row.status),
        row.status_notes,
        said_at.isoformat() if said_at else f"{before.status} {before.status_at}",
    )
    digest = hashlib.sha256("\x1f".join(mark).encode("utf-8", "replace")).hexdigest()
    return ServiceRequestUpdate(
        update_id=f"status:{digest}",
        service_request_id=row.service_request_id,
        status=row.status,
        updated_datetime=said_at or now,
        description=row.status_notes,
        media_urls=(),
    )
