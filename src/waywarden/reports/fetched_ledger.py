"""What taking a piece of updates in reads at its start: light rows, a question for each table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from waywarden.bodies.models import Body, Category, Membership
from waywarden.bodies.queries import automatic_templates
from waywarden.bodies.templates import Template
from waywarden.events.services import Fact
from waywarden.kernel.text import one_line
from waywarden.reports.models import Update
from waywarden.reports.pins import Sql
from waywarden.reports.told import ToldState, newest, note_birth, state_told

#: In an update's extras: it is an automatic reply, or says that the report was moved. Neither is a
#: row of the body's system.
AUTOMATIC = "automatic"
MOVED = "moved"
#: The template that spoke, and with what, so that it can speak other languages (`reports.words`).
SPOKEN = "spoken"
#: Staff wrote it here in the body's name.
WRITTEN_HERE = "written_here"
#: The state that the report had before staff set another, for taking it back.
STATE_BEFORE = "state_before"
#: It opened a report again that was fixed or closed.
REOPENS = "reopens"
#: In a row's extras: whom the body's system has given the report to.
ASSIGNED_EMAIL, ASSIGNED_NAME = "assigned_user_email", "assigned_user_name"
#: In a row's extras: its system knows only how things stand, and its time means nothing. And in
#: those of the report at the body: the words of the last such row.
LATEST_ONLY, LATEST_WORDS = "latest_data_only", "latest_words"
#: Names in extras that only we write: a body's row cannot bring them.
OWN_NAMES = frozenset({
    AUTOMATIC, MOVED, SPOKEN, WRITTEN_HERE, STATE_BEFORE, REOPENS, LATEST_WORDS, "media_urls",
    "photos_fetched", "is_acknowledged", "earlier_references",
})  # fmt: skip
#: The columns that taking in changes.
REPORT_COLUMNS = (
    "state", "state_changed_at", "changed", "category_name", "group", "is_private",
)  # fmt: skip
AT_BODY_COLUMNS = (
    "category", "customer_reference", "last_status", "last_status_at", "assigned_to", "extras",
    "told",
)  # fmt: skip


_NEVER = datetime.min.replace(tzinfo=UTC)


class Row(Protocol):
    """What the ledger needs to know of a fetched row; `text` is cleaned."""

    @property
    def report_id(self) -> int: ...
    @property
    def body_id(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def extras(self) -> Any: ...


@dataclass(slots=True)
class ReportNow:
    """A report's columns that matter, and change, while rows are applied."""

    id: int
    title: str
    state: str
    state_changed_at: datetime | None
    changed: datetime
    category_name: str
    group: str
    is_private: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of a body's people; e-mail and name in small letters."""

    user_id: int
    email: str
    name: str


@dataclass(slots=True)
class AtBodyNow:
    """The same of a report's row at a body."""

    id: int
    report_id: int
    body_id: int
    category_id: int | None
    external_id: str
    customer_reference: str
    sent_at: datetime | None
    left_at: datetime | None
    last_status: str
    last_status_at: datetime | None
    assigned_to_id: int | None
    extras: dict[str, Any]
    told: dict[str, Any]

    def assign(self, said: Mapping[str, str], staff: Iterable[Colleague]) -> None:
        """Whom the body's system has given the report to: one of its people here, or nobody.

        By e-mail, else by a name that only one of them has; an empty one takes it from everybody.
        """
        if ASSIGNED_EMAIL not in said and ASSIGNED_NAME not in said:
            return
        email = said.get(ASSIGNED_EMAIL, "").strip().casefold()
        name = one_line(said.get(ASSIGNED_NAME, "")).casefold()
        found = [one.user_id for one in staff if email and one.email == email]
        named = [one.user_id for one in staff if name and one.name == name]
        if not found and len(named) == 1:
            found = named
        self.assigned_to_id = found[0] if found else None

    @property
    def reference(self) -> str:
        """The number people are shown."""
        return self.customer_reference or self.external_id


@dataclass(slots=True)
class Ledger:
    """All that a piece reads at its start, kept true while its rows are applied."""

    reports: dict[int, ReportNow]
    at_bodies: dict[tuple[int, int], AtBodyNow]
    body_names: dict[int, str]
    """Of bodies that have templates."""
    categories: dict[int, dict[str, Category]]
    templates: dict[int, tuple[Template, ...]]
    spoken_of: set[int]
    """Reports of which people here, or staff in a body's name, have said something."""
    told_states: dict[int, ToldState]
    """Report → the state that some body's system told last, by its own times."""
    last_texts: dict[tuple[int, int | None], tuple[datetime, str]]
    """What a body, or (None) people, said last, and when."""
    staff: dict[int, tuple[Colleague, ...]]
    """The bodies' people, where a row says whom the report is assigned to."""
    own_texts: set[tuple[int, str]]
    """Report and words of people's updates: a body may give them back under an id of its own."""
    made: list[tuple[Update, bool]] = field(default_factory=list)
    """Each new update, and whether it changed the state."""
    moved: list[Fact] = field(default_factory=list)
    no_duplicates: set[int] = field(default_factory=set)
    """Reports that were duplicates, and go on by themselves now."""

    def last_text(self, report_id: int, body_id: int | None) -> str | None:
        """What somebody said last; None when nothing yet."""
        found = self.last_texts.get((report_id, body_id))
        return found[1] if found else None

    def note_text(self, report_id: int, body_id: int, *, at: datetime, text: str) -> None:
        """A body has said something; an older row does not take the last one's place."""
        known = self.last_texts.get((report_id, body_id))
        if known is None or at >= known[0]:
            self.last_texts[report_id, body_id] = at, text


