"""Lists of deliveries: which, in which order, a page of them. Never counts all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body
from waywarden.kernel.text import one_line, without_control_characters
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Cause
from waywarden.sending.queries import STUCK, UNFINISHED
from waywarden.staff.access import Staff

State = Delivery.State
PAGE = 50
LAST_PAGE = 200
#: Bodies that a list to choose from holds.
CHOICES = 500
_GROUPS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "stuck": (_("Need a person"), STUCK),
    "waiting": (_("On the way"), UNFINISHED),
    "sent": (_("Sent"), (State.SENT,)),
    "over": (_("Given up or taken back"), (State.CANCELLED,)),
}


def groups() -> list[tuple[str, str | Promise]]:
    """What a list may show, with its words."""
    return [(name, words) for name, (words, _states) in _GROUPS.items()]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted."""

    group: str = "stuck"
    body: int | None = None
    connection: int | None = None
    is_email: bool = False
    cause: str = ""
    words: str = ""
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """From a query string; what makes no sense is left out."""
        group = given.get("state", "")
        cause = given.get("cause", "")
        return cls(
            group=group if group in _GROUPS else "stuck",
            body=_number(given.get("body", "")),
            connection=_number(given.get("connection", "")),
            is_email=given.get("way", "") == "email",
            cause=cause if cause in set(Cause) else "",
            words=one_line(without_control_characters(given.get("q", "")))[:200],
            page=min(_number(given.get("page", "")) or 1, LAST_PAGE),
        )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 18 else None


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows."""

    rows: tuple[Delivery, ...]
    number: int
    has_next: bool


def page_of(staff: Staff, chosen: Filter) -> Slice:
    """A page of the wanted deliveries of one's bodies; what needs a person oldest first."""
    rows = _rows(staff, chosen)
    order = ("created", "id") if chosen.group == "stuck" else ("-id",)
    start = (chosen.page - 1) * PAGE
    found = rows.order_by(*order)[start : start + PAGE + 1]
    return Slice(tuple(found[:PAGE]), chosen.page, has_next=len(found) > PAGE)


def _rows(staff: Staff, chosen: Filter) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(staff.only(), state__in=_GROUPS[chosen.group][1])
    if chosen.body is not None:
        rows = rows.filter(body=chosen.body)
    if chosen.connection is not None:
        rows = rows.filter(connection=chosen.connection)
    if chosen.is_email:
        rows = rows.filter(connection=None)
    if chosen.cause:
        rows = rows.filter(cause=chosen.cause)
    if chosen.words:
        rows = rows.filter(_named(chosen.words))
    return rows.select_related("report", "update", "body", "category", "connection").defer(
        "notebook", "report__detail", "report__area_ids"
    )


def _named(words: str) -> Q:
    """By our report's number or the body's reference."""
    number = _number(words)
    reference = Q(external_id=words) | Q(report__at_bodies__external_id=words)
    return reference if number is None else reference | Q(report=number)


def bodies_to_choose(staff: Staff) -> QuerySet[Body]:
    """One's bodies, by name."""
    bodies = Body.objects.filter(staff.only("pk"), is_deleted=False).only("pk", "name")
    return bodies.order_by("name")[:CHOICES]
