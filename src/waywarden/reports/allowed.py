"""Who may add what to a report: the one rule, over a table per body and category. Pure."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Act(enum.StrEnum):
    """What somebody may want to do."""

    UPDATE = "update"  # words and photos
    FIX = "fix"  # "this is fixed"
    REOPEN = "reopen"  # "this is still a problem"
    ME_TOO = "me_too"  # "I have seen this too"


class Who(enum.StrEnum):
    """Whom it is open to; each includes those that follow, but nobody."""

    EVERYONE = "everyone"
    REPORTER = "reporter"  # and the body's staff
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the table: of a body, for one category or (`is_general`) for all."""

    act: Act
    who: Who
    only_while_open: bool = False
    is_general: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and about what report."""

    is_reporter: bool
    is_staff: bool
    is_open: bool
    is_duplicate: bool = False


DEFAULTS = {
    Act.UPDATE: Who.EVERYONE,
    Act.FIX: Who.EVERYONE,
    Act.REOPEN: Who.REPORTER,
    Act.ME_TOO: Who.EVERYONE,
}


def may(act: Act, tables: Iterable[Iterable[Rule]], *, asking: Asking) -> bool:
    """Whether somebody may; `tables` has the lines of each body, and the strictest body counts.

    A category's line comes before its body's general one, that before the default. Nothing is
    added to a duplicate but to its original; only what is open is fixed or shared, only what is
    not is reopened.
    """
    if asking.is_duplicate or not _fits(act, is_open=asking.is_open):
        return False
    lines = [_line(act, table) for table in tables] or [_line(act, ())]
    return all(_is_among(line, asking) for line in lines)


def _fits(act: Act, *, is_open: bool) -> bool:
    return act is Act.UPDATE or is_open != (act is Act.REOPEN)


def _line(act: Act, table: Iterable[Rule]) -> Rule:
    """The line of one body that counts."""
    mine = [rule for rule in table if rule.act is act]
    return min(mine, key=lambda rule: rule.is_general, default=Rule(act, DEFAULTS[act]))


def _is_among(rule: Rule, asking: Asking) -> bool:
    if rule.who is Who.NOBODY or (rule.only_while_open and not asking.is_open):
        return False
    if rule.who is Who.EVERYONE or asking.is_staff:
        return True
    return rule.who is Who.REPORTER and asking.is_reporter
