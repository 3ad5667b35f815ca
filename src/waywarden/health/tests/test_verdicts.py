"""What is wrong with a connection, from its facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from waywarden.health.verdicts import Facts, Fetching, Kind, Level, standing_of

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WELL = Facts(connection_id=1, name="Works", kind="open311")
QUARTER = Fetching(
    what="updates",
    interval=timedelta(minutes=15),
    read_to=NOW - timedelta(minutes=5),
    next_at=NOW + timedelta(minutes=10),
    last_success_at=NOW - timedelta(minutes=5),
    since=NOW - timedelta(days=30),
)


def kinds(facts: Facts) -> list[Kind]:
    return [trouble.kind for trouble in standing_of(facts, now=NOW).troubles]


def long_ago(**span) -> datetime:
    return NOW - timedelta(**span)


def test_a_connection_without_trouble_is_well():
    standing = standing_of(replace(WELL, fetching=(QUARTER,), waiting=3), now=NOW)
    assert (standing.troubles, standing.level) == ((), Level.WELL)


@pytest.mark.parametrize(
    ("changed", "kind", "level"),
    [
        ({"is_paused": True, "pause_reason": "403"}, Kind.PAUSED, Level.PERSON),
        ({"circuit_opened_at": long_ago(minutes=5)}, Kind.CIRCUIT, Level.WATCH),
        ({"circuit_opened_at": long_ago(minutes=61)}, Kind.CIRCUIT, Level.PERSON),
        ({"stuck": 1}, Kind.STUCK, Level.PERSON),
        ({"aged": 1}, Kind.AGED, Level.PERSON),
        ({"waiting": 1, "oldest_waiting_at": long_ago(hours=2)}, Kind.WAITING, Level.WATCH),
        ({"set_aside": 1}, Kind.SET_ASIDE, Level.PERSON),
        ({"unknown": 1}, Kind.UNKNOWN, Level.WATCH),
        ({"bouncing": ("desk@example.org",)}, Kind.BOUNCE, Level.PERSON),
        ({"proposals": 1}, Kind.PROPOSAL, Level.PERSON),
        ({"deviations": (("update-in-the-future", "", 2),)}, Kind.CLOCK, Level.WATCH),
        ({"clock_ahead": 121.0}, Kind.CLOCK, Level.WATCH),
        ({"clock_ahead": -7200.0}, Kind.CLOCK, Level.WATCH),
    ],
)
def test_each_trouble_is_seen_with_its_weight(changed, kind, level):
    standing = standing_of(replace(WELL, **changed), now=NOW)
    assert [trouble.kind for trouble in standing.troubles] == [kind]
    assert standing.level is level


@pytest.mark.parametrize(
    ("interval", "quiet", "is_missed"),
    [
        (15, 59, False),  # four intervals of a quarter of an hour
        (15, 61, True),
        (1, 14, False),  # a quick connection may stumble for a quarter of an hour
        (1, 16, True),
    ],
)
def test_a_poll_is_missed_after_four_intervals_but_never_sooner_than_a_quarter_of_an_hour(
    interval, quiet, is_missed
):
    one = replace(
        QUARTER, interval=timedelta(minutes=interval), last_success_at=long_ago(minutes=quiet)
    )
    assert kinds(replace(WELL, fetching=(one,))) == ([Kind.POLL] if is_missed else [])


def test_a_connection_that_never_worked_counts_from_when_it_was_made():
    new = replace(QUARTER, last_success_at=None, since=long_ago(minutes=10))
    assert kinds(replace(WELL, fetching=(new,))) == []
    assert kinds(replace(WELL, fetching=(replace(new, since=long_ago(hours=2)),))) == [Kind.POLL]


def test_a_paused_connection_is_not_blamed_for_what_the_pause_does():
    old = replace(QUARTER, last_success_at=long_ago(days=2))
    facts = replace(WELL, is_paused=True, fetching=(old,), oldest_waiting_at=long_ago(days=2))
    assert kinds(facts) == [Kind.PAUSED]


def test_what_needs_a_person_comes_first():
    facts = replace(WELL, circuit_opened_at=long_ago(minutes=1), stuck=2)
    assert kinds(facts) == [Kind.STUCK, Kind.CIRCUIT]


def test_other_habits_are_no_trouble():
    assert kinds(replace(WELL, deviations=(("update-without-text", "", 9),))) == []


def test_a_clock_may_differ_by_two_minutes():
    assert kinds(replace(WELL, clock_ahead=119.0)) == []
    assert kinds(replace(WELL, clock_ahead=-119.0)) == []