def read_ledger(rows: Sequence[Row]) -> Ledger:
    """What is known of the rows' reports, in the caller's transaction, which has locked them."""
    report_ids = {row.report_id for row in rows}
    body_ids = {row.body_id for row in rows}
    reports, at_bodies = _standing(report_ids)
    (last_texts, spoken_of), templates = _last_texts(report_ids), automatic_templates(body_ids)
    speaking = [body_id for body_id, found in templates.items() if found]
    names = Body.objects.filter(pk__in=speaking).values_list("pk", "name") if speaking else ()
    return Ledger(
        reports=reports,
        at_bodies={
            (one.report_id, one.body_id): one for one in at_bodies if one.body_id in body_ids
        },
        body_names=dict(names),
        categories=_categories_of(body_ids, rows),
        templates=templates,
        spoken_of=spoken_of,
        told_states=_told_states(at_bodies),
        last_texts=last_texts,
        staff=_staff_of(body_ids, rows),
        own_texts=_own_texts(
            {report_id for report_id, body_id in last_texts if body_id is None},
            {row.text for row in rows if row.text},
        ),
    )


_OF_REPORT = ", ".join(f'r."{name}"' for name in ReportNow.__slots__)
_AT_BODY = ", ".join(f'b."{name}"' for name in AtBodyNow.__slots__)
#: Written out, as composing it takes five times as long as the answer.
_STANDING = (
    f"SELECT {_OF_REPORT}, {_AT_BODY}"  # noqa: S608 - names of our own columns
    " FROM reports_report AS r JOIN reports_reportbody AS b ON b.report_id = r.id"
    " WHERE r.id = ANY(%s)"
)


def _standing(report_ids: set[int]) -> tuple[dict[int, ReportNow], list[AtBodyNow]]:
    """How the reports stand, and their rows at all bodies."""
    reports: dict[int, ReportNow] = {}
    at_bodies: list[AtBodyNow] = []
    border = len(ReportNow.__slots__)
    for values in Sql(_STANDING, [list(report_ids)]).rows():
        at_body = AtBodyNow(*values[border:])
        # The database hands JSON over as it is written.
        at_body.extras, at_body.told = map(msgspec.json.decode, values[-2:])
        at_bodies.append(at_body)
        reports.setdefault(at_body.report_id, ReportNow(*values[:border]))
    return reports, at_bodies


def _told_states(at_bodies: Iterable[AtBodyNow]) -> dict[int, ToldState]:
    found: dict[int, ToldState] = {}
    for one in at_bodies:
        note_birth(one.told, born_at=one.last_status_at)
        told = newest(state_told(one.told), found.get(one.report_id))
        if told is not None:
            found[one.report_id] = told
    return found


def _last_texts(
    report_ids: set[int],
) -> tuple[dict[tuple[int, int | None], tuple[datetime, str]], set[int]]:
    """What each body, and (None) people, said last of each report; of which people said any."""
    asked = Sql(
        "SELECT DISTINCT ON (report_id, body_id) report_id, body_id, confirmed_at, text,"
        " bool_or(body_id IS NULL OR extras ? %s) OVER (PARTITION BY report_id)"
        " FROM reports_update"
        " WHERE report_id = ANY(%s) AND NOT (extras ?| %s)"  # those that we wrote for a body
        " ORDER BY report_id, body_id, confirmed_at DESC, id DESC",
        [WRITTEN_HERE, list(report_ids), [AUTOMATIC, MOVED]],
    )
    texts, spoken_of = {}, set()
    for report_id, body_id, at, text, is_spoken_of in asked.rows():
        texts[report_id, body_id] = at or _NEVER, text
        if is_spoken_of:
            spoken_of.add(report_id)
    return texts, spoken_of


def _own_texts(report_ids: set[int], texts: set[str]) -> set[tuple[int, str]]:
    if not report_ids or not texts:
        return set()
    own = Update.objects.filter(report__in=report_ids, body=None, text__in=texts)
    return set(own.values_list("report_id", "text"))


def _categories_of(body_ids: set[int], rows: Sequence[Row]) -> dict[int, dict[str, Category]]:
    """The bodies' categories by name, only when a row names one."""
    found: dict[int, dict[str, Category]] = {body_id: {} for body_id in body_ids}
    if any("category" in row.extras or "group" in row.extras for row in rows):
        usable = Category.objects.filter(body__in=body_ids).exclude(state=Category.State.DELETED)
        for category in usable:
            found[category.body_id][category.name.casefold()] = category
    return found


def _staff_of(body_ids: set[int], rows: Sequence[Row]) -> dict[int, tuple[Colleague, ...]]:
    """The bodies' people, only when a row names one."""
    found: dict[int, tuple[Colleague, ...]] = dict.fromkeys(body_ids, ())
    if any(ASSIGNED_EMAIL in row.extras or ASSIGNED_NAME in row.extras for row in rows):
        people = Membership.objects.filter(body__in=body_ids, user__is_active=True)
        for body_id, user_id, email, name in people.order_by("id").values_list(
            "body_id", "user_id", "user__email", "user__name"
        ):
            found[body_id] += (Colleague(user_id, email.casefold(), name.casefold()),)
    return found
