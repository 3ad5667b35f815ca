"""The rows of lists of reports, drawn once for all pages that show the same."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from waywarden.bodies.words import said
from waywarden.kernel import clock
from waywarden.reports.lists import Listed, listed_of
from waywarden.reports.models import Report
from waywarden.reports.states import PinClass, pin_class_of
from waywarden.reports.words import state_in_words
from waywarden.ui.current import current_cobrand

#: Rows that a process keeps; one is about a kilobyte.
KEPT = 2000


@dataclass(frozen=True, slots=True)
class Seen:
    """Where and when rows are looked at."""

    site: str
    language: str
    zone: str
    today: date


def seen_now() -> Seen:
    """This site, language and day."""
    return Seen(
        site=current_cobrand().name,
        language=get_language() or "",
        zone=timezone.get_current_timezone_name(),
        today=timezone.localtime(clock.now()).date(),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """All that a row is drawn from: two rows that are equal look the same."""

    pk: str
    title: str
    category_name: str
    nearest_address: str
    state: str
    state_words: str
    confirmed_at: datetime | None
    is_private: bool
    photo_key: str
    seen: Seen

    @property
    def kind(self) -> str:
        """The class of its pin."""
        return (pin_class_of(self.state) or PinClass.CLOSED).value


def draw(report: Report | Listed, seen: Seen | None = None) -> SafeString:
    """The row of a report, as this site shows it in this language today."""
    if isinstance(report, Report):
        report = listed_of(report)
    row = Row(
        pk=str(report.pk),  # as text, for which no language has a way of its own
        title=report.title,
        category_name=said(report.category_name),
        nearest_address=report.nearest_address,
        state=report.state,
        state_words=state_in_words(report.state),
        confirmed_at=report.confirmed_at,
        is_private=report.is_private,
        photo_key=str(report.photo_key or ""),
        seen=seen or seen_now(),
    )
    return _draw(row) if settings.DEBUG else _drawn(row)


def _draw(row: Row) -> SafeString:
    return SafeString(get_template("ui/report_row.html").render({"report": row}))


_drawn = lru_cache(maxsize=KEPT)(_draw)
