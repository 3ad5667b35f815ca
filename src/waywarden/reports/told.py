"""What the newest row told of each thing: rows of a body's system may come in any order. Pure.

Rows come late, twice, by polls and by pushes. What they leave behind is what it would be had they
come in the order of their own times: of each thing the newest that tells of it counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

#: Names of things beside a row's extras, which are told of as `extras.NAME`. Of each the time of
#: the newest row that told it is kept; of the state and the group also what it was.
ROW, STATUS, CATEGORY, REFERENCE = "row", "status", "category", "reference"
STATE, GROUP = "state", "group"


@dataclass(frozen=True, slots=True)
class ToldState:
    """The state that the newest row with one told; "" where a problem was born with it.

    `at` is in seconds since 1970.
    """

    at: float
    state: str

    @property
    def moment(self) -> datetime:
        """The same as a time."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)


def extra(name: str) -> str:
    """The thing that an extra of a row tells of."""
    return f"extras.{name}"


def is_news(told: Mapping[str, Any], names: Iterable[str], *, at: float) -> bool:
    """Whether no newer row has told of any of these things."""
    return all(at >= told.get(name, at) for name in names)


def note_birth(told: dict[str, Any], *, born_at: datetime | None) -> None:
    """Before the first row: a problem was born with its state, where `born_at` is known."""
    if not told and born_at is not None:
        told[STATE] = [born_at.timestamp(), ""]


def state_told(told: Mapping[str, Any]) -> ToldState | None:
    """The state that a body told last, by its own times; None where it has told none."""
    return ToldState(*told[STATE]) if STATE in told else None


def newest(one: ToldState | None, other: ToldState | None) -> ToldState | None:
    """The newer of two, which bodies told of the same report."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda told: told.at)
