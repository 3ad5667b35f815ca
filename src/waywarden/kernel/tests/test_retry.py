"""The pauses of integration.md 2.4."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.kernel import retry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240), (8, 360), (9, 360), (50, 360)],
)
def test_pauses_grow_and_then_stay_at_six_hours(attempts, minutes):
    due = retry.next_attempt_at(now=NOON, attempts=attempts, chance=lambda: 0.0)
    assert due == NOON + timedelta(minutes=minutes)


def test_jitter_stretches_a_pause_by_a_tenth_at_most():
    assert retry.pause_after(5, chance=lambda: 1.0) == timedelta(minutes=66)


def test_the_other_side_is_never_asked_sooner_than_it_said():
    due = retry.next_attempt_at(
        now=NOON, attempts=1, asked_wait=timedelta(hours=1), chance=lambda: 0.0
    )
    assert due == NOON + timedelta(hours=1)


@pytest.mark.parametrize(("days", "too_old"), [(6.9, False), (7, True), (30, True)])
def test_after_seven_days_a_delivery_is_refused_by_age(days, too_old):
    first = NOON - timedelta(days=days)
    assert retry.is_too_old(first_attempt_at=first, now=NOON) is too_old


@pytest.mark.parametrize(
    ("probes", "own", "minutes"),
    [(1, (), 1), (2, (), 2), (3, (), 5), (9, (), 5), (3, (1, 3), 3), (9, (1,), 1), (3, (60,), 5)],
)
def test_a_probe_waits_five_minutes_at_most_and_no_longer_than_the_connection_does(
    probes, own, minutes
):
    pauses = tuple(timedelta(minutes=one) for one in own)
    pause = retry.probe_pause(probes, own=pauses, chance=lambda: 0.0)
    assert pause == timedelta(minutes=minutes)
