"""What follows from the answer to one step of a delivery (integration.md 2.4). Pure.

A step posts, looks up (after an unknown outcome) or asks about a token. Its answer and where the
delivery stood give where it stands next, and what the answer says of the connection's health.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import random

from waywarden.backends.contract import Accepted, LookedUp, Pending
from waywarden.kernel.errors import Misconfigured, Refused, RuleBroken, TryLater
from waywarden.kernel.retry import JITTER, PAUSES, is_too_old, next_attempt_at
from waywarden.sending.reasons import NONE, Reason, Why

#: How long a token may stay without an answer: that of a report is held then, that of an update
#: counts as sent without a number, since nothing but its own echo waits for it.
TOKEN_LIVES = timedelta(days=14)
#: Pauses between questions about a token: half of the wait so far, within these.
TOKEN_PAUSES = (timedelta(minutes=1), timedelta(hours=6))
#: Pauses after the first and the second refusal that may not be meant: three tries over a day.
PATIENT_PAUSES = (timedelta(hours=4), timedelta(hours=20))


class Phase(enum.Enum):
    """What a step did; one that looked up, found nothing and posted has posted."""

    POST = "post"
    LOOK_UP = "look_up"
    TOKEN = "token"  # noqa: S105 - a name, not a secret


class Wanted(enum.Enum):
    """Whether it may still be posted; else at most it is found to have arrived."""

    STILL = "still"
    WITHDRAWN = "withdrawn"  # taken back, or taken down
    MOVED = "moved"  # the report has gone elsewhere since


class State(enum.StrEnum):
    """The states of a delivery, as `models.Delivery.State` stores them."""

    QUEUED = "queued"
    SENDING = "sending"  # committed before the call; a dead worker leaves it behind
    SENT = "sent"
    PENDING = "pending"  # it arrived; the token waits for its id
    UNKNOWN = "unknown"  # it may have arrived
    WAITING = "waiting"  # to be tried again
    REFUSED = "refused"
    HELD = "held"
    CANCELLED = "cancelled"


class Cause(enum.StrEnum):
    """Why a delivery stands where it stands, for boards and for a retry by hand."""

    NONE = ""
    TRY_LATER = "try_later"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # nobody knows whether it arrived
    MISCONFIGURED = "misconfigured"
    AGE = "age"  # tried for too long
    TOKEN = "token"  # noqa: S105 - the token was never answered
    NO_ADDRESS = "no_address"
    DUPLICATE_ID = "duplicate_id"  # another report has the reference already
    BY_HAND = "by_hand"
    WITHDRAWN = "withdrawn"
    BOUNCED = "bounced"  # the mail came back from every address
    REROUTED = "rerouted"  # another body has it now
    LEFT_BEHIND = "left_behind"  # another body has it now, and this one may have it too


class Health(enum.Enum):
    """What an answer says of the connection."""

    WELL = "well"  # it worked: the circuit closes
    ANSWERED = "answered"  # it said no, but it is there
    ILL = "ill"  # one more failure in a row
    BLOCKED = "blocked"  # the connection must be paused


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of a step, as a value."""

    kind: type[Exception]
    reason: Reason
    after: timedelta | None = None
    is_patient: bool = False


Answer = Accepted | Pending | LookedUp | Failure


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a delivery stands. Before a step, `state` is what it was before it was claimed."""

    state: State
    attempts: int
    refusals: int
    first_attempt_at: datetime
    """When the first step that burned an attempt began; of the running one if it is the first."""
    due_at: datetime
    token: str = ""
    token_at: datetime | None = None
    external_id: str = ""
    cause: Cause = Cause.NONE
    reason: Reason = NONE


@dataclass(frozen=True, slots=True)
class Next:
    """Where it stands after a step, and the connection's health."""

    standing: Standing
    health: Health


