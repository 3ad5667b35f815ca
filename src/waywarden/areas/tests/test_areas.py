"""Importing boundaries, and which of them hold a point."""

import json
from datetime import date

import pytest
import shapely

from waywarden.areas.models import Area, Layer, LayerShape
from waywarden.areas.queries import (
    areas_at,
    areas_at_each,
    areas_by_slug,
    forget_shapes,
    metres_to_layers,
)
from waywarden.areas.services import import_geojson, import_layer
from waywarden.kernel.errors import RuleBroken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    forget_shapes()
    yield
    forget_shapes()


def square(name, west, south, size, **properties):
    ring = [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]
    return {
        "type": "Feature",
        "properties": {"name": name, **properties},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def written(tmp_path, *features):
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def names_at(lat, lon):
    found = Area.objects.in_bulk(areas_at(lat=lat, lon=lon))
    return [found[pk].name for pk in areas_at(lat=lat, lon=lon)]


def test_a_point_lies_in_its_ward_and_its_county_smallest_first(tmp_path):
    import_geojson(written(tmp_path, square("County", 0, 0, 10), square("Ward", 2, 2, 2)))
    assert names_at(3, 3) == ["Ward", "County"]
    assert names_at(9, 9) == ["County"]
    assert names_at(30, 30) == []


def test_latitude_and_longitude_are_not_swapped(tmp_path):
    import_geojson(written(tmp_path, square("East", 20, 0, 5)))
    assert names_at(lat=2, lon=22) == ["East"]
    assert names_at(lat=22, lon=2) == []


def test_importing_again_replaces_by_code(tmp_path):
    first = import_geojson(written(tmp_path, square("Ward", 0, 0, 2, code="w1")))
    second = import_geojson(written(tmp_path, square("New ward", 5, 5, 2, code="w1")))
    assert (first.added, second.added, second.replaced) == (1, 0, 1)
    assert names_at(6, 6) == ["New ward"]
    assert names_at(1, 1) == []


def test_an_area_that_is_over_holds_nothing(tmp_path):
    import_geojson(written(tmp_path, square("Old", 0, 0, 2)))
    Area.objects.update(valid_to=date(2020, 1, 1))
    forget_shapes()
    assert names_at(1, 1) == []


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ({"type": "Feature", "properties": {}, "geometry": None}, "no name"),
        ({"type": "Feature", "properties": {"name": "A"}, "geometry": None}, "geometry"),
        (
            {
                "type": "Feature",
                "properties": {"name": "A"},
                "geometry": {"type": "Point", "coordinates": [1, 1]},
            },
            "Point",
        ),
        (square("Metres", 500000, 6000000, 100), "degrees"),
        ("a text", "no name"),
        ({"type": "Feature", "properties": ["name"], "geometry": None}, "properties"),
        (square("N" * 201, 0, 0, 2), "name that is too long"),
        (square("A", 0, 0, 2, code="c" * 101), "code that is too long"),
        (square("A", 0, 0, 2, kind="k" * 41), "kind that is too long"),
        (square("A", float("nan"), 0, 2), "degrees|geometry"),
    ],
)
def test_a_wrong_feature_is_named_and_nothing_is_changed(tmp_path, feature, words):
    with pytest.raises(RuleBroken, match=words):
        import_geojson(written(tmp_path, square("Good", 0, 0, 2), feature))
    assert not Area.objects.exists()


def test_what_no_table_can_keep_is_left_out(tmp_path):
    import_geojson(written(tmp_path, square("W\x00ard", 0, 0, 2, code="w\x001", kind="w\x00")))
    area = Area.objects.get()
    assert (area.name, area.code, area.kind) == ("Ward", "w1", "w")


@pytest.mark.parametrize("text", ["<html>", "[" * 100_000, "{}", "[]", '{"features": {}}', "\x00"])
def test_a_file_that_is_no_geojson_is_said(tmp_path, text):
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(RuleBroken, match="GeoJSON"):
        import_geojson(path)


def a_line(*points, kind="LineString"):
    return {"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": points}}


def test_a_layer_tells_how_far_a_point_is_from_its_lines(tmp_path):
    road = a_line([24.0, 60.0], [25.0, 60.0])
    assert import_layer(written(tmp_path, road), name="Trunk roads") == 1
    layer = Layer.objects.get().pk
    far = metres_to_layers([layer], lat=60.0001, lon=24.5, within=50)
    assert far[layer] == pytest.approx(11.1, abs=0.2)  # a ten-thousandth of a degree
    east = metres_to_layers([layer], lat=60.0, lon=25.0002, within=50)
    assert east[layer] == pytest.approx(11.1, abs=0.2)  # at 60° a degree of longitude is half
    assert metres_to_layers([layer], lat=60.001, lon=24.5, within=50) == {}
    assert metres_to_layers([layer + 1], lat=60.0, lon=24.5, within=50) == {}


def test_inside_a_polygon_of_a_layer_is_no_distance(tmp_path):
    import_layer(written(tmp_path, square("Park", 24, 60, 1)), name="Parks")
    layer = Layer.objects.get().pk
    assert metres_to_layers([layer], lat=60.5, lon=24.5, within=1) == {layer: 0.0}


def test_a_layer_is_taken_in_whole_or_not_at_all(tmp_path):
    import_layer(written(tmp_path, a_line([24.0, 60.0], [25.0, 60.0])), name="Roads")
    wrong = written(tmp_path, a_line([1, 1], [2, 2]), {"type": "Feature", "geometry": None})
    with pytest.raises(RuleBroken, match="Feature 2"):
        import_layer(wrong, name="Roads")
    with pytest.raises(RuleBroken, match="not a line"):
        import_layer(written(tmp_path, a_line(24, 60, kind="Point")), name="Roads")
    assert LayerShape.objects.count() == 1
    import_layer(written(tmp_path, a_line([1, 1], [2, 2]), a_line([2, 2], [3, 3])), name="Roads")
    assert LayerShape.objects.count() == 2  # in place of the old ones


def test_many_points_at_once_are_answered_as_each_alone(tmp_path):
    big, small = square("Big", 0, 50, 2), square("Small", 0.5, 50.5, 1)
    import_geojson(written(tmp_path, big, small, square("Old", 0, 50, 2)))
    Area.objects.filter(name="Old").update(valid_to=date(2020, 1, 1))
    forget_shapes()
    places = [(51.0, 1.0), (50.1, 0.1), (50.0, 0.0), (49.0, 0.0)]
    lats, lons = zip(*places, strict=True)
    found = areas_at_each(lats=lats, lons=lons)
    assert found == [areas_at(lat=lat, lon=lon) for lat, lon in places]
    assert [len(one) for one in found] == [2, 1, 1, 0]
    assert areas_at_each(lats=[], lons=[]) == []


def test_areas_are_found_by_what_they_are_called_without_looking_through_all_again(
    db, django_assert_num_queries
):
    square = shapely.to_wkb(shapely.box(0, 0, 1, 1))
    box = {"west": 0, "south": 0, "east": 1, "north": 1}
    for code, name in (("a", "North Ward"), ("b", "Étang"), ("c", "North ward")):
        Area.objects.create(name=name, kind="ward", code=code, boundary=square, **box)
    forget_shapes()
    assert sorted(areas_by_slug("north-ward").values()) == ["North Ward", "North ward"]
    with django_assert_num_queries(0):
        assert list(areas_by_slug("etang", "nowhere").values()) == ["Étang"]
        assert next(iter(areas_by_slug("etang", "north-ward").values())) == "Étang"
    Area.objects.filter(code="b").delete()
    forget_shapes()
    assert areas_by_slug("etang") == {}
