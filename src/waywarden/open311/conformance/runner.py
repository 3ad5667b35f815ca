"""Runs the checks against a server, and says which levels of integration it reaches."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from urllib.parse import urlsplit

from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.http import Limits, Way

# Importing a page of checks enters them into the list.
from waywarden.open311.conformance import (
    definitions,
    discovery,
    document_rules,
    posting,
    refusals,
    request_lists,
    service_lists,
    tokens,
    update_lists,
)
from waywarden.open311.conformance.registry import (
    CHECKS,
    Check,
    Outcome,
    Result,
    Severity,
    skipped,
)
from waywarden.open311.conformance.target import Target

PAGES = (
    discovery,
    service_lists,
    definitions,
    document_rules,
    refusals,
    tokens,
    request_lists,
    update_lists,
    posting,
)
LEVELS = (1, 2, 3)
LIMITS = Limits(connect_seconds=10.0, read_seconds=120.0, max_bytes=100_000_000)
UNWRITTEN = "It posts a test report; only with --write."


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and what it saw."""

    check: Check
    result: Result


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run."""

    endpoint: str
    jurisdiction_id: str
    findings: tuple[Finding, ...]

    def breaks(self, level: int) -> tuple[Finding, ...]:
        """What stands between the server and a level; a level needs those below it."""
        return tuple(
            one
            for one in self.findings
            if one.check.level <= level
            and one.check.severity is Severity.BREAKS
            and one.result.outcome is Outcome.FAILED
        )

    def meets(self, level: int) -> bool:
        """Whether nothing breaks integration at this level."""
        return not self.breaks(level)


def open_target(
    endpoint: str,
    *,
    jurisdiction_id: str = "",
    api_key: str = "",
    may_write: bool = False,
    place: tuple[float, float] | None = None,
    may_be_private: bool = False,
    limits: Limits = LIMITS,
) -> Target:
    """A server to judge. `may_be_private` allows the one host of the address to be private."""
    host = urlsplit(endpoint).hostname or ""
    way = Way(
        limits=limits,
        allowed_private=[host] if may_be_private and host else (),
        masked=(api_key,) if api_key else (),
    )
    return Target(
        endpoint,
        way=way,
        jurisdiction_id=jurisdiction_id,
        api_key=api_key,
        may_write=may_write,
        place=place,
    )


def run(
    target: Target,
    *,
    only: Container[str] | None = None,
    heard: Callable[[Finding], None] | None = None,
) -> Report:
    """Runs every check, or `only` those codes; `heard` is told each finding as it comes.

    A server may answer anything, or nothing: that makes checks fail, never the run.
    """
    findings = []
    for one in in_order():
        if only is not None and one.code not in only:
            continue
        finding = Finding(one, _judged(one, target))
        findings.append(finding)
        if heard is not None:
            heard(finding)
    return Report(target.endpoint, target.jurisdiction_id, tuple(findings))


def in_order() -> list[Check]:
    """Every check, by subject and then as written; whoever imported which page first."""
    pages = [page.__name__ for page in PAGES]
    return sorted(CHECKS.values(), key=lambda one: pages.index(one.judge.__module__))


def _judged(one: Check, target: Target) -> Result:
    if one.writes and not target.may_write:
        return skipped(UNWRITTEN)
    try:
        return one.judge(target)
    except WaywardenError as error:
        change = "The check could not be made; see that the server answers it."
        return Result(Outcome.FAILED, target.endpoint, str(error), change)
