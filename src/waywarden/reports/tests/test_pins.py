"""Counts by square under every write, and what a map shows of a box."""

import contextlib
from collections import Counter
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import ProtectedError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waywarden.bodies.models import Body
from waywarden.geo.points import Box, Point
from waywarden.kernel import clock
from waywarden.reports import fetched_report_services, services
from waywarden.reports.clusters import count_about, counts_by_body, look, totals
from waywarden.reports.count_services import fold_pin_counts
from waywarden.reports.duplicates import lookalikes
from waywarden.reports.fetched_report_services import FetchedReport
from waywarden.reports.fetched_services import Credit
from waywarden.reports.models import PinCount, Report, ReportBody
from waywarden.reports.pins import Filters, Order, Slice, numbers_in, search_of
from waywarden.reports.services import NewReport
from waywarden.reports.states import PinClass, State, pin_class_of

pytestmark = pytest.mark.django_db
MIDDLE = Point(1.5, 1.5)
AROUND = Box.around(MIDDLE, 20_000)
WORLD = Box(-180, -85, 180, 85)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def make(body=None, *, lat=1.5, lon=1.5, state="confirmed", age=timedelta(hours=1), **values):
    """A report straight into the table."""
    moment = clock.now() - age
    usual = {"title": "A lamp", "category_name": "Lamps", "created": moment, "changed": moment}
    report = Report.objects.create(
        lat=lat, lon=lon, cell=Point(lat, lon).cell, state=state, confirmed_at=moment,
        **usual | values,
    )  # fmt: skip
    if body is not None:
        ReportBody.objects.create(report=report, body=body)
    return report


def kept() -> Counter:
    """What the rows of counts add up to."""
    found: Counter = Counter()
    for row in PinCount.objects.all():
        key = (row.body_id, row.cell, row.category, row.kind)
        for index, number in enumerate((row.count, row.lat_sum, row.lon_sum)):
            found[(*key, index)] += number
    return Counter({key: number for key, number in found.items() if number})


def plain() -> Counter:
    """The same, counted from the reports one by one."""
    found: Counter = Counter()
    for report in Report.objects.prefetch_related("at_bodies"):
        kind = pin_class_of(report.state)
        if kind is None or report.is_private:
            continue
        for body_id in (0, *(row.body_id for row in report.at_bodies.all() if row.left_at is None)):
            key = (body_id, report.cell >> 32, report.category_name, kind.value)
            numbers = (1, round(report.lat * 1e6), round(report.lon * 1e6))
            for index, number in enumerate(numbers):
                found[(*key, index)] += number
    return Counter({key: number for key, number in found.items() if number})


@pytest.mark.parametrize("state", list(State))
def test_the_database_knows_the_class_of_every_state_as_we_do(state):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reports_pin_class(%s, false), reports_pin_class(%s, true)", [state] * 2
        )
        seen, private = cursor.fetchone()
    kind = pin_class_of(state)
    assert seen == (kind.value if kind else None)
    assert private is None


