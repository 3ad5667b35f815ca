"""What a back-end plug-in is: capabilities, the plain values it sees, the answers it gives.

A plug-in sees no database row, no setting and no web request. It is opened by
`connections.services.open_backend` with its typed options and secrets and a `Wire`, through
which all its calls go (kernel.http with the connection's limits, each call recorded).
Errors: `TryLater`, `Refused`, `Unknown`, `BadReply`, `Misconfigured` of `kernel.errors`.
"""

import enum
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, Self

from waywarden.kernel.http import Way
from waywarden.kernel.options import Options, Secrets
from waywarden.open311 import statuses
from waywarden.open311.types import (
    Deviation,
    Service,
    ServiceDefinition,
    ServiceRequest,
    ServiceRequestUpdate,
)


class Capability(enum.Enum):
    """What a back-end can do; the engines ask, they never assume."""

    SENDS_REPORTS = "sends_reports"
    SENDS_UPDATES = "sends_updates"
    FETCHES_UPDATES = "fetches_updates"
    FETCHES_REPORTS = "fetches_reports"
    LISTS_SERVICES = "lists_services"
    RESOLVES_TOKENS = "resolves_tokens"
    LOOKS_UP = "looks_up"
    """Can be asked whether a report of unknown outcome arrived."""


@dataclass(frozen=True, slots=True)
class Person:
    """The reporter, or who wrote an update, as the body may know them."""

    name: str = ""
    email: str = ""
    phone: str = ""
    is_body: bool = False
    """Staff wrote it in their body's name, which is the name given here."""


