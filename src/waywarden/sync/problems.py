"""What a row of a body's list of problems becomes: a report, or nothing and why. Reads no tables.

integration.md 4, *Ongoing*; a bulk import judges by the same rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from waywarden.areas.queries import areas_at_each
from waywarden.backends.contract import Mapped
from waywarden.bodies.models import Body, Category
from waywarden.geo.points import Point
from waywarden.kernel.text import one_line
from waywarden.open311.types import Deviation, ServiceRequest
from waywarden.reports.fetched_ledger import OWN_NAMES
from waywarden.reports.fetched_report_services import OTHER, FetchedReport
from waywarden.reports.states import Family, State, family_of
from waywarden.sync.exclusions import Exclusions
from waywarden.sync.models import SetAside
from waywarden.sync.rows import KEY_LENGTH

#: A service's name or code is listed so far.
SERVICE_LENGTH = 200
_KEPT = ("status_notes", "agency_responsible", "service_notice", "service_code", "service_name")


class Rejected(Exception):
    """A row is not taken in. Without a reason it is dropped; with one it is set aside."""

    def __init__(self, words: str, reason: SetAside.Reason | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that becomes a report of one body."""

    body: Body
    report: FetchedReport
    category: Category | None
    """None where the service has none: the report goes to "Other"."""
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """All that decides about the rows of one source; read once for many."""

    bodies: tuple[Body, ...]
    areas: Mapping[int, frozenset[int]]
    """Body → its areas."""
    by_code: Mapping[tuple[int, str], Category]
    """(body, service code) → category, by code or because a person matched them."""
    by_name: Mapping[tuple[int, str], Category]
    """(body, name) → category of services without a code that a person matched."""
    others: Mapping[int, Category]
    exclusions: Exclusions
    state_for: Callable[[str], Mapped]
    _mapped: dict[str, Mapped] = field(default_factory=dict)
    _titles: dict[tuple[str, str], str] = field(default_factory=dict)
    _bodies: dict[tuple[int, ...], tuple[Body, ...]] = field(default_factory=dict)

    def mapped(self, status: str) -> Mapped:
        """What a status means; each word is asked about once."""
        found = self._mapped.get(status)
        if found is None:
            found = self._mapped[status] = self.state_for(status)
        return found

    def title_for(self, service: str, category: str) -> str:
        """The title of a problem that has none; each service's is made once."""
        found = self._titles.get((service, category))
        if found is None:
            name = one_line(service) or category
            found = _("%(service)s problem") % {"service": name} if name else _("Problem")
            self._titles[service, category] = found
        return found

    def bodies_in(self, area_ids: tuple[int, ...]) -> tuple[Body, ...]:
        """The bodies that answer for any of the areas; asked once of each set of areas."""
        found = self._bodies.get(area_ids)
        if found is None:
            found = tuple(
                body for body in self.bodies if not self.areas[body.pk].isdisjoint(area_ids)
            )
            self._bodies[area_ids] = found
        return found


def judge(
    rows: Sequence[ServiceRequest], rules: Rules, *, now: datetime
) -> list[Accepted | Rejected]:
    """The verdict on each row, in their order. Places are looked up all at once."""
    places = [_place_of(row) for row in rows]
    on_earth = [place for place in places if isinstance(place, Point)]
    found = iter(
        areas_at_each(
            lats=[place.lat for place in on_earth], lons=[place.lon for place in on_earth]
        )
    )
    verdicts: list[Accepted | Rejected] = []
    for row, place in zip(rows, places, strict=True):
        area_ids = next(found) if isinstance(place, Point) else ()
        try:
            verdicts.append(_verdict(row, place, area_ids, rules=rules, now=now))
        except Rejected as rejected:
            verdicts.append(rejected)
    return verdicts


