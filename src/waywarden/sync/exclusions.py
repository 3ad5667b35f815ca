"""Which problems of a body's system stay out: rules of one connection. Pure (integration.md 4)."""

import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import statuses
from waywarden.open311.types import ServiceRequest


class By(enum.StrEnum):
    """What a rule looks at."""

    SERVICE = "service"
    STATUS = "status"
    AGE = "age"
    KEYWORD = "keyword"
    PRIVATE = "private"
    FIELD = "field"


class How(enum.StrEnum):
    """How a rule on a field compares."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"


#: Fields of a row that a rule may name; any other name is looked for in its extras.
FIELDS = frozenset(
    {
        "service_request_id", "status", "status_notes", "service_name", "service_code",
        "description", "agency_responsible", "service_notice", "address", "address_id", "zipcode",
        "title", "contact_name", "contact_email",
    }
)  # fmt: skip
#: Where a keyword is looked for.
_TEXTS = ("title", "description", "status_notes", "service_notice")
#: Stars of one pattern; each makes the comparing longer.
MOST_STARS = 5

Matches = Callable[[ServiceRequest, bool, datetime], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `value` holds what is compared: words apart by commas, a number of days, a text."""

    by: By
    value: str = ""
    field: str = ""
    test: How = How.IS
    id: int = 0

    def __str__(self) -> str:
        if self.by is By.FIELD:
            return f"{self.field} {self.test.replace('_', ' ')} {self.value}".strip()
        if self.by is By.AGE:
            return f"older than {self.value} days"
        return f"{self.by} {self.value}".strip()


class Exclusions:
    """Some rules, ready to be asked about many rows."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple((rule, _matching(rule)) for rule in rules)

    def rule_for(self, row: ServiceRequest, *, is_private: bool, now: datetime) -> Rule | None:
        """The first rule that keeps the row out, None when it may come in."""
        for rule, matches in self._rules:
            if matches(row, is_private, now):
                return rule
        return None


def check(rule: Rule) -> None:
    """Raises RuleBroken, naming the field, for a rule that could match nothing or everything."""
    value = rule.value.strip()
    needs_value = rule.by is not By.PRIVATE and rule.test not in (How.IS_EMPTY, How.IS_NOT_EMPTY)
    if needs_value and not _words(value):
        message = "Say what is compared."
        raise RuleBroken(message, field="value")
    if rule.by is By.AGE and not (value.isascii() and value.isdigit() and 0 < int(value) < 100_000):
        message = "The age is a number of days, 1 or more."
        raise RuleBroken(message, field="value")
    if rule.by is By.FIELD and not rule.field.strip():
        message = "Name the field."
        raise RuleBroken(message, field="field")
    if value.count("*") > MOST_STARS or (value and not value.strip("*, ")):
        message = f"A pattern has at most {MOST_STARS} stars, and something beside them."
        raise RuleBroken(message, field="value")


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def _matching(rule: Rule) -> Matches:
    if rule.by is By.SERVICE:
        found = _pattern(_words(rule.value))
        return lambda row, _private, _now: bool(
            found.fullmatch(row.service_code) or found.fullmatch(row.service_name)
        )
    if rule.by is By.STATUS:
        words = {statuses.folded(word) for word in _words(rule.value)}
        return lambda row, _private, _now: row.status in words
    if rule.by is By.AGE:
        longest = timedelta(days=int(rule.value))
        return lambda row, _private, now: (
            row.requested_datetime is not None and row.requested_datetime < now - longest
        )
    if rule.by is By.KEYWORD:
        return _with_keyword(_words(rule.value))
    if rule.by is By.PRIVATE:
        return lambda _row, is_private, _now: is_private
    return _on_field(rule)


def _with_keyword(words: list[str]) -> Matches:
    """Whole words, in any case."""
    either = "|".join(re.escape(word) for word in words)
    found = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return lambda row, _private, _now: any(found.search(getattr(row, name)) for name in _TEXTS)


def _on_field(rule: Rule) -> Matches:
    name = rule.field.strip()

    def value_of(row: ServiceRequest) -> str:
        if name in FIELDS:
            return str(getattr(row, name))
        return row.extras.get(name, "")

    if rule.test is How.IS_EMPTY:
        return lambda row, _private, _now: not value_of(row)
    if rule.test is How.IS_NOT_EMPTY:
        return lambda row, _private, _now: bool(value_of(row))
    if rule.test is How.CONTAINS:
        part = rule.value.strip().casefold()
        return lambda row, _private, _now: part in value_of(row).casefold()
    found, wanted = _pattern([rule.value.strip()]), rule.test is How.IS
    return lambda row, _private, _now: bool(found.fullmatch(value_of(row))) is wanted


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, in any case; a star stands for any text."""
    either = (".*".join(re.escape(part) for part in word.split("*")) for word in words)
    return re.compile("|".join(f"(?:{one})" for one in either), re.IGNORECASE | re.DOTALL)
