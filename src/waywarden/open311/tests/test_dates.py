"""Dates: whole seconds in UTC out, much in."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from waywarden.open311.dates import read_date, write_date

LONDON = ZoneInfo("Europe/London")
SUMMER = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-07-01T11:00:00Z", ""),
        ("2026-07-01T12:00:00+01:00", ""),
        ("2026-07-01T12:00:00+0100", ""),
        ("2026-07-01t11:00:00z", ""),
        (" 2026-07-01T11:00:00.000Z ", ""),
        ("2026-07-01T11:00Z", ""),
        ("2026-07-01T12:00:00", "date-without-zone"),
        ("2026-07-01 12:00", "date-without-zone"),
        ("2026-07-01 12:00:00+01:00", "date-without-t"),
    ],
)
def test_a_date_is_read_and_its_faults_are_told(text, code):
    found = read_date(text, LONDON)
    assert (found.value, found.code) == (SUMMER, code)


def test_a_day_begins_at_midnight_in_the_zone():
    found = read_date("2026-07-01", LONDON)
    assert found.value == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert found.code == "date-without-time"


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-10:00",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "01/02/2026",
        "yesterday",
        "1767225600",
        "٢٠٢٦-01-01T00:00:00Z",
    ],
)
def test_an_impossible_date_is_absent_and_told(text):
    found = read_date(text)
    assert (found.value, found.code) == (None, "date-impossible")


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_date_is_absent_and_nothing_to_tell(text):
    found = read_date(text)
    assert (found.value, found.code) == (None, "")


def test_a_date_is_written_in_utc_with_whole_seconds():
    moment = datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert write_date(moment) == "2026-07-01T11:00:00Z"
    assert write_date(None) is None
