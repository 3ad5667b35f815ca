"""What other applications may read: rows of reports and updates, and whether anything changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import islice
from math import cos, radians, sin
from operator import or_
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Cos, Power, Radians, Sin

from waywarden.bodies.models import Body, Category
from waywarden.events.models import Event
from waywarden.geo.cells import spans_of_box
from waywarden.geo.points import EARTH_RADIUS, Box, Point
from waywarden.kernel import clock
from waywarden.open311 import types
from waywarden.open311.filters import LONGEST_SPAN, MOST_ROWS
from waywarden.open311.statuses import wire_for
from waywarden.reports import states
from waywarden.reports.models import OtherReference, Photo, Report, ReportBody, Update
from waywarden.reports.pins import with_words
from waywarden.reports.states import State

#: Facts that are counted beside the newest number: a transaction may commit after a later one.
LATE_FACTS = 1000
#: As the indexes of public reports say it: so the database sees that they fit.
_UNSEEN = [State.UNCONFIRMED.value, State.HIDDEN.value]
_LARGEST_ID = 2**63 - 1
#: The last moment that a whole span can follow.
_LATEST_START = datetime.max.replace(tzinfo=UTC) - LONGEST_SPAN
_REPORT_FIELDS = (
    "id", "title", "detail", "category_name", "state", "lat", "lon", "nearest_address",
    "confirmed_at", "changed", "is_private", "name", "is_name_public",
)  # fmt: skip
_UPDATE_FIELDS = (
    "id", "report_id", "state_then", "text", "confirmed_at", "external_status_code",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """Whose eyes look: the bodies asked about (None: all), and for a body's key that body."""

    base_url: str
    body_ids: tuple[int, ...] | None = None
    own_body_id: int | None = None
    sees_private: bool = False


@dataclass(slots=True)
class _Beside:
    """What stands beside a piece of reports: their rows at bodies, their photos."""

    codes: dict[int, str] = field(default_factory=dict)
    references: dict[int, str] = field(default_factory=dict)
    bodies: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    photos: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


_REVISION = f"""
WITH newest AS (SELECT max(id) AS id FROM {Event._meta.db_table})
SELECT newest.id,
  (SELECT count(*) FROM {Event._meta.db_table} AS event WHERE event.id > newest.id - %s),
  (SELECT max(id) FROM {LogEntry._meta.db_table})
FROM newest
"""  # noqa: S608 - the names of our own tables


def revision() -> str:
    """A mark that every public change raises: facts, what was changed by hand, and the day.

    One question by primary keys, the same however many reports there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REVISION, [LATE_FACTS])
        marks = cursor.fetchone()
    return ".".join(str(mark) for mark in (*marks, clock.now().date()))


def is_known_at(body_id: int, reference: str) -> bool:
    """Whether a body's reference stands on a report already."""
    return any(
        model.objects.filter(body=body_id, external_id=reference).exists()
        for model in (ReportBody, OtherReference)
    )


def request_rows(view: View, query: types.RequestQuery) -> list[types.ServiceRequest]:
    """One page of reports, newest first; the longest quiet first where `updated_after` is asked."""
    found = _found(view, query)
    size = query.page_size or MOST_ROWS
    start = (query.page - 1) * size
    if start > _LARGEST_ID // 2:
        return []
    rows = list(found.values_list(*_REPORT_FIELDS)[start : start + size])
    beside = _beside([row[0] for row in rows], view)
    return [_request_of(row, beside, view) for row in rows]


def _visible(view: View, *, with_unsent: bool = False) -> QuerySet[Report]:
    found = Report.objects.exclude(state__in=_UNSEEN)
    at_body = ReportBody.objects.filter(report=OuterRef("pk"))
    if view.own_body_id is None or not view.sees_private:
        found = found.filter(is_private=False)
    if view.own_body_id is not None:
        at_body = at_body.filter(body=view.own_body_id)
        if view.sees_private:  # one that has gone to another body is private from this one, too
            found = found.filter(Q(is_private=False) | Exists(at_body.filter(left_at=None)))
        if not with_unsent:
            # What has no reference yet is not there yet for the body.
            at_body = at_body.exclude(external_id="")
        return found.filter(Exists(at_body))
    if view.body_ids is not None:
        return found.filter(Exists(at_body.filter(body__in=view.body_ids)))
    return found


