"""The requests of a server without a list of updates, read as news."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.backends.contract import KnownReport
from waywarden.backends.open311.progress import news_of
from waywarden.open311.types import ServiceRequest

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=5)


def row(status="open", *, notes="", at=None):
    return ServiceRequest("4711", status=status, status_notes=notes, updated_datetime=at)


def news(given, before=None):
    return news_of(given, before or KnownReport("4711"), now=NOW)


@pytest.mark.parametrize(
    ("given", "before", "is_news"),
    [
        (row("open", at=EARLIER), None, False),
        (row("closed", at=EARLIER), None, True),
        (row("closed"), None, True),
        (row("closed"), KnownReport("4711", "CLOSED", EARLIER), False),
        (row("open", notes="We came by.", at=EARLIER), None, True),
        (row("open", notes="We came by."), None, True),
        (row("open", notes="We came by."), KnownReport("4711", "open", EARLIER), False),
        (row("open", at=EARLIER), KnownReport("4711", "closed", EARLIER), True),
    ],
)
def test_what_is_news(given, before, is_news):
    assert (news(given, before) is not None) is is_news


def test_status_notes_and_time_are_taken():
    found = news(row("closed", notes="Filled.", at=EARLIER))
    assert (found.status, found.description, found.updated_datetime) == (
        "closed",
        "Filled.",
        EARLIER,
    )


def test_a_row_without_a_date_counts_from_now():
    assert news(row("closed")).updated_datetime == NOW


def test_the_same_row_is_the_same_news_and_another_is_another():
    one = news(row("closed", notes="Filled.", at=EARLIER))
    assert news(row("closed", notes="Filled.", at=EARLIER)).update_id == one.update_id
    for other in (
        row("open", notes="Filled.", at=EARLIER),
        row("closed", notes="Filled in.", at=EARLIER),
        row("closed", notes="Filled.", at=NOW),
    ):
        assert news(other).update_id != one.update_id


def test_without_dates_the_same_status_may_come_again_after_another():
    first = news(row("closed"), KnownReport("4711", "open", EARLIER))
    later = news(row("closed"), KnownReport("4711", "open", NOW))
    assert first.update_id != later.update_id
