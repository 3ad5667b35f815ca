"""Look-alikes near a place."""

import pytest

from waywarden.geo.points import Point
from waywarden.reports.duplicates import lookalikes
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db
HERE = Point(town.LAT, town.LON)


@pytest.fixture
def place():
    return town.build()


def found(metres=250, name="Street light"):
    return [one.report.pk for one in lookalikes(HERE, categories=(name,), within=metres)]


def test_the_nearest_come_first_and_the_far_ones_not_at_all(place):
    far = place.report(lat=town.LAT + 0.0018)  # 200 m
    near = place.report(lat=town.LAT + 0.0001)
    place.report(lat=town.LAT + 0.0027)  # 300 m
    assert found() == [near.pk, far.pk]
    assert found(metres=100) == [near.pk]
    assert found(metres=0) == []


def test_a_corner_of_the_box_is_not_within_the_circle(place):
    place.report(lat=town.LAT + 0.0018, lon=town.LON + 0.0036)  # 200 m up, 200 m across
    assert found() == []


@pytest.mark.parametrize(
    "change",
    [
        {"state": "fixed - council"},
        {"state": "closed"},
        {"state": "hidden"},
        {"state": "unconfirmed"},
        {"is_private": True},
    ],
)
def test_only_what_is_open_and_public_is_offered(place, change):
    place.report(**change)
    assert found() == []


def test_only_the_same_kind_of_problem_is_alike(place):
    place.report(category=place.pothole)
    assert found() == []
    assert len(found(name="Pothole")) == 1


def test_five_at_most(place):
    far = [place.report(lat=town.LAT + 0.0010 + n / 10_000) for n in range(3)]
    near = [place.report(state="in progress") for _number in range(4)]
    newest = [place.report(lat=town.LAT + 0.0015) for _number in range(6)]
    assert set(found()) == {one.pk for one in (*near, far[0])}
    assert newest[0].pk not in found()