class Writer:
    """Writes as the rooms above do, in any order."""

    def __init__(self, place):
        self.place = place
        self.bodies = list(Body.objects.order_by("pk"))
        self.number = 0

    def pick(self, number):
        """One of the reports there are."""
        rows = list(Report.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def report(self, number):
        """By a person, confirmed at once or not."""
        new = NewReport(
            title="Litter", detail="", category_name="Litter", email="rosa@example.org",
            name="Rosa", lat=1.5 + number % 7 / 100, lon=1.5 + number % 3 / 100,
        )  # fmt: skip
        services.create_report(new, user=self.place.rosa if number % 2 else None)

    def confirm(self, number):
        """What waits, or what does not."""
        if report := self.pick(number):
            services.confirm_report(report.pk, user=self.place.rosa)

    def hide(self, number):
        """Taken down."""
        if report := self.pick(number):
            services.hide_report(report.pk, user=self.place.oskar)

    def bring(self, number):
        """Born in a body's system, some of them private."""
        self.number += 1
        moment = clock.now()
        rows = [
            FetchedReport(
                external_id=f"E{self.number}-{turn}", title="Born there", detail="", group="",
                category_name=("Litter", "Potholes")[turn % 2], category_id=None, area_ids=(),
                lat=1.5 + turn / 50, lon=1.5, nearest_address="", status="",
                state=list(State)[number % 17], is_private=turn == 2,
                requested_at=moment, changed_at=moment,
            )
            for turn in range(3)
        ]  # fmt: skip
        fetched_report_services.store_fetched_reports(
            rows, body=self.bodies[number % 2], credit=Credit(1, "open311", None)
        )

    def state(self, number):
        """As an inspector or a poll sets it."""
        if report := self.pick(number):
            Report.objects.filter(pk=report.pk).update(state=list(State)[number % 17])

    def many(self, number):
        """All at once."""
        Report.objects.filter(category_name="Litter").update(state=list(State)[number % 17])

    def private(self, number):
        """And back."""
        if report := self.pick(number):
            Report.objects.filter(pk=report.pk).update(is_private=not report.is_private)

    def category(self, number):
        """Moved to another."""
        if report := self.pick(number):
            Report.objects.filter(pk=report.pk).update(category_name=f"Kind {number % 3}")

    def move(self, number):
        """To another place."""
        if report := self.pick(number):
            to = Point(1.4 + number % 11 / 50, 1.6)
            report.lat, report.lon, report.cell = to.lat, to.lon, to.cell
            report.save()

    def body(self, number):
        """A body more."""
        if report := self.pick(number):
            try:
                with transaction.atomic():
                    ReportBody.objects.create(report=report, body=self.bodies[number % 2])
            except IntegrityError:
                ReportBody.objects.filter(report=report).first().delete()

    def leave(self, number):
        """It goes from one body to another, or comes back."""
        if report := self.pick(number):
            rows = ReportBody.objects.filter(report=report)
            rows.update(left_at=clock.now() if number % 2 else None)

    def delete(self, number):
        """Gone altogether."""
        if report := self.pick(number):
            report.updates.all().delete()
            with contextlib.suppress(ProtectedError):  # it is on its way to a body
                report.delete()

    def fold(self, number):
        """The job runs."""
        fold_pin_counts(most=1 + number % 5)


ACTS = [name for name in vars(Writer) if not name.startswith("_") and name != "pick"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 400)), max_size=25))
def test_counts_are_what_a_plain_count_gives_after_any_writes(place, acts):
    with transaction.atomic():
        writer = Writer(place)
        for act, number in acts:
            getattr(writer, act)(number)
        assert kept() == plain()
        fold_pin_counts()
        assert kept() == plain()
        assert not PinCount.objects.filter(is_folded=False).exists()
        transaction.set_rollback(True)


def test_folding_makes_one_row_of_many_and_forgets_what_came_to_nothing(place):
    for _turn in range(5):
        make(place.county)
    gone = make(category_name="Gone")
    Report.objects.filter(pk=gone.pk).update(state="hidden")
    fold_pin_counts(most=2)
    rows = PinCount.objects.order_by("body_id").values_list("body_id", "count", "category")
    assert list(rows) == [(0, 5, "Lamps"), (place.county.pk, 5, "Lamps")]
    assert fold_pin_counts() == 0


def test_a_reports_row_at_a_body_is_never_given_to_another(place):
    report = make(place.county)
    with pytest.raises(ProgrammingError, match="never given"), transaction.atomic():
        ReportBody.objects.filter(report=report).update(body=place.town)


def test_counts_by_body_and_of_all(place):
    make(place.county)
    make(place.county, state="fixed")
    make(place.town, is_private=True)
    assert counts_by_body() == {place.county.pk: {PinClass.OPEN: 1, PinClass.FIXED: 1}}
    assert totals() == {
        PinClass.OPEN: 1, PinClass.PROGRESS: 0, PinClass.FIXED: 1, PinClass.CLOSED: 0,
    }  # fmt: skip


