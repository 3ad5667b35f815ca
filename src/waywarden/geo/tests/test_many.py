"""Many cells at once are the cells of each."""

import random

from waywarden.geo.many import cells_of
from waywarden.geo.points import Point

EDGES = [(-90.0, -180.0), (90.0, 180.0), (0.0, 0.0), (85.06, 180.0), (-85.06, -180.0)]


def test_each_is_the_cell_of_its_point():
    chosen = random.Random(7)  # noqa: S311 - the same places every time
    places = EDGES + [
        (chosen.uniform(-90, 90), chosen.uniform(-180, 180)) for _number in range(2000)
    ]
    lats, lons = zip(*places, strict=True)
    assert cells_of(lats, lons) == [Point(lat, lon).cell for lat, lon in places]


def test_of_nothing_there_is_nothing():
    assert cells_of([], []) == []
