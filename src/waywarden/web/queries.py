"""What the pages read: lists of a site, bodies with counts, what became of a report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from waywarden.areas.models import Area
from waywarden.areas.queries import areas_at
from waywarden.bodies.models import Body
from waywarden.bodies.queries import body_ids_of
from waywarden.geo.points import Point
from waywarden.kernel.cobrand import Cobrand
from waywarden.reports import states
from waywarden.reports.clusters import counts_by_body, totals
from waywarden.reports.figure_queries import Line
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.queries import public_reports
from waywarden.reports.states import PinClass
from waywarden.reports.story_queries import Story
from waywarden.sending.models import Delivery
from waywarden.sending.queries import AtBody, for_report

#: Reports on one page of a list.
PAGE = 30
_SENT = (Delivery.State.SENT, Delivery.State.PENDING)
_STOPPED = (Delivery.State.REFUSED, Delivery.State.CANCELLED)


def site_reports(cobrand: Cobrand) -> QuerySet[Report]:
    """The public reports that a site shows."""
    found = public_reports()
    if cobrand.bodies:
        found = found.filter(at_bodies__body__slug__in=cobrand.bodies).distinct()
    return found


def for_list(found: QuerySet[Report]) -> QuerySet[Report]:
    """The same with what a list shows of each."""
    return found.prefetch_related("photos")


def newest(cobrand: Cobrand, most: int) -> list[Report]:
    """The newest reports of a site."""
    return list(for_list(site_reports(cobrand)).order_by("-confirmed_at", "-id")[:most])


def recently_fixed(cobrand: Cobrand, most: int) -> list[Report]:
    """The reports of a site that were fixed last."""
    fixed = site_reports(cobrand).filter(state__in=states.FIXED, state_changed_at__isnull=False)
    return list(for_list(fixed).order_by("-state_changed_at", "-id")[:most])


def site_bodies(cobrand: Cobrand) -> QuerySet[Body]:
    """The bodies in use that a site shows."""
    found = Body.objects.filter(is_deleted=False)
    return found.filter(slug__in=cobrand.bodies) if cobrand.bodies else found


def site_areas(cobrand: Cobrand) -> tuple[int, ...]:
    """The areas that the bodies of a site answer for."""
    found = site_bodies(cobrand).exclude(areas=None).values_list("areas", flat=True)
    return tuple(found.distinct().order_by())


@dataclass(frozen=True, slots=True)
class BodyCounts:
    """A body, how many public reports of each class it has, and how it did in the last year."""

    body: Body
    counts: dict[PinClass, int]
    figures: Line | None = None

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Class and count, in the order of the pins."""
        return [(kind.value, self.counts[kind]) for kind in PinClass]


def with_counts(bodies: Iterable[Body], figures: Mapping[int, Line]) -> list[BodyCounts]:
    """Some bodies with their counts, which may be a minute old."""
    counts, none = counts_by_body(), dict.fromkeys(PinClass, 0)
    return [
        BodyCounts(body, none | counts.get(body.pk, {}), figures.get(body.pk)) for body in bodies
    ]


def site_totals(cobrand: Cobrand) -> dict[PinClass, int]:
    """How many public reports of each class a site shows; may be a minute old."""
    if not cobrand.bodies:
        return totals()
    counts = counts_by_body()
    found = dict.fromkeys(PinClass, 0)
    for body_id in body_ids_of(cobrand.bodies):
        for kind, count in counts.get(body_id, {}).items():
            found[kind] += count
    return found


def areas_of_place(place: Point) -> list[Area]:
    """The areas that hold a place, smallest first, without their boundaries."""
    ids = areas_at(lat=place.lat, lon=place.lon)
    rows = Area.objects.filter(pk__in=ids).defer("boundary").in_bulk()
    return [rows[number] for number in ids if number in rows]


@dataclass(frozen=True, slots=True)
class Way:
    """How far a report has come to one body. `standing` is sent, own, stopped or waiting."""

    row: ReportBody
    standing: str
    due_at: datetime | None = None
    """When it goes out, while it waits for that."""


def ways_of(story: Story) -> list[Way]:
    """The way to each body that a report is for."""
    is_sent = story.report.is_born_there or all(row.sent_at for row in story.at_bodies)
    found = () if is_sent else for_report(story.report.pk)
    latest = {one.body_id: one for one in found}
    return [_way(row, latest.get(row.body_id), story) for row in story.at_bodies]


def _way(row: ReportBody, delivery: AtBody | None, story: Story) -> Way:
    state = delivery.state if delivery else ""
    waits = delivery is not None and state == Delivery.State.QUEUED
    return Way(row, _standing(row, state, story), delivery.due_at if delivery and waits else None)


def _standing(row: ReportBody, delivery: str, story: Story) -> str:
    if story.report.is_born_there:
        return "own"
    if row.sent_at or delivery in _SENT:
        return "sent"
    return "stopped" if delivery in _STOPPED else "waiting"


def updates_by(user_id: int) -> QuerySet[Update]:
    """A person's shown updates with their reports, newest first."""
    found = Update.objects.filter(user_id=user_id, visibility=Update.Visibility.SHOWN, body=None)
    report = Prefetch("report", Report.objects.all())
    return found.prefetch_related(report).order_by("-confirmed_at")
