"""Spans, pieces and the next poll."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from waywarden.backends.contract import Span
from waywarden.sync import windows

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("position", "since", "reach_back_to", "hours"),
    [
        pytest.param(NOW - HOUR, None, None, 3, id="the cursor less the overlap"),
        pytest.param(None, None, None, 2, id="never polled: the overlap alone"),
        pytest.param(NOW + 5 * HOUR, None, None, 2, id="a cursor in the future counts as now"),
        pytest.param(NOW - 72 * HOUR, None, None, 74, id="after an outage as long as it must be"),
        pytest.param(NOW - HOUR, None, NOW - 24 * HOUR, 24, id="the mop-up reaches back"),
        pytest.param(NOW - 48 * HOUR, None, NOW - 24 * HOUR, 50, id="the mop-up never shortens"),
        pytest.param(NOW - HOUR, NOW - 240 * HOUR, None, 240, id="since asks from then on"),
        pytest.param(NOW - 9 * HOUR, NOW - HOUR, None, 1, id="since may shorten, by hand"),
        pytest.param(NOW, NOW + HOUR, None, 0, id="since in the future is nothing"),
    ],
)
def test_the_span_runs_to_now_from(position, since, reach_back_to, hours):
    span = windows.span_to_poll(
        now=NOW, position=position, overlap=2 * HOUR, since=since, reach_back_to=reach_back_to
    )
    assert span == Span(start=NOW - hours * HOUR, end=NOW)


@pytest.mark.parametrize(
    ("hours", "lengths"),
    [(2, [2]), (26, [26]), (30, [30]), (31, [24, 7]), (48, [24, 24]), (74, [24, 24, 24, 2])],
)
def test_a_long_span_is_cut_into_days_oldest_first(hours, lengths):
    span = Span(start=NOW - hours * HOUR, end=NOW)
    pieces = windows.pieces_of(span)
    assert [(piece.end - piece.start) / HOUR for piece in pieces] == lengths
    assert pieces[0].start == span.start
    assert pieces[-1].end == span.end
    assert all(one.end == two.start for one, two in pairwise(pieces))


@pytest.mark.parametrize(("seconds", "chance", "expected"), [(0, 0, 5), (10, 0, 10), (10, 1, 10.5)])
def test_who_is_asked_all_the_time_is_asked_after_the_interval(seconds, chance, expected):
    interval = timedelta(seconds=seconds)
    at = windows.next_poll_at(now=NOW, interval=interval, number=7, chance=lambda: chance)
    assert at - NOW == timedelta(seconds=expected)


def test_thousands_that_were_asked_at_once_are_spread_over_the_interval_after_one_round():
    interval = timedelta(minutes=15)
    first = [
        windows.next_poll_at(now=NOW, interval=interval, number=number, chance=lambda: 0)
        for number in range(1, 5001)
    ]
    assert min(first) - NOW >= interval / 2
    assert max(first) - NOW <= interval * 1.5
    minutes = Counter((at - NOW - interval / 2) // timedelta(minutes=1) for at in first)
    assert len(minutes) == 15
    assert max(minutes.values()) - min(minutes.values()) < 10
    second = windows.next_poll_at(now=first[0], interval=interval, number=1, chance=lambda: 0)
    assert second - first[0] == interval


@pytest.mark.parametrize(
    ("failures", "interval", "asked_minutes", "minutes"),
    [
        (1, "15 min", 0, 1),
        (2, "15 min", 0, 5),
        (3, "15 min", 0, 15),
        (50, "15 min", 0, 15),
        (50, "2 h", 0, 120),
        (1, "5 s", 0, 1),
        (50, "5 s", 0, 1),
        (1, "15 min", 90, 90),
    ],
)
def test_after_failures_the_pause_grows_to_the_interval_and_the_wish_of_the_server_counts(
    failures, interval, asked_minutes, minutes
):
    usual = {"5 s": 5, "15 min": 900, "2 h": 7200}[interval]
    at = windows.next_try_at(
        now=NOW,
        failures=failures,
        interval=timedelta(seconds=usual),
        asked_wait=timedelta(minutes=asked_minutes),
        chance=lambda: 0,
    )
    assert at - NOW == timedelta(minutes=minutes)
