"""Which points have no body, and which categories have nowhere to go (integration.md 1)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import shapely
from django.db import connection as database
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.areas.address_queries import has_addresses
from waywarden.areas.models import Area
from waywarden.backends.contract import Capability, Notes
from waywarden.backends.registry import backend_classes
from waywarden.bodies.coverage import Drawing, Ground, Hole, drawing, holes, unserved
from waywarden.bodies.models import Body, Category, Question
from waywarden.connections.services import Opened
from waywarden.geo.points import Box
from waywarden.kernel import clock

#: So many lines of a list are shown; the rest are counted.
SHOWN = 500


@dataclass(frozen=True, slots=True)
class Stranded:
    """A category that people can pick, and why its reports go nowhere."""

    category: Category
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is missing on this site."""

    holes: tuple[Hole, ...]
    drawing: Drawing | None
    without_areas: tuple[Body, ...]
    without_categories: tuple[Body, ...]
    stranded: tuple[Stranded, ...]
    more_stranded: int
    unanswered: tuple[Category, ...]
    """Whose body asks for the number of a property or street, and no gazetteer was taken in."""

    @property
    def is_whole(self) -> bool:
        """Whether every point has a body and every category an address."""
        return not (
            self.holes
            or self.without_areas
            or self.without_categories
            or self.stranded
            or self.unanswered
        )


def coverage() -> Coverage:
    """All that is missing. What takes long is kept until an area, a body or a contact changes."""
    ground = unserved_ground()
    in_use = Body.objects.filter(is_deleted=False).order_by("name")
    offered = Category.objects.filter(body=OuterRef("pk"), state__in=PICKED)
    stranded, more = _found_stranded(_contacts(), get_language() or "")
    return Coverage(
        holes=ground.holes,
        drawing=ground.drawing,
        without_areas=tuple(in_use.filter(areas=None)),
        without_categories=tuple(in_use.filter(~Exists(offered))),
        stranded=stranded,
        more_stranded=more,
        unanswered=() if has_addresses() else tuple(_asking_for_numbers()[:SHOWN]),
    )


def _asking_for_numbers() -> QuerySet[Category]:
    asked = Question.objects.filter(
        category=OuterRef("pk"),
        code__in=("uprn", "usrn"),
        automated=Question.Automated.SERVER_SET,
    )
    rows = Category.objects.filter(Exists(asked), body__is_deleted=False, state__in=PICKED)
    return rows.select_related("body").order_by("body__name", "name")


@dataclass(frozen=True, slots=True)
class Unserved:
    """The ground without a body: by area, as a drawing, and as GeoJSON with the box around it."""

    holes: tuple[Hole, ...]
    drawing: Drawing | None
    shape: dict[str, Any] | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class _GroundVersion:
    """Differs when a boundary, an area's name or what bodies answer for has changed."""

    today: date
    areas: int
    changed: datetime | None
    answered: frozenset[int]


def unserved_ground() -> Unserved:
    """Points without a body, today. Boundaries are read only when something has changed."""
    known = Area.objects.aggregate(areas=Count("id"), changed=Max("changed"))
    theirs = Body.areas.through.objects.filter(body__is_deleted=False)
    answered = frozenset(theirs.values_list("area_id", flat=True))
    return _measured(_GroundVersion(clock.now().date(), **known, answered=answered))


@lru_cache(maxsize=1)
def _measured(version: _GroundVersion) -> Unserved:
    grounds = list(_grounds(version))
    found = Unserved(tuple(holes(grounds)), drawing(grounds))
    shape = unserved(grounds) if found.holes else None
    if shape is None:
        return found
    return replace(found, shape=json.loads(shapely.to_geojson(shape)), box=Box(*shape.bounds))


#: States in which people, or staff, can pick a category.
PICKED = (Category.State.CONFIRMED, Category.State.UNCONFIRMED, Category.State.STAFF)


def _grounds(version: _GroundVersion) -> Iterator[Ground]:
    """Those of today: one that is over or has not begun holds no point (`areas.areas_at`)."""
    begun = Q(valid_from=None) | Q(valid_from__lte=version.today)
    lasts = Q(valid_to=None) | Q(valid_to__gt=version.today)
    for area in Area.objects.filter(begun, lasts).order_by("id").iterator(chunk_size=200):
        shape = shapely.make_valid(shapely.from_wkb(bytes(area.boundary)))
        yield Ground(area.pk, area.name, shape, area.pk in version.answered)


