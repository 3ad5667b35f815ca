"""What else bodies call reports: references beside the one that is shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from waywarden.kernel import clock
from waywarden.reports.models import OtherReference


@dataclass(frozen=True, slots=True)
class Reference:
    """What a body calls a report."""

    report_id: int
    body_id: int
    external_id: str


def keep_references(references: Iterable[Reference]) -> None:
    """Keeps further references; one that is kept already stays whose it is, "" is none.

    Inside the caller's transaction.
    """
    moment = clock.now()
    OtherReference.objects.bulk_create(
        [
            OtherReference(
                report_id=one.report_id,
                body_id=one.body_id,
                external_id=one.external_id,
                kept_at=moment,
            )
            for one in references
            if one.external_id
        ],
        ignore_conflicts=True,
    )