@pytest.mark.parametrize("metres", [30, 300, 3_000])
def test_what_a_small_box_holds_about_is_counted_once(place, metres):
    make()
    assert count_about(Box.around(MIDDLE, metres), Filters()) == 1


def test_few_reports_are_pins_at_every_zoom(place):
    report = make()
    for zoom in (2, 9, 14, 19):
        view = look(WORLD, Filters(), zoom=zoom)
        assert view.numbers == (report.pk,)
        assert not view.clusters


def crowd(count=8):
    """Half in one place, half 10 km off; every second one fixed."""
    return [
        make(lat=1.5 + (0.09 if turn % 2 else 0), state="fixed" if turn % 4 < 2 else "confirmed")
        for turn in range(count)
    ]


@pytest.mark.parametrize("zoom", [9, 13, 14, 15])
def test_many_reports_are_clusters_that_lie_where_their_reports_do(place, monkeypatch, zoom):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 3)
    crowd()
    clusters = look(AROUND, Filters(), zoom=zoom).clusters
    assert sorted((round(one.lat, 6), one.count, one.open) for one in clusters) == [
        (1.5, 4, 2), (1.59, 4, 2),
    ]  # fmt: skip
    assert not look(AROUND, Filters(), zoom=zoom).has_more


@pytest.mark.parametrize("by_body", [False, True])
def test_few_beside_many_are_pins_of_their_own_and_no_cluster_of_one(place, monkeypatch, by_body):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 3)
    for _turn in range(8):
        make(place.county, lat=1.5)
    alone = make(place.county, lat=1.62, state="fixed").pk
    pair = {make(place.county, lat=1.38).pk for _turn in range(2)}
    make(place.county, lat=1.62, state="hidden")
    filters = Filters(body_ids=(place.county.pk,)) if by_body else Filters()
    view = look(AROUND, filters, zoom=9)
    assert set(view.numbers) == {alone, *pair}
    assert [one.count for one in view.clusters] == [8]
    only_fixed = look(AROUND, Filters(classes=(PinClass.FIXED,)), zoom=9)
    assert only_fixed.numbers == (alone,)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(text="lam"),
        Filters(since=clock.now() - timedelta(days=1)),
        Filters(classes=(PinClass.OPEN, PinClass.FIXED), categories=("Lamps",)),
    ],
    ids=["text", "age", "counted"],
)
def test_clusters_hear_the_filters(place, monkeypatch, filters):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 3)
    crowd()
    make(title="A hole", category_name="Holes", age=timedelta(days=40), state="closed")
    clusters = look(AROUND, filters, zoom=9).clusters
    assert sorted(one.count for one in clusters) == [4, 4]


def test_of_too_many_for_pins_the_newest_are_shown_and_it_is_said(place, monkeypatch):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 2)
    make(age=timedelta(days=9))
    newest = [make(age=timedelta(hours=hours)).pk for hours in (1, 2)]
    view = look(AROUND, Filters(), zoom=17)
    assert view.numbers == tuple(newest)
    assert view.has_more


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("common", [0.0, 2.0], ids=["common", "rare"])
def test_every_way_to_look_finds_the_same(place, monkeypatch, is_wide, common):
    monkeypatch.setattr("waywarden.reports.pins._RARE", common)
    lamp = make(place.county, title="Lamp post leans", age=timedelta(days=3))
    hole = make(place.town, title="A hole", detail="Beside the lamp.", age=timedelta(days=2))
    make(place.town, title="A hole", lat=1.9)
    make(place.county, title="Lamp", is_private=True)
    make(place.county, title="Lamp", state="hidden")

    def found(order=Order.NEWEST, **filters):
        return numbers_in(AROUND, Filters(**filters), Slice(9, 0, order), is_wide=is_wide)

    assert found() == [hole.pk, lamp.pk]
    assert found(Order.OLDEST) == [lamp.pk, hole.pk]
    assert found(text="lamp") == [hole.pk, lamp.pk]
    assert found(text="LAMP lean") == [lamp.pk]
    assert found(text="lamp tree") == []
    assert found(text="!!") == []
    assert found(text="lamp", body_ids=(place.town.pk,)) == [hole.pk]
    assert found(body_ids=(place.county.pk,)) == [lamp.pk]
    assert found(body_ids=(-1,)) == []
    assert found(since=clock.now() - timedelta(days=2, hours=12)) == [hole.pk]
    Report.objects.filter(pk=lamp.pk).update(changed=clock.now())
    assert found(Order.CHANGED) == [lamp.pk, hole.pk]