def _found(view: View, query: types.RequestQuery) -> QuerySet[Report]:
    if query.service_request_ids:
        return _named(view, query.service_request_ids).order_by("-confirmed_at", "-id")
    found = _visible(view)
    if query.service_codes:
        at_body = ReportBody.objects.filter(
            report=OuterRef("pk"), category__slug__in=query.service_codes
        )
        if view.own_body_id is not None:
            at_body = at_body.filter(body=view.own_body_id)
        found = found.filter(Exists(at_body))
    if query.statuses:
        found = found.filter(state__in=states_for(query.statuses))
    if query.words:
        found = with_words(found, query.words)
    return _in_time(_in_place(found, query), query)


def _named(view: View, ids: Sequence[str]) -> QuerySet[Report]:
    """By our numbers; for a body by its references, and by ours while it has given none."""
    found = _visible(view, with_unsent=True)
    numbers = [int(one) for one in ids if one.isascii() and one.isdigit() and len(one) < 19]
    if view.own_body_id is None:
        return found.filter(pk__in=numbers[:MOST_ROWS])
    theirs = ReportBody.objects.filter(
        Q(external_id__in=ids[:MOST_ROWS]) | Q(external_id="", report__in=numbers[:MOST_ROWS]),
        body=view.own_body_id,
    )
    earlier = OtherReference.objects.filter(body=view.own_body_id, external_id__in=ids[:MOST_ROWS])
    numbers = [
        *theirs.values_list("report_id", flat=True),
        *earlier.values_list("report_id", flat=True),
    ]
    return found.filter(pk__in=numbers)


def states_for(words: Iterable[str]) -> list[str]:
    """The states that status words ask for; `open`, `fixed` and `closed` mean families.

    GeoReport knows only open and closed: to it what is fixed is closed.
    """
    families = {
        "open": states.OPEN,
        "fixed": states.FIXED,
        "closed": (*states.CLOSED, *states.FIXED),
    }
    found: set[str] = set()
    for word in words:
        family = families.get(word)
        found |= set(family or (one for one in states.VISIBLE if status_of(one) == word))
    return sorted(found)


def status_of(state: str) -> str:
    """The word on the wire for a state, lower case."""
    return wire_for(state, extended=True).lower()


def _in_time(found: QuerySet[Report], query: types.RequestQuery) -> QuerySet[Report]:
    """The dates of a query; without any, the last 90 days."""
    changes = {
        "changed__gte": query.updated_after,
        "changed__lt": query.updated_before,
    }
    found = found.filter(**{name: moment for name, moment in changes.items() if moment})
    start, end = query.start_date, query.end_date
    if start is None and end is None and query.updated_after is not None:
        return found.order_by("changed", "id")
    first, last = span_of(start, end)
    return found.filter(confirmed_at__gte=first, confirmed_at__lte=last).order_by(
        "-confirmed_at", "-id"
    )


