"""What a kind of adapter must say of a body's system; the rest is done for all of them alike.

A system speaks in its own words: its category for a service, its word for a state. `provider`
translates them by the deployment's tables, remembers what was sent, and sets bad rows aside.
Errors: TryLater (nothing was done), Refused, Misconfigured, Unknown (it may have been done),
BadReply (the answer could not be read; what was sent may have been done all the same).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import types


class CannotAsk(WaywardenError):
    """This system cannot be asked whether something has arrived."""


class NotOffered(WaywardenError):
    """The system behind this adapter does not offer that."""


class NotKnown(WaywardenError):
    """This service request is not known."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report on its way into a system."""

    new: types.NewRequest
    ref: str
    """What it is found by later: the sender's number, else the key of the call; perhaps ""."""
    key: str
    """The same for each attempt, and no other report's."""
    category: str
    """The system's own word for the service."""


@dataclass(frozen=True, slots=True)
class Update:
    """An update from the other side on its way into a system."""

    new: types.NewUpdate
    ref: str
    key: str
    status: str
    """The system's own word for the state that the sender sees."""
    category: str
    """The system's word for the service it now belongs to, "" when nothing was said."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the system answered: an id, or a token where the id comes later."""

    id: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class StepDraft:
    """Secondary work that follows a report or an update, and never fails it."""

    name: str
    """Unique within its report or update, such as `photo 1`."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Plain values that JSON can hold."""
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Step:
    """Secondary work that is due. `report_id` is the system's own id of the report."""

    name: str
    report_id: str
    data: Mapping[str, Any]
    blob: bytes
    key: str
    """The same for each attempt, and no other step's."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports are asked for, in the system's own words; what is empty does not filter.

    A system may answer with more than that: what is too much is left out afterwards.
    """

    ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    changed_from: datetime | None = None
    changed_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of the system's that cannot be used; it is set aside and counted."""

    key: str
    """What tells it from other rows."""
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking at a system showed. `key` is the file's, such as `system.reports.note`."""

    key: str
    words: str
    is_wrong: bool = True
    """Whether it must be mended; else it is only told."""


class SystemOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the `[system]` table of every kind may hold."""

    services_seconds: Annotated[
        float, Meta(ge=0, description="How long the system's list of services may be kept.")
    ] = 30.0
    settle_seconds: Annotated[
        float,
        Meta(ge=0, description="How long after a lost answer the report may still turn up there."),
    ] = 60.0
    collect_seconds: Annotated[
        float,
        Meta(ge=1, description="How often it is asked by itself for what it hands out once."),
    ] = 300.0
    at_once: Annotated[
        int, Meta(ge=1, le=64, description="How many calls may use the system at the same time.")
    ] = 8


class System:
    """A body's system. Override what it can do; the rest says that it is not offered."""

    needs_place = True
    """Whether a report must have latitude and longitude."""
    tells_kept = False
    """Whether its updates come out of what is kept here, by the time they came where need be."""
    gives_once = False
    """Whether to ask for its changes takes them away."""

    def look(self) -> Iterable[Finding]:
        """Asks the system whether the file fits it; nothing is changed there."""
        return ()

    def services(self) -> Sequence[types.Service] | None:
        """Its services, `service_code` being its category; None where the file names them."""
        return None

    def attributes(self, _category: str) -> tuple[types.Attribute, ...]:
        """The questions that the system itself knows for a category; asked after its services."""
        return ()

    def send_report(self, _report: Report) -> Sent:
        """Enters a report."""
        raise NotOffered

    def find_report(self, _report: Report, _since: datetime) -> Iterable[str]:
        """Ids of the reports entered since then under this ref. Raises CannotAsk."""
        raise CannotAsk

    def report_steps(self, _report: Report) -> Sequence[StepDraft]:
        """What is to be done once the report has its id."""
        return ()

    def send_update(self, _update: Update) -> Sent:
        """Adds what people wrote to a report."""
        raise NotOffered

    def find_update(self, _update: Update, _since: datetime) -> Iterable[str]:
        """Ids of the updates added since then under this ref. Raises CannotAsk."""
        raise CannotAsk

    def update_steps(self, _update: Update) -> Sequence[StepDraft]:
        """What is to be done once the update is there."""
        return ()

    def take_step(self, _step: Step) -> None:
        """Does secondary work. Raises any of our errors to be asked again later."""
        raise NotOffered

    def has_step(self, _step: Step, _since: datetime) -> bool:
        """Whether a step that was sent since then has arrived. Raises CannotAsk: it is repeated."""
        raise CannotAsk

    def requests(self, _wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        """Reports, with category and state in the system's words, by the time they were made."""
        raise NotOffered

    def updates(
        self, _since: datetime, _until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        """Changes between two moments, oldest first, states in the system's words."""
        raise NotOffered

    def token(self, _token: str) -> str:
        """The id that became of a token, "" while it is not there. Raises NotOffered."""
        raise NotOffered

    def update_token(self, _token: str) -> str:
        """The same for an update."""
        raise NotOffered

    def collect(self) -> None:
        """Fetches what the system hands out by itself; called from time to time."""
        return

    def close(self) -> None:
        """Lets go of what it holds open."""
        return

    def preview_report(self, _report: Report) -> str:
        """What would be sent, for a person to read. Sends nothing."""
        raise NotOffered

    def preview_update(self, _update: Update) -> str:
        """What would be sent, for a person to read. Sends nothing."""
        raise NotOffered

    def sample_change(self, _state: str) -> Mapping[str, Any]:
        """A made-up row as the system tells a change to a state of its own."""
        raise NotOffered

    def read_change(self, _row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        """Such a row as an update, its state in the system's words. Raises RuleBroken."""
        raise NotOffered


E = TypeVar("E", bound=WaywardenError)
R = TypeVar("R")
V = TypeVar("V")


def noted(told: E, words: str) -> E:
    """The error, with words for the operator's eyes only: callers never see them."""
    if words:
        told.add_note(words)
    return told


def each(
    rows: Iterable[R], read: Callable[[R], V], *, key: Callable[[R], str]
) -> Iterator[V | BadRow]:
    """Every row read; one that cannot be read becomes a BadRow and the others go on."""
    for row in rows:
        try:
            value = read(row)
        except (RuleBroken, ValueError, TypeError, LookupError, OverflowError) as error:
            reason = str(error) if isinstance(error, RuleBroken) else _reason(error)
            yield BadRow(key=shorten(key(row), 200), reason=reason, raw=_raw(row))
        else:
            yield value


def _reason(error: Exception) -> str:
    return shorten(one_line(f"{type(error).__name__}: {error}"), 200)


def _raw(row: Any) -> str:
    try:
        return msgspec.json.encode(row).decode()[:20_000]
    except (TypeError, ValueError):
        return repr(row)[:20_000]
