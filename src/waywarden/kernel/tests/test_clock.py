"""How far another's clock is ahead, by the Date of its answer."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.kernel import clock

NOW = datetime(2026, 11, 26, 12, 0, 5, tzinfo=UTC)
SINCE = NOW - timedelta(seconds=3)


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Thu, 26 Nov 2026 12:00:03 GMT", 0.0),  # between asking and hearing
        ("Thu, 26 Nov 2026 12:00:01 GMT", 0.0),  # whole seconds only
        ("Thu, 26 Nov 2026 12:05:05 GMT", 300.0),
        ("Thu, 26 Nov 2026 11:00:01 GMT", -3600.0),
        ("Thu, 26 Nov 2026 14:00:03 +0200", 0.0),
        ("", None),
        ("yesterday", None),
    ],
)
def test_the_date_of_an_answer_tells(monkeypatch, date, ahead):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert clock.seconds_ahead({"Date": date}, since=SINCE) == ahead


def test_an_answer_from_a_cache_tells_nothing(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    headers = {"Date": "Thu, 26 Nov 2026 11:00:03 GMT", "Age": "3600"}
    assert clock.seconds_ahead(headers, since=SINCE) is None