@dataclass(frozen=True, slots=True)
class OutgoingPhoto:
    """A photo of a report or update. `read` gives its JPEG bytes."""

    url: str
    filename: str
    content_type: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered mail for back-ends that send mail."""

    subject: str
    text: str
    html: str
    sender: str
    reply_to: str = ""
    """Addresses with commas between."""
    envelope_sender: str = ""
    """Where bounces come back to; the sender's where it is empty."""
    message_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingReport:
    """A report on its way to one body.

    `key` is the delivery's own UUID, the same on every attempt. `answers` maps a question's
    code to its values. `server_set` names the attributes the body's definition asks the sender
    to fill. `emails` and `service_code` are the category's addresses at that body.
    """

    key: str
    report_id: int
    report_url: str
    title: str
    description: str
    category: str
    group: str
    service_code: str
    emails: tuple[str, ...]
    lat: float
    lon: float
    is_placed: bool
    """False when the reporter could not place the pin."""
    nearest_address: str
    person: Person
    is_private: bool
    created_at: datetime
    photos: tuple[OutgoingPhoto, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    server_set: tuple[str, ...] = ()
    id_field: str = ""
    external_id: str = ""
    """The body's own number, where it has one from an earlier time."""
    known: Mapping[str, str] = field(default_factory=dict)
    """What else is known of the place at this body (`uprn`, `usrn`, …), by name."""
    mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class OutgoingUpdate:
    """An update on its way to a body that already has the report as `external_id`.

    `state` is our state's name ("confirmed", "fixed - user", …), `reopens` whether it reopens.
    """

    key: str
    update_id: int
    report_id: int
    report_url: str
    external_id: str
    title: str
    text: str
    state: str
    reopens: bool
    service_code: str
    emails: tuple[str, ...]
    person: Person
    created_at: datetime
    photos: tuple[OutgoingPhoto, ...] = ()
    mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """It arrived; `external_id` is "" where the body gives none (e-mail, black box)."""

    external_id: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """It arrived and the id comes later: ask about `token`."""

    token: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The answer to "did it arrive?".

    `external_id` None means it is not there, and `is_trustworthy` says whether the list that was
    searched surely covers the attempt.
    """

    external_id: str | None
    is_trustworthy: bool


@dataclass(frozen=True, slots=True)
class Mapped:
    """A status of the body's, in our words. `state` "" keeps the report's state."""

    state: str = ""
    is_known: bool = True
    is_ignored: bool = False
    """The connection's table says to drop rows of this status."""


@dataclass(frozen=True, slots=True)
class Span:
    """From (inclusive) and to (exclusive), aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class KnownReport:
    """A report that the body's system has, and what it said of it last ("" nothing yet)."""

    external_id: str
    status: str = ""
    status_at: datetime | None = None


@dataclass(slots=True)
class Notes:
    """Deviations a reading forgave, and what came of it; filled while the rows are consumed."""

    deviations: list[Deviation] = field(default_factory=list)
    mark: str = ""
    """For a list without dates. Before: the mark of its last reading; after: that of this one."""
    is_unchanged: bool = False
    """Nothing is new since the mark: no rows came."""
    is_cut: bool = False
    """The answer stopped at the system's limit: a shorter span would tell more."""


Notebook = MutableMapping[str, str]
"""Kept with the delivery and saved after every attempt, failed ones too: what was already done."""


class Backend:
    """A way to reach a body's system: subclass it, set the class values, override what it can."""

    kind: ClassVar[str]
    """The name in the database, the folder, the logs and the docs."""
    label: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    options_type: ClassVar[type[Options]] = Options
    secrets_type: ClassVar[type[Secrets]] = Secrets
    wants_mail: ClassVar[bool] = False
    """Whether it sends the rendered `mail` of what goes out; others get None there."""
    keeps_here: ClassVar[bool] = False
    """Whether reports stay on the site: nobody is said to have got one."""
    takes_none: ClassVar[bool] = False
    """Whether the body takes no reports this way: none is planned."""

    def __init__(self, *, options: Any, secrets: Any, way: Way, zone: tzinfo = UTC) -> None:
        self.options = options
        self.secrets = secrets
        self.way = way
        self.zone = zone
        """For dates that come without one."""

    def open_beside(self, first: Self) -> None:
        """Told of the first of those opened for one batch (it is told of itself).

        What the system answered one of them, the others may use.
        """

    @classmethod
    def can(cls, capability: Capability) -> bool:
        """Whether this kind has the capability."""
        return capability in cls.capabilities

    @classmethod
    def missing_address(cls, *, emails: tuple[str, ...], service_code: str) -> str:
        """What a category lacks to be reached this way, in words for staff; "" when nothing."""
        _ = emails, service_code
        return ""

    def state_for(self, status: str) -> Mapped:
        """What a status of the body's system means here (open311.md 3).

        The protocol's own words, for a kind without a table of its own: its body may still push.
        """
        state = statuses.state_for(status, extended=True)
        return Mapped(is_known=False) if state is None else Mapped(state=state)

    def check(self, notes: Notes) -> tuple[str, ...]:
        """Asks the system something harmless; findings in words, empty when all is well.

        Habits that are put up with go into `notes`: they are told, and keep nothing from working.
        """
        _ = notes
        return ()

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> Accepted | Pending:
        """Carries a report into the body's system."""
        raise NotImplementedError

    def send_update(self, update: OutgoingUpdate, notebook: Notebook) -> Accepted | Pending:
        """Carries an update into the body's system."""
        raise NotImplementedError

    def resolve_token(self, token: str) -> Accepted | Pending:
        """What became of a report that answered a token."""
        raise NotImplementedError

    def resolve_update_token(self, token: str) -> Accepted | Pending:
        """What became of an update that answered a token: its id, so that its echo is known.

        A kind that never tells leaves it at that: the update has arrived.
        """
        _ = token
        return Accepted(external_id="")

    def look_up(self, report: OutgoingReport, since: datetime) -> LookedUp:
        """Whether a report whose attempt began at `since` arrived."""
        raise NotImplementedError

    def fetch_updates(self, span: Span, notes: Notes) -> Iterable[ServiceRequestUpdate]:
        """The updates of a span, streamed."""
        raise NotImplementedError

    @property
    def tells_by_report(self) -> bool:
        """Whether there is no list of updates: the engine asks `fetch_progress` instead."""
        return False

    def fetch_progress(
        self, known: Sequence[KnownReport], notes: Notes
    ) -> Iterable[ServiceRequestUpdate]:
        """How some reports stand now, where that is not what was said last."""
        raise NotImplementedError

    def fetch_reports(self, span: Span | None, notes: Notes) -> Iterable[ServiceRequest]:
        """The problems of a span (None: everything), streamed; see what `notes` then tells."""
        raise NotImplementedError

    def list_services(self, notes: Notes) -> Iterable[Service]:
        """The services the system offers."""
        raise NotImplementedError

    def list_version(self) -> str:
        """A word that changes when the list of services does; "" where the system has none."""
        return ""

    def describe_service(self, service_code: str, notes: Notes) -> ServiceDefinition:
        """The questions of one service."""
        raise NotImplementedError
