"""One step of a delivery: the calls to the plug-in, and nothing else. Runs in a thread.

Nothing here reads or writes the database; an error becomes a value.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    LookedUp,
    OutgoingReport,
    OutgoingUpdate,
    Pending,
)
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater, Unknown, WaywardenError
from waywarden.sending.outcome import Answer, Failure, Phase, Wanted, failure_of
from waywarden.sending.reasons import Reason, Why

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What a step needs. `notebook` is the delivery's own copy, which the plug-in writes in."""

    delivery_id: int
    phase: Phase
    item: OutgoingReport | OutgoingUpdate
    notebook: dict[str, str] = field(default_factory=dict)
    token: str = ""
    since: datetime | None = None
    """When the attempt began whose outcome is unknown."""
    holds_unknown: bool = False
    """Where a look-up tells nothing: hold it for a person rather than post again."""
    wanted: Wanted = Wanted.STILL


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a step. `began` is when its last call began."""

    phase: Phase
    answer: Answer
    began: datetime


def take(step: Step, backend: Backend) -> Taken:
    """Posts, looks up, or asks about a token; looks up and then posts where that found nothing."""
    if step.phase is Phase.TOKEN:
        return _answered(step, Phase.TOKEN, lambda: _resolve(step, backend))
    if step.phase is Phase.LOOK_UP:
        found = _answered(step, Phase.LOOK_UP, lambda: _look_up(step, backend))
        if _is_settled(step, found.answer):
            return found
        posted = _answered(step, Phase.POST, lambda: _post(step, backend))
        return posted if _is_ruled_out(found.answer) else _still_unknown(posted)
    return _answered(step, Phase.POST, lambda: _post(step, backend))


def _is_settled(step: Step, answer: Answer) -> bool:
    """Whether a look-up ends the step: it failed, found it, or it must not be posted again."""
    if not isinstance(answer, LookedUp) or answer.external_id is not None:
        return True
    if step.wanted is not Wanted.STILL:
        return True
    return step.holds_unknown and not answer.is_trustworthy


def _is_ruled_out(looked_up: Answer) -> bool:
    """Whether the attempt before is known not to have arrived."""
    return isinstance(looked_up, LookedUp) and looked_up.is_trustworthy


def _still_unknown(posted: Taken) -> Taken:
    """A further attempt that did not go out tells nothing of the one before, which may be there."""
    if isinstance(posted.answer, Failure) and posted.answer.kind is TryLater:
        return replace(posted, answer=replace(posted.answer, kind=Unknown))
    return posted


def _look_up(step: Step, backend: Backend) -> LookedUp:
    """Updates are not looked up: their id makes a repeat harmless."""
    if not isinstance(step.item, OutgoingReport) or not backend.can(Capability.LOOKS_UP):
        return LookedUp(external_id=None, is_trustworthy=False)
    return backend.look_up(step.item, step.since or step.item.created_at)


def _resolve(step: Step, backend: Backend) -> Accepted | Pending:
    if isinstance(step.item, OutgoingReport):
        return backend.resolve_token(step.token)
    return backend.resolve_update_token(step.token)


def _post(step: Step, backend: Backend) -> Accepted | Pending:
    if isinstance(step.item, OutgoingReport):
        return backend.send_report(step.item, step.notebook)
    return backend.send_update(step.item, step.notebook)


def _answered(step: Step, phase: Phase, call: Callable[[], Answer]) -> Taken:
    began = clock.now()
    try:
        return Taken(phase, call(), began)
    except WaywardenError as error:
        return Taken(phase, failure_of(error), began)
    except Exception:  # the worker's rim: a faulty plug-in must not stop the lane
        log.exception("delivery %d: the plug-in failed", step.delivery_id)
        return Taken(phase, Failure(RuntimeError, Reason(Why.FAULTY)), began)
