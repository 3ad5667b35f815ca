"""How bodies did in the last twelve months."""

from datetime import timedelta

import pytest
import shapely

from waywarden.areas.models import Area
from waywarden.kernel import clock
from waywarden.reports.count_models import BodyFigures
from waywarden.reports.figure_queries import (
    figures_in_short,
    figures_of,
    figures_of_wards,
    wards_of,
)
from waywarden.reports.figure_services import refresh_figures
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.tests.test_pins import make

pytestmark = pytest.mark.django_db


def fixed_after(days, body, **values):
    """A report that was fixed so many days after it was confirmed."""
    report = make(body, state="fixed", age=timedelta(days=20), **values)
    after = report.confirmed_at + timedelta(days=days)
    Report.objects.filter(pk=report.pk).update(state_changed_at=after)
    return report


def test_a_bodys_share_median_categories_and_months(place):
    for days in (2, 4, 9):
        fixed_after(days, place.county)
    make(place.county, category_name="Holes")
    make(place.county, is_private=True)
    make(place.county, age=timedelta(days=400))
    refresh_figures()
    found = figures_of(place.county.pk)
    assert (found.whole.reported, found.whole.fixed, found.whole.share) == (4, 3, 75)
    assert found.whole.days == 4
    assert [(one.name, one.reported, one.fixed, one.days) for one in found.categories] == [
        ("Lamps", 3, 3, 4.0), ("Holes", 1, 0, None),
    ]  # fmt: skip
    assert sum(one.reported for one in found.months) == 4
    assert figures_of().whole.reported == 4


def test_only_bodies_whose_reports_changed_are_counted_again(place):
    make(place.county)
    make(place.town)
    refresh_figures()
    old = clock.now() - timedelta(hours=3)
    Report.objects.update(changed=old - timedelta(hours=1))
    BodyFigures.objects.update(at=old)
    assert refresh_figures() == 0
    make(place.town)
    assert refresh_figures() == 2  # the town, and all together
    short = figures_in_short([place.county.pk, place.town.pk])
    assert {key: line.reported for key, line in short.items()} == {
        place.county.pk: 1, place.town.pk: 2,
    }  # fmt: skip


def test_a_large_body_is_counted_again_only_after_a_rest_and_is_not_forgotten(place, monkeypatch):
    make(place.county)
    refresh_figures()
    counted = BodyFigures.objects.get(pk=place.county.pk).at
    BodyFigures.objects.update(reported=1_000_000)  # which rests for a thousand seconds
    make(place.county)
    Report.objects.update(changed=counted + timedelta(minutes=5))
    for minutes, done in ((10, 0), (16, 0), (17, 2), (40, 0)):
        monkeypatch.setattr(clock, "now", lambda: counted + timedelta(minutes=minutes))  # noqa: B023
        assert refresh_figures() == done
        if minutes == 10:  # from now on nothing else changes
            Report.objects.update(changed=counted - timedelta(hours=1))
    assert figures_of(place.county.pk).whole.reported == 2


def test_figures_older_than_a_day_are_counted_again_for_the_year_moves_on(place):
    make(place.county, age=timedelta(days=364))
    refresh_figures()
    BodyFigures.objects.update(at=clock.now() - timedelta(days=2))
    Report.objects.update(
        confirmed_at=clock.now() - timedelta(days=366), changed=clock.now() - timedelta(days=300)
    )
    refresh_figures()
    assert figures_of(place.county.pk).whole.reported == 0


def test_a_report_that_has_left_a_body_is_not_in_its_figures(place):
    report = make(place.county)
    ReportBody.objects.filter(report=report).update(left_at=clock.now())
    refresh_figures(everything=True)
    assert figures_of(place.county.pk).whole.reported == 0


def test_wards_are_the_areas_within_a_bodys_own(place):
    square = shapely.box(1.4, 1.4, 1.6, 1.6)
    ward = Area.objects.create(
        name="North Ward", kind="ward", code="n", boundary=shapely.to_wkb(square),
        west=1.4, south=1.4, east=1.6, north=1.6,
    )  # fmt: skip
    own = place.county.areas.get()
    make(place.county, area_ids=[own.pk, ward.pk])
    make(place.county, area_ids=[own.pk])
    refresh_figures()
    found = wards_of(place.county.pk)
    assert [(one.slug, one.line.name, one.line.reported) for one in found] == [
        ("north-ward", "North Ward", 1)
    ]
    assert wards_of(place.town.pk) == ()


def _ward(name, code):
    square = shapely.box(1.4, 1.4, 1.6, 1.6)
    return Area.objects.create(
        name=name, kind="ward", code=code, boundary=shapely.to_wkb(square),
        west=1.4, south=1.4, east=1.6, north=1.6,
    )  # fmt: skip


def test_a_ward_has_figures_of_its_own(place):
    north, south = _ward("North", "n"), _ward("South", "s")
    for days, area in ((2, north), (4, north), (9, south)):
        fixed_after(days, place.county, area_ids=[area.pk])
    make(place.county, category_name="Holes", area_ids=[south.pk])
    make(place.county, category_name="Holes", area_ids=[south.pk], is_private=True)
    make(place.town, area_ids=[south.pk])
    refresh_figures()
    one = figures_of_wards(place.county.pk, [south.pk])
    assert (one.whole.reported, one.whole.fixed, one.whole.days) == (2, 1, 9.0)
    assert [(line.name, line.reported, line.days) for line in one.categories] == [
        ("Holes", 1, None), ("Lamps", 1, 9.0),
    ]  # fmt: skip
    both = figures_of_wards(place.county.pk, [north.pk, south.pk])
    assert (both.whole.reported, both.whole.fixed, both.whole.days) == (4, 3, None)
    assert [(line.name, line.reported, line.fixed) for line in both.categories] == [
        ("Lamps", 3, 3), ("Holes", 1, 0),
    ]  # fmt: skip
    assert sum(month.reported for month in both.months) == 4
    assert figures_of_wards(place.town.pk, [north.pk]) is None


def test_a_ward_without_reports_any_more_loses_its_figures(place):
    north = _ward("North", "n")
    report = make(place.county, area_ids=[north.pk])
    refresh_figures()
    Report.objects.filter(pk=report.pk).update(is_private=True)
    refresh_figures(everything=True)
    assert wards_of(place.county.pk) == ()
    assert figures_of_wards(place.county.pk, [north.pk]) is None


def test_before_they_were_counted_there_are_none(place):
    assert figures_of(place.county.pk) is None