def span_of(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The span that two dates mean, of which either may be missing: at most 90 days."""
    if start is None:
        end = end or clock.now() + timedelta(minutes=1)
        return end - LONGEST_SPAN, end
    return start, end or min(start, _LATEST_START) + LONGEST_SPAN


def _in_place(found: QuerySet[Report], query: types.RequestQuery) -> QuerySet[Report]:
    if query.bounds is not None:
        edges = query.bounds
        found = _in_box(found, Box(edges.west, edges.south, edges.east, edges.north))
    near = query.near
    if near is None:
        return found
    found = _in_box(found, Box.around(Point(near.lat, near.long), near.radius))
    half_lat = Power(Sin(Radians(F("lat") - Value(near.lat)) / 2), 2)
    half_lon = Power(Sin(Radians(F("lon") - Value(near.long)) / 2), 2)
    square = half_lat + Cos(Radians(F("lat"))) * Value(cos(radians(near.lat))) * half_lon
    return found.alias(square=square).filter(square__lte=sin(near.radius / EARTH_RADIUS / 2) ** 2)


def _in_box(found: QuerySet[Report], box: Box) -> QuerySet[Report]:
    halves = (Q(lon__gte=half.west, lon__lte=half.east) for half in box.halves())
    spans = (Q(cell__gte=span.first, cell__lte=span.last) for span in spans_of_box(box))
    return found.filter(
        reduce(or_, halves), reduce(or_, spans), lat__gte=box.south, lat__lte=box.north
    )


# A list of a thousand numbers costs the ORM more than all else; as one array it costs nothing.
_AT_BODIES = f"""
SELECT at.report_id, at.body_id, category.slug, at.external_id, body.name
FROM {ReportBody._meta.db_table} AS at
JOIN {Body._meta.db_table} AS body ON body.id = at.body_id
LEFT JOIN {Category._meta.db_table} AS category ON category.id = at.category_id
WHERE at.report_id = ANY(%s) ORDER BY at.id
"""  # noqa: S608 - the names of our own tables
_PHOTOS = f"""
SELECT report_id, key FROM {Photo._meta.db_table} WHERE report_id = ANY(%s) ORDER BY "order", id
"""  # noqa: S608 - the names of our own tables


def _beside(report_ids: list[int], view: View) -> _Beside:
    beside = _Beside()
    with connection.cursor() as cursor:
        cursor.execute(_AT_BODIES, [report_ids])
        for report_id, body_id, code, reference, name in cursor.fetchall():
            is_asked = view.body_ids is None or body_id in view.body_ids
            if code and (is_asked or report_id not in beside.codes):
                beside.codes[report_id] = code
            if body_id == view.own_body_id:
                beside.references[report_id] = reference
            beside.bodies[report_id].append(name)
        cursor.execute(_PHOTOS, [report_ids])
        for report_id, key in cursor.fetchall():
            beside.photos[report_id].append(f"{view.base_url}/photo/{key}.jpg")
    return beside


def _request_of(row: tuple[Any, ...], beside: _Beside, view: View) -> types.ServiceRequest:
    (
        number, title, detail, category, state, lat, lon, near,
        confirmed_at, changed, is_private, name, is_name_public,
    ) = row  # fmt: skip
    is_own = view.own_body_id is not None
    return types.ServiceRequest(
        service_request_id=beside.references.get(number) or str(number),
        status=status_of(state),
        service_name=category,
        service_code=beside.codes.get(number, ""),
        title=title,
        description=detail or title,
        agency_responsible=", ".join(beside.bodies[number]),
        requested_datetime=confirmed_at,
        updated_datetime=changed,
        address=near,
        lat=round(lat, 5),
        long=round(lon, 5),
        media_urls=tuple(beside.photos[number]),
        non_public=is_private,
        contact_name=name if is_name_public else "",
        extras={"fixmystreet_id": str(number)} if is_own else {},
    )


_SETS_A_STATE = Update.objects.filter(
    report=OuterRef("report"), visibility=Update.Visibility.SHOWN
).exclude(state="")
#: What the report was once an update was made. One that sets no state tells the one before it;
#: where no update ever set one, the report is what it was made as.
_STATE_THEN = Case(
    When(~Q(state=""), then=F("state")),
    default=Coalesce(
        Subquery(
            _SETS_A_STATE.filter(confirmed_at__lte=OuterRef("confirmed_at"))
            .order_by("-confirmed_at", "-id")
            .values("state")[:1]
        ),
        Case(
            When(Exists(_SETS_A_STATE), then=Value(State.CONFIRMED.value)),
            default=F("report__state"),
        ),
    ),
)


def update_rows(
    view: View, *, since: datetime, until: datetime
) -> Iterator[types.ServiceRequestUpdate]:
    """The updates that show of a span, oldest first, streamed."""
    found = (
        Update.objects.filter(
            visibility=Update.Visibility.SHOWN, confirmed_at__gte=since, confirmed_at__lte=until
        )
        .filter(Exists(_visible(view).filter(pk=OuterRef("report"))))
        .annotate(state_then=_STATE_THEN)
        .order_by("confirmed_at", "id")
    )
    rows = found.values_list(*_UPDATE_FIELDS).iterator(chunk_size=MOST_ROWS)
    while piece := list(islice(rows, MOST_ROWS)):
        yield from _updates_of(piece, view)


def _updates_of(piece: list[tuple[Any, ...]], view: View) -> Iterator[types.ServiceRequestUpdate]:
    photos: defaultdict[int, list[str]] = defaultdict(list)
    held = Photo.objects.filter(update__in=[row[0] for row in piece]).order_by("order", "id")
    for update_id, key in held.values_list("update_id", "key"):
        photos[update_id or 0].append(f"{view.base_url}/photo/{key}.jpg")
    references: dict[int, str] = {}
    if view.own_body_id is not None:
        at_body = ReportBody.objects.filter(
            body=view.own_body_id, report__in={row[1] for row in piece}
        )
        references = dict(at_body.values_list("report_id", "external_id"))
    for number, report_id, state, text, confirmed_at, code in piece:
        yield types.ServiceRequestUpdate(
            update_id=str(number),
            service_request_id=references.get(report_id, str(report_id)),
            status=status_of(state),
            updated_datetime=confirmed_at,
            description=text,
            media_urls=tuple(photos[number]),
            external_status_code=code,
            fixmystreet_id=report_id if references else None,
        )
