"""What a check is, what it may find, and the list of all checks (open311.md 7)."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from waywarden.open311.conformance.target import Heard, Read, Target


class Severity(enum.Enum):
    """How much a failed check matters."""

    BREAKS = "breaks integration"
    AGAINST = "against the specification"
    ADVICE = "advice"


class Outcome(enum.Enum):
    """What a check found."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "not tested"


@dataclass(frozen=True, slots=True)
class Result:
    """What one check saw. `change` is what to do about it, "" unless it failed."""

    outcome: Outcome
    asked: str = ""
    came: str = ""
    change: str = ""


Judge = Callable[[Target], Result]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `level` is the level of integration that needs it (1, 2 or 3)."""

    code: str
    """The clause and the function's name, such as `2.2-service-codes-are-unique`."""
    clause: str
    title: str
    severity: Severity
    level: int
    writes: bool
    judge: Judge


CHECKS: dict[str, Check] = {}
"""Every check by its code; `runner.in_order` gives the order they are run in."""


def check(
    clause: str, severity: Severity, *, level: int = 1, writes: bool = False
) -> Callable[[Judge], Judge]:
    """Enters a function into the list. Its docstring's first line is the check's title."""

    def enter(judge: Judge) -> Judge:
        name = judge.__name__
        code = f"{clause}-{name.replace('_', '-')}"
        title = (judge.__doc__ or "").partition("\n")[0]
        CHECKS[code] = Check(
            code=code,
            clause=clause,
            title=title,
            severity=severity,
            level=level,
            writes=writes,
            judge=judge,
        )
        return judge

    return enter


def _asked_of(what: Heard | Read[Any] | str) -> str:
    if isinstance(what, str):
        return what
    return what.asked


def passed(what: Heard | Read[Any] | str, came: str) -> Result:
    """All is as it must be."""
    return Result(Outcome.PASSED, _asked_of(what), came)


def failed(what: Heard | Read[Any] | str, came: str, change: str) -> Result:
    """It is not; `change` tells the body's IT team what to do."""
    return Result(Outcome.FAILED, _asked_of(what), came, change)


def skipped(reason: str) -> Result:
    """It could not be tested."""
    return Result(Outcome.SKIPPED, came=reason)