def _verdict(
    row: ServiceRequest,
    place: Point | Rejected,
    area_ids: tuple[int, ...],
    *,
    rules: Rules,
    now: datetime,
) -> Accepted:
    if not row.service_request_id:
        raise Rejected(_("It has no id (it may still come)."))
    if len(row.service_request_id) > KEY_LENGTH:
        raise Rejected(_("Its id is too long."), SetAside.Reason.BAD_ID)
    mapped = rules.mapped(row.status)
    if mapped.is_ignored:
        raise Rejected(_("The connection drops its status, %(status)s.") % {"status": row.status})
    if isinstance(place, Rejected):
        raise place
    bodies = rules.bodies_in(area_ids)
    if not bodies:
        raise Rejected(
            _("Its place, %(place)s, is outside the body’s areas.") % {"place": place},
            SetAside.Reason.OUTSIDE,
        )
    body = next((one for one in bodies if (one.pk, row.service_code) in rules.by_code), bodies[0])
    known, said = (
        (rules.by_code, row.service_code)
        if row.service_code
        else (rules.by_name, row.service_name[:SERVICE_LENGTH])
    )
    category = known.get((body.pk, said))
    is_private = row.non_public or (category is not None and category.is_private)
    rule = rules.exclusions.rule_for(row, is_private=is_private, now=now)
    if rule is not None:
        raise Rejected(_("A rule keeps it out: %(rule)s.") % {"rule": rule})
    return _accepted(
        row, place, area_ids, body=body, category=category, rules=rules, now=now
    )  # fmt: skip


def _accepted(
    row: ServiceRequest,
    place: Point,
    area_ids: tuple[int, ...],
    *,
    body: Body,
    category: Category | None,
    rules: Rules,
    now: datetime,
) -> Accepted:
    deviations: list[Deviation] = []
    mapped = rules.mapped(row.status)
    if not mapped.is_known:
        message = f"The status {row.status!r} is not known; the report was taken in as open."
        deviations.append(_deviation(row, "unknown-status", message))
    requested_at = _requested_at(row, deviations, now=now)
    held = category or rules.others.get(body.pk)
    report = FetchedReport(
        external_id=row.service_request_id,
        title=_title_of(row, held, rules),
        detail=row.description,
        category_name=held.name if held else OTHER,
        category_id=held.pk if held else None,
        group=_group_of(row, held),
        lat=place.lat,
        lon=place.lon,
        area_ids=area_ids,
        nearest_address=row.address,
        state=_state_of(mapped.state),
        status=row.status,
        is_private=row.non_public or (held is not None and held.is_private),
        requested_at=requested_at,
        changed_at=max(requested_at, min(row.updated_datetime or requested_at, now)),
        extras=_extras_of(row),
    )
    return Accepted(body, report, category, tuple(deviations))


def _place_of(row: ServiceRequest) -> Point | Rejected:
    if row.lat is None or row.long is None:
        return Rejected(_("It has no place."), SetAside.Reason.NO_PLACE)
    try:
        return Point(row.lat, row.long)
    except ValueError:
        words = _("Its place, %(lat)s, %(long)s, is not on earth.")
        place = {"lat": row.lat, "long": row.long}
        return Rejected(words % place, SetAside.Reason.NO_PLACE)


@cache
def _state_of(state: str) -> State:
    """A state to begin with: open unless the body says another that people can see."""
    if not state or family_of(state) is Family.HIDDEN:
        return State.CONFIRMED
    return State(state)


def _requested_at(
    row: ServiceRequest, deviations: list[Deviation], *, now: datetime
) -> datetime:  # fmt: skip
    said = row.requested_datetime or row.updated_datetime
    if said is None:
        message = "A problem has no date; that of fetching is shown."
        deviations.append(_deviation(row, "request-without-date", message))
        return now
    if said > now:
        message = "A problem's date lies in the future."
        deviations.append(_deviation(row, "request-in-the-future", message))
        return now
    return said


def _title_of(row: ServiceRequest, category: Category | None, rules: Rules) -> str:
    title = one_line(row.title) if row.title else ""
    return title or rules.title_for(row.service_name, category.name if category else "")


def _group_of(row: ServiceRequest, category: Category | None) -> str:
    said = one_line(row.extras["group"]) if "group" in row.extras else ""
    if category is None:
        return said
    return said if said in category.groups else next(iter(category.groups), "")


def _extras_of(row: ServiceRequest) -> dict[str, Any]:
    """What a report has no place for, kept at the body's row."""
    extras: dict[str, Any] = {
        name: value for name, value in row.extras.items() if name not in OWN_NAMES
    }
    for name in _KEPT:
        value = getattr(row, name)
        if value:
            extras[name] = value
    if row.expected_datetime is not None:
        extras["expected_datetime"] = row.expected_datetime.isoformat()
    if row.media_urls:
        extras["media_urls"] = list(row.media_urls)
    return extras


def _deviation(row: ServiceRequest, code: str, message: str) -> Deviation:
    return Deviation(code, message, f"request {row.service_request_id}")