#: All that `why_nowhere` looks at, and what the list shows.
_CONTACTS = """
SELECT
 (SELECT md5(string_agg(concat_ws('|', id, body_id, name, state, service_code, emails,
   bounced_emails, connection_id, is_devolved_to_email), ',' ORDER BY id)) FROM bodies_category),
 (SELECT md5(string_agg(concat_ws('|', id, name, is_deleted, can_be_devolved,
   coalesce(sending_connection_id, 0)), ',' ORDER BY id)) FROM bodies_body),
 (SELECT md5(string_agg(concat_ws('|', id, kind), ',' ORDER BY id))
  FROM connections_connection)
"""


def _contacts() -> tuple[str, ...]:
    """Differs when a category, a body or a connection has another way to go."""
    with database.cursor() as cursor:
        cursor.execute(_CONTACTS)
        return tuple(cursor.fetchone())


@lru_cache(maxsize=4)
def _found_stranded(_contacts: object, _language: str) -> tuple[tuple[Stranded, ...], int]:
    """The first of them, and how many more there are."""
    found = list(_stranded())
    return tuple(found[:SHOWN]), max(len(found) - SHOWN, 0)


def _stranded() -> Iterator[Stranded]:
    """Only those that could be so are looked at: the rest have both addresses, and work."""
    suspects = Category.objects.filter(
        Q(service_code="") | Q(emails=[]) | ~Q(bounced_emails={}) | Q(state="unconfirmed"),
        body__is_deleted=False,
        state__in=PICKED,
    )
    suspects = suspects.select_related("body__sending_connection", "connection")
    for category in suspects.order_by("body__name", "name").iterator(chunk_size=2000):
        if reason := why_nowhere(category):
            yield Stranded(category, reason)


def why_nowhere(category: Category) -> str:
    """Why reports of a category reach nobody, in words; "" when they do (or are refused openly)."""
    connection = category.connection_for_sending
    kind = backend_classes().get(connection.kind if connection else "email")
    if kind is None:
        return _("Its send method is not installed.")
    if kind.takes_none or kind.keeps_here:
        return ""
    missing = kind.missing_address(
        emails=tuple(category.emails), service_code=category.service_code
    )
    if missing:
        return _(missing)
    if kind.wants_mail:
        if category.state == Category.State.UNCONFIRMED:
            return _("its address is not confirmed yet.")
        if {address.lower() for address in category.emails} <= set(category.bounced_emails):
            return _("mail came back from every address.")
    return ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """What is odd about a body's categories, a line each."""

    nowhere: tuple[str, ...]
    ignored: tuple[str, ...]
    """Those with a send method of their own that does not count."""


def state_of_contacts(body: Body) -> Contacts:
    """What an operator should know of a body's categories after a change of its way."""
    rows = Category.objects.filter(body=body, state__in=PICKED).order_by("name")
    categories = list(rows.select_related("body__sending_connection", "connection"))
    reasons = ((one.name, why_nowhere(one)) for one in categories)
    return Contacts(
        nowhere=tuple(f"{name}: {reason}" for name, reason in reasons if reason),
        ignored=tuple(one.name for one in categories if one.own_choice_is_ignored),
    )


def unlisted_codes(body: Body, opened: Opened) -> Iterator[str]:
    """Categories that go over a connection and whose code its list of services has not.

    Asks the system. Raises BackendError when there is no list to be had.
    """
    if not opened.backend.can(Capability.LISTS_SERVICES):
        return
    codes = {service.service_code for service in opened.backend.list_services(Notes())}
    rows = Category.objects.filter(body=body, state__in=PICKED).exclude(service_code="")
    for category in rows.select_related("body", "connection").order_by("name"):
        if not category.is_devolved and category.service_code not in codes:
            values = {"code": category.service_code, "category": category.name}
            yield (
                _("There is no service %(code)s, the code of the category “%(category)s”.") % values
            )