def failure_of(error: Exception) -> Failure:
    """An error as a value; only its class and words are kept."""
    said = Reason(words=str(error) or type(error).__name__)
    if isinstance(error, TryLater):
        return Failure(TryLater, said, after=error.after)
    if isinstance(error, Refused):
        return Failure(Refused, said, is_patient=error.patient)
    if isinstance(error, Misconfigured | RuleBroken):
        return Failure(Misconfigured, said)
    return Failure(type(error), said)


def next_after(
    phase: Phase,
    answer: Answer,
    standing: Standing,
    *,
    now: datetime,
    is_update: bool = False,
    wanted: Wanted = Wanted.STILL,
    pauses: tuple[timedelta, ...] = PAUSES,
    chance: Callable[[], float] = random,
) -> Next:
    """Where a delivery stands after a step. `now` is when the answer came."""
    if phase is Phase.TOKEN and is_update:
        return _asked_of_update(standing, answer, now=now)
    if isinstance(answer, Failure) and answer.kind is Misconfigured:
        return _blocked(standing, answer, now=now)
    if phase is not Phase.TOKEN:
        standing = replace(standing, attempts=standing.attempts + 1)
    if isinstance(answer, Failure):
        if phase is Phase.TOKEN:
            return _token_failed(standing, answer, now=now)
        return _failed(phase, answer, standing, now=now, pauses=pauses, chance=chance)
    if isinstance(answer, LookedUp):
        after = _looked_up(standing, answer, now, wanted)
        return Next(after, Health.WELL)
    return Next(_arrived(standing, answer, now), Health.WELL)


def _arrived(standing: Standing, answer: Accepted | Pending, now: datetime) -> Standing:
    if isinstance(answer, Accepted):
        return _sent(standing, answer.external_id, now)
    return _pending(standing, answer.token, now)


def _asked_of_update(standing: Standing, answer: Answer, *, now: datetime) -> Next:
    """An update has arrived once it has a token: no answer about that is anybody's trouble.

    Many servers give tokens for updates and are never asked about them.
    """
    if isinstance(answer, Accepted):
        return Next(_sent(standing, answer.external_id, now), Health.WELL)
    waiting = _pending(standing, standing.token, now)
    if waiting.state is State.HELD:
        waiting = _sent(standing, "", now)
    elif isinstance(answer, Failure):
        due_at = max(waiting.due_at, now + (answer.after or timedelta()))
        waiting = replace(waiting, due_at=due_at, reason=answer.reason)
    return Next(waiting, Health.ANSWERED)


def _sent(standing: Standing, external_id: str, now: datetime) -> Standing:
    return replace(
        standing,
        state=State.SENT,
        external_id=external_id,
        due_at=now,
        cause=Cause.NONE,
        reason=NONE,
    )


def _pending(standing: Standing, token: str, now: datetime) -> Standing:
    """The token waits; asked about with growing pauses, held after 14 days."""
    token_at = standing.token_at or now
    waited = now - token_at
    standing = replace(
        standing,
        state=State.PENDING,
        token=token,
        token_at=token_at,
        cause=Cause.NONE,
        reason=NONE,
    )
    if waited >= TOKEN_LIVES:
        return _held(standing, Cause.TOKEN, Reason(Why.NO_NUMBER))
    return replace(standing, due_at=now + min(max(waited / 2, TOKEN_PAUSES[0]), TOKEN_PAUSES[1]))


def _looked_up(standing: Standing, answer: LookedUp, now: datetime, wanted: Wanted) -> Standing:
    """A look-up that ends the matter; one after which it was posted again is a POST's answer."""
    if answer.external_id is not None:
        return _sent(standing, answer.external_id, now)
    if wanted is Wanted.MOVED:
        return _left_behind(standing, answer)
    if wanted is Wanted.WITHDRAWN:
        reason = Reason(
            Why.WITHDRAWN_NOT_THERE if answer.is_trustworthy else Why.WITHDRAWN_MAYBE_THERE
        )
        return replace(standing, state=State.CANCELLED, cause=Cause.WITHDRAWN, reason=reason)
    return _held(standing, Cause.UNKNOWN, Reason(Why.MAYBE_THERE))


