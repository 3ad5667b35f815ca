"""The reports nearest to a box that are not in it."""

import pytest

from waywarden.geo.points import Box, Point
from waywarden.reports import nearest
from waywarden.reports.nearest import nearest_beyond
from waywarden.reports.pins import Filters
from waywarden.reports.tests.test_pins import make

pytestmark = pytest.mark.django_db
HERE = Box.around(Point(1.5, 1.5), 300)


def found(box=HERE, most=20, **filters) -> list[int]:
    """As the list asks."""
    return nearest_beyond(box, Filters(**filters), most=most)


def test_the_nearest_outside_come_first_and_only_so_many(place):
    make()
    third, first, second = make(lat=1.6), make(lon=1.51), make(lat=1.52)
    make(lat=1.9)  # 44 km off
    assert found() == [first.pk, second.pk, third.pk]
    assert found(most=2) == [first.pk, second.pk]


def test_twenty_at_most_are_added(place):
    for _turn in range(22):
        make(lat=1.51)
    assert len(found(most=29)) == 20


@pytest.mark.parametrize(
    "filters",
    [{"text": "tree"}, {"categories": ("Trees",)}, {"text": "tree", "categories": ("Trees",)}],
)
def test_they_go_through_the_filters(place, filters):
    make(lat=1.51)
    tree = make(lat=1.52, title="A tree", category_name="Trees")
    make(lat=1.51, title="A tree", category_name="Trees", is_private=True)
    assert found(**filters) == [tree.pk]


def test_those_of_a_body_are_filled_with_its_own(place):
    make(place.town, lat=1.51)
    ours = make(place.county, lat=1.52)
    assert found(body_ids=(place.county.pk,)) == [ours.pk]


def test_a_crowd_around_is_looked_at_less_far(place, monkeypatch):
    monkeypatch.setattr(nearest, "MOST_AROUND", 2)
    near = make(lat=1.505)
    make(lat=1.52), make(lat=1.52), make(lat=1.6)
    assert found() == [near.pk]


def test_a_map_of_a_country_is_not_filled(place):
    make(lat=1.9)
    assert found(Box.around(Point(1.5, 1.5), 20_000)) == []


def test_across_the_date_line_the_near_side_is_near(place):
    west = make(lat=0, lon=-179.99)
    make(lat=0, lon=179.9)
    assert found(Box.around(Point(0, 179.999), 300), most=1) == [west.pk]
