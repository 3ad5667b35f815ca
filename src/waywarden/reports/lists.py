"""Reports as the row of a list and the pin of a small map show them, read without the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from waywarden.reports.models import Report
from waywarden.reports.pins import Sql
from waywarden.reports.states import PinClass, pin_class_of


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows of a report; `photo_key` is that of its first photo."""

    pk: int
    title: str
    category_name: str
    nearest_address: str
    state: str
    confirmed_at: datetime | None
    is_private: bool
    lat: float
    lon: float
    photo_key: UUID | None

    @property
    def pin_class(self) -> PinClass | None:
        """The class of its pin."""
        return pin_class_of(self.state)


_LISTED = (
    "SELECT r.id, r.title, r.category_name, r.nearest_address, r.state, r.confirmed_at,"
    " r.is_private, r.lat, r.lon, (SELECT p.key FROM reports_photo p WHERE p.report_id = r.id"
    ' ORDER BY p."order", p.id LIMIT 1)'
    " FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted(id, turn)"
    " JOIN reports_report r ON r.id = wanted.id ORDER BY wanted.turn"
)


def listed(numbers: Sequence[int]) -> list[Listed]:
    """The reports of some numbers, in the order of these, with their first photos."""
    if not numbers:
        return []
    return [Listed(*row) for row in Sql(_LISTED, [list(numbers)]).rows()]


def listed_of(report: Report) -> Listed:
    """A report that was read as a whole."""
    photo = next(iter(report.photos.all()), None)
    return Listed(
        pk=report.pk,
        title=report.title,
        category_name=report.category_name,
        nearest_address=report.nearest_address,
        state=report.state,
        confirmed_at=report.confirmed_at,
        is_private=report.is_private,
        lat=report.lat,
        lon=report.lon,
        photo_key=photo.key if photo else None,
    )