def _left_behind(standing: Standing, answer: LookedUp) -> Standing:
    """It has gone elsewhere since, and was not found here."""
    if answer.is_trustworthy:
        reason = Reason(Why.MOVED_NOT_THERE)
        return replace(standing, state=State.CANCELLED, cause=Cause.REROUTED, reason=reason)
    return _held(standing, Cause.LEFT_BEHIND, Reason(Why.MOVED_MAYBE_THERE))


def _held(standing: Standing, cause: Cause, reason: Reason) -> Standing:
    return replace(standing, state=State.HELD, cause=cause, reason=reason)


def _blocked(standing: Standing, failure: Failure, *, now: datetime) -> Next:
    """The connection's fault: the delivery waits as it was and burns nothing."""
    waiting = replace(standing, due_at=now, cause=Cause.MISCONFIGURED, reason=failure.reason)
    return Next(waiting, Health.BLOCKED)


def _token_failed(standing: Standing, failure: Failure, *, now: datetime) -> Next:
    if failure.kind is Refused and not failure.is_patient:
        reason = Reason(Why.REFUSED_AFTER, str(failure.reason))
        return Next(_held(standing, Cause.TOKEN, reason), Health.ANSWERED)
    waiting = _pending(standing, standing.token, now)
    if waiting.state is State.PENDING:
        due_at = max(waiting.due_at, now + (failure.after or timedelta()))
        waiting = replace(waiting, due_at=due_at, cause=Cause.TRY_LATER, reason=failure.reason)
    return Next(waiting, Health.ANSWERED if failure.kind is Refused else Health.ILL)


def _failed(
    phase: Phase,
    failure: Failure,
    standing: Standing,
    *,
    now: datetime,
    pauses: tuple[timedelta, ...],
    chance: Callable[[], float],
) -> Next:
    standing = replace(standing, reason=failure.reason)
    if failure.kind is Refused and phase is Phase.POST:
        return Next(_refused(standing, failure, now=now, chance=chance), Health.ANSWERED)
    # A question that failed changed nothing: what was unknown stays so. A post that failed in any
    # other way than "try later" (a fault of the plug-in's, too) may have arrived.
    is_unknown = phase is Phase.LOOK_UP or failure.kind is not TryLater
    due_at = next_attempt_at(
        now=now,
        attempts=standing.attempts,
        asked_wait=failure.after,
        pauses=pauses,
        chance=chance,
    )
    if is_too_old(first_attempt_at=standing.first_attempt_at, now=now):
        if is_unknown:
            reason = Reason(Why.ASKED_FOR_DAYS, str(failure.reason))
            return Next(_held(standing, Cause.UNKNOWN, reason), Health.ILL)
        reason = Reason(Why.TRIED_FOR_DAYS, str(failure.reason))
        refused = replace(standing, state=State.REFUSED, cause=Cause.AGE, reason=reason)
        return Next(refused, Health.ILL)
    state, cause = (
        (State.UNKNOWN, Cause.UNKNOWN) if is_unknown else (State.WAITING, Cause.TRY_LATER)
    )
    health = Health.ANSWERED if failure.kind is Refused else Health.ILL
    return Next(replace(standing, state=state, cause=cause, due_at=due_at), health)


def _refused(
    standing: Standing, failure: Failure, *, now: datetime, chance: Callable[[], float]
) -> Standing:
    refusals = standing.refusals + 1
    standing = replace(standing, refusals=refusals, cause=Cause.REFUSED)
    if not failure.is_patient or refusals > len(PATIENT_PAUSES):
        return replace(standing, state=State.REFUSED)
    pause = PATIENT_PAUSES[refusals - 1] * (1 + JITTER * chance())
    due_at = now + max(pause, failure.after or timedelta())
    return replace(standing, state=State.WAITING, due_at=due_at)