@pytest.mark.parametrize("few", [0, 300], ids=["from one end", "by squares"])
def test_a_rare_category_is_found_the_same_both_ways(place, monkeypatch, few):
    monkeypatch.setattr("waywarden.reports.pins.FEW_SQUARES", few)
    old = make(place.county, age=timedelta(days=3), lat=1.2)
    new = make(place.county, age=timedelta(days=1))
    make(place.town, lat=1.9)
    make(place.county, state="hidden")
    Report.objects.filter(pk=old.pk).update(changed=clock.now())
    name = old.category_name

    def found(box=None, order=Order.NEWEST, **filters):
        asked = Filters(**{"categories": (name,), "body_ids": (place.county.pk,)} | filters)
        return numbers_in(box, asked, Slice(9, 0, order), is_wide=True)

    assert found() == [new.pk, old.pk]
    assert found(order=Order.OLDEST) == [old.pk, new.pk]
    assert found(order=Order.CHANGED) == [old.pk, new.pk]
    assert found(order=Order.UPDATES) == [new.pk, old.pk]
    assert found(categories=("Never there",)) == []
    assert found(classes=(PinClass.FIXED,)) == []
    assert found(since=clock.now() - timedelta(days=2)) == [new.pk]
    assert found(box=Box(-180, 1.1, 180, 1.3)) == [old.pk]


def test_a_list_goes_on_where_its_page_before_ended(place):
    numbers = [make(age=timedelta(hours=hours)).pk for hours in range(1, 8)]
    for is_wide in (False, True):
        pages = [
            numbers_in(AROUND, Filters(), Slice(3, first), is_wide=is_wide) for first in (0, 3, 6)
        ]
        assert pages == [numbers[:3], numbers[3:6], numbers[6:]]


def test_a_box_across_the_date_line_holds_both_its_sides(place):
    east, west = make(lat=0, lon=179.99), make(lat=0, lon=-179.99, age=timedelta(hours=2))
    make(lat=0, lon=0)
    box = Box(179.9, -1, -179.9, 1)
    assert numbers_in(box, Filters(), Slice(9)) == [east.pk, west.pk]
    assert set(look(box, Filters(), zoom=9).numbers) == {east.pk, west.pk}


@pytest.mark.parametrize("text", ["a' | !b:*", "\\", "x" * 300, "tree)(&", "日本 灯", ":*", "' --"])
def test_whatever_is_typed_is_only_words(place, text):
    make()
    assert numbers_in(AROUND, Filters(text=text), Slice(9)) == []
    assert search_of("It's dark!") == "it:* & s:* & dark:*"


def test_lookalikes_are_open_near_and_of_the_category_the_nearest_first(place):
    near = make(lat=1.5009, title="100 m off")
    nearest = make(lat=1.5001, title="11 m off", state="in progress")
    make(lat=1.5036, title="400 m off")
    make(lat=1.5001, state="fixed")
    make(lat=1.5001, category_name="Holes")
    make(lat=1.5001, is_private=True)
    found = lookalikes(MIDDLE, categories=("Lamps",))
    assert [one.report.pk for one in found] == [nearest.pk, near.pk]
    assert [round(one.metres) for one in found] == [11, 100]
    (first,) = lookalikes(MIDDLE, categories=("Lamps",), most=1)
    assert first.report.pk == nearest.pk
    assert len(lookalikes(MIDDLE, besides=near.pk)) == 2
    assert lookalikes(MIDDLE, within=0) == []
