"""The table of what follows from an answer (integration.md 2.4)."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.backends.contract import Accepted, LookedUp, Pending
from waywarden.kernel.errors import BadReply, Misconfigured, Refused, RuleBroken, TryLater, Unknown
from waywarden.sending.outcome import (
    Cause,
    Health,
    Phase,
    Standing,
    State,
    Wanted,
    failure_of,
    next_after,
)

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def standing(**values):
    return Standing(
        **{
            "state": State.QUEUED,
            "attempts": 0,
            "refusals": 0,
            "first_attempt_at": NOW,
            "due_at": NOW,
            **values,
        }
    )


def after(phase, answer, now=NOW, *, is_update=False, wanted=Wanted.STILL, **values):
    if isinstance(answer, Exception):
        answer = failure_of(answer)
    return next_after(
        phase,
        answer,
        standing(**values),
        now=now,
        is_update=is_update,
        wanted=wanted,
        chance=lambda: 0.0,
    )


@pytest.mark.parametrize(
    ("answer", "state", "cause", "health", "wait"),
    [
        (Accepted("4711"), State.SENT, Cause.NONE, Health.WELL, None),
        (Accepted(""), State.SENT, Cause.NONE, Health.WELL, None),
        (Pending("T1"), State.PENDING, Cause.NONE, Health.WELL, MINUTE),
        (TryLater("down"), State.WAITING, Cause.TRY_LATER, Health.ILL, MINUTE),
        (TryLater("busy", after=HOUR), State.WAITING, Cause.TRY_LATER, Health.ILL, HOUR),
        (Refused("no"), State.REFUSED, Cause.REFUSED, Health.ANSWERED, None),
        (Refused("no?", patient=True), State.WAITING, Cause.REFUSED, Health.ANSWERED, 4 * HOUR),
        (Unknown("lost"), State.UNKNOWN, Cause.UNKNOWN, Health.ILL, MINUTE),
        (BadReply("rubbish"), State.UNKNOWN, Cause.UNKNOWN, Health.ILL, MINUTE),
        (KeyError("a fault"), State.UNKNOWN, Cause.UNKNOWN, Health.ILL, MINUTE),
    ],
)
def test_what_follows_from_a_post(answer, state, cause, health, wait):
    following = after(Phase.POST, answer)

    assert (following.standing.state, following.standing.cause) == (state, cause)
    assert following.health is health
    assert following.standing.attempts == 1
    if wait is not None:
        assert following.standing.due_at == NOW + wait


@pytest.mark.parametrize(
    ("answer", "state", "cause"),
    [
        (LookedUp("4711", is_trustworthy=True), State.SENT, Cause.NONE),
        (LookedUp(None, is_trustworthy=False), State.HELD, Cause.UNKNOWN),
        (TryLater("down"), State.UNKNOWN, Cause.UNKNOWN),
        (Refused("what?"), State.UNKNOWN, Cause.UNKNOWN),
        (BadReply("rubbish"), State.UNKNOWN, Cause.UNKNOWN),
    ],
)
def test_what_follows_from_a_look_up(answer, state, cause):
    following = after(Phase.LOOK_UP, answer, state=State.UNKNOWN, attempts=1)

    assert (following.standing.state, following.standing.cause) == (state, cause)


def test_a_found_report_is_adopted_with_its_number():
    following = after(Phase.LOOK_UP, LookedUp("4711", is_trustworthy=True), state=State.UNKNOWN)

    assert following.standing.external_id == "4711"


def test_a_withdrawn_report_that_did_not_arrive_is_cancelled():
    following = after(
        Phase.LOOK_UP,
        LookedUp(None, is_trustworthy=True),
        state=State.UNKNOWN,
        wanted=Wanted.WITHDRAWN,
    )

    assert (following.standing.state, following.standing.cause) == (
        State.CANCELLED,
        Cause.WITHDRAWN,
    )


def test_a_withdrawn_report_that_nobody_can_find_is_not_said_to_be_missing():
    following = after(
        Phase.LOOK_UP,
        LookedUp(None, is_trustworthy=False),
        state=State.UNKNOWN,
        wanted=Wanted.WITHDRAWN,
    )

    assert following.standing.state is State.CANCELLED
    assert "may have arrived" in str(following.standing.reason)


@pytest.mark.parametrize(
    ("found", "is_trustworthy", "state", "cause"),
    [
        ("4711", True, State.SENT, Cause.NONE),
        (None, True, State.CANCELLED, Cause.REROUTED),
        (None, False, State.HELD, Cause.LEFT_BEHIND),
    ],
)
def test_where_a_report_may_have_been_before_it_moved(found, is_trustworthy, state, cause):
    following = after(
        Phase.LOOK_UP,
        LookedUp(found, is_trustworthy=is_trustworthy),
        state=State.UNKNOWN,
        wanted=Wanted.MOVED,
    )

    assert (following.standing.state, following.standing.cause) == (state, cause)


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING, State.UNKNOWN, State.PENDING])
@pytest.mark.parametrize("error", [Misconfigured("403"), RuleBroken("wrong option")])
def test_a_misconfigured_connection_burns_nothing(state, error):
    phase = {State.UNKNOWN: Phase.LOOK_UP, State.PENDING: Phase.TOKEN}.get(state, Phase.POST)

    following = after(phase, error, state=state, attempts=3, refusals=1, token="T1")

    assert following.health is Health.BLOCKED
    assert following.standing.state is state
    assert (following.standing.attempts, following.standing.refusals) == (3, 1)


def test_pauses_grow():
    waits = [
        after(Phase.POST, TryLater("down"), attempts=attempts).standing.due_at - NOW
        for attempts in range(9)
    ]

    assert waits == [
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        4 * HOUR,
        6 * HOUR,
        6 * HOUR,
    ]


def test_a_refusal_that_may_not_be_meant_is_tried_three_times_over_a_day():
    refused = Refused("our CRM is down", patient=True)

    second = after(Phase.POST, refused).standing
    third = after(Phase.POST, refused, now=second.due_at, refusals=1).standing
    last = after(Phase.POST, refused, now=third.due_at, refusals=2).standing

    assert [second.state, third.state, last.state] == [
        State.WAITING,
        State.WAITING,
        State.REFUSED,
    ]
    assert third.due_at - NOW == DAY
    assert str(last.reason) == "our CRM is down"


def test_after_seven_days_of_trying_it_is_refused_by_age():
    early = after(Phase.POST, TryLater("down"), now=NOW + 7 * DAY - MINUTE)
    late = after(Phase.POST, TryLater("down"), now=NOW + 7 * DAY)

    assert early.standing.state is State.WAITING
    assert (late.standing.state, late.standing.cause) == (State.REFUSED, Cause.AGE)


def test_what_may_have_arrived_is_held_after_seven_days_and_not_called_refused():
    late = after(Phase.LOOK_UP, TryLater("down"), now=NOW + 7 * DAY, state=State.UNKNOWN)

    assert (late.standing.state, late.standing.cause) == (State.HELD, Cause.UNKNOWN)


@pytest.mark.parametrize(
    ("waited", "pause"),
    [(MINUTE, MINUTE), (HOUR, HOUR / 2), (2 * DAY, 6 * HOUR)],
)
def test_a_token_is_asked_about_with_growing_pauses(waited, pause):
    following = after(
        Phase.TOKEN,
        Pending("T1"),
        now=NOW + waited,
        state=State.PENDING,
        token="T1",
        token_at=NOW,
    )

    assert following.standing.state is State.PENDING
    assert following.standing.due_at == NOW + waited + pause


@pytest.mark.parametrize("answer", [Pending("T1"), TryLater("down"), BadReply("rubbish")])
def test_a_token_without_an_answer_for_fourteen_days_is_held(answer):
    following = after(
        Phase.TOKEN, answer, now=NOW + 14 * DAY, state=State.PENDING, token="T1", token_at=NOW
    )

    assert (following.standing.state, following.standing.cause) == (State.HELD, Cause.TOKEN)
    assert following.standing.token == "T1"


def test_a_question_about_a_token_that_fails_leaves_it_pending():
    following = after(
        Phase.TOKEN,
        TryLater("busy", after=HOUR),
        state=State.PENDING,
        token="T1",
        token_at=NOW,
        attempts=1,
    )

    assert following.standing.state is State.PENDING
    assert following.standing.due_at == NOW + HOUR
    assert following.standing.attempts == 1


def test_an_update_with_a_token_has_arrived_and_is_asked_about():
    following = after(Phase.POST, Pending("T1"), is_update=True)

    assert (following.standing.state, following.standing.token) == (State.PENDING, "T1")


@pytest.mark.parametrize(
    "answer",
    [Pending("T1"), TryLater("down"), Refused("no"), Misconfigured("403"), BadReply("rubbish")],
)
def test_whatever_is_answered_about_the_token_of_an_update_troubles_nobody(answer):
    asked = {"state": State.PENDING, "token": "T1", "token_at": NOW, "is_update": True}

    following = after(Phase.TOKEN, answer, now=NOW + HOUR, **asked)
    last = after(Phase.TOKEN, answer, now=NOW + 14 * DAY, **asked)

    assert following.health is Health.ANSWERED
    assert (following.standing.state, following.standing.due_at) == (
        State.PENDING,
        NOW + HOUR + HOUR / 2,
    )
    assert (last.standing.state, last.standing.external_id) == (State.SENT, "")


def test_the_number_of_an_update_ends_the_questions():
    following = after(
        Phase.TOKEN, Accepted("U9"), state=State.PENDING, token="T1", token_at=NOW, is_update=True
    )

    assert (following.standing.state, following.standing.external_id) == (State.SENT, "U9")
