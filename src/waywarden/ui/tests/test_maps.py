"""Maps on pages: clicks on pictures, pixels of pins, boxes."""

import dataclasses
from pathlib import Path

import pytest
from django.http import QueryDict

from waywarden.geo.points import Point
from waywarden.kernel.cobrand import BaseMap, registry
from waywarden.reports.states import PinClass
from waywarden.ui.current import speaking_for
from waywarden.ui.maps import clicked_place, map_path, map_settings, still_map, visible_box

HERE = Point(60.169, 24.94)


def test_the_place_looked_at_lies_where_the_picture_says_its_middle_is():
    still = still_map(HERE, 16, pins=[(7, "Lamp", PinClass.OPEN, HERE)])
    (pin,) = still.pins
    assert (round(pin.left), round(pin.top)) == (still.middle_x, still.middle_y)
    assert len(still.tiles) == 20
    assert still.width / 2 == pytest.approx(still.middle_x, abs=130)
    assert still.height / 2 == pytest.approx(still.middle_y, abs=130)


def test_a_click_on_the_middle_is_the_place_itself():
    still = still_map(HERE, 17)
    tile = next(
        tile
        for tile in still.tiles
        if 0 <= still.middle_x - tile.left < 256 and 0 <= still.middle_y - tile.top < 256
    )
    click = QueryDict(mutable=True)
    click[f"{tile.name}.x"] = still.middle_x - tile.left
    click[f"{tile.name}.y"] = still.middle_y - tile.top
    assert clicked_place(click).distance_m(HERE) < 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "tile_16_37308_18968.x=0&tile_16_37308_18968.y=0",  # a key press, no click
        "tile_16_37308_18968.x=4",
        "tile_16_37308.x=4&tile_16_37308.y=4",
        "tile_99_1_1.x=4&tile_99_1_1.y=4",
        "tile_2_9_1.x=4&tile_2_9_1.y=4",
        "tile_a_b_c.x=4&tile_a_b_c.y=-4",
        "tile_1_0_0.x=1&tile_1_0_0.y=999999999",  # far beside the tile
        f"tile_1_0_0.x={'9' * 5000}&tile_1_0_0.y=1",
        "tile_1_0_0.x=²&tile_1_0_0.y=1",
    ],
)
def test_what_is_no_click_is_none(query):
    assert clicked_place(QueryDict(query)) is None


def test_the_arrows_lead_where_they_say():
    steps = still_map(HERE, 15).steps
    assert steps["north"].lat > HERE.lat > steps["south"].lat
    assert steps["east"].lon > HERE.lon > steps["west"].lon


@pytest.mark.parametrize("zoom", [2, 15, 19.5])
@pytest.mark.parametrize("centre", [HERE, Point(89.9, 179.9), Point(-89.9, -180.0)])
def test_a_map_at_the_edge_of_the_world_still_has_a_box_and_pictures(centre, zoom):
    assert visible_box(centre, zoom).north >= visible_box(centre, zoom).south
    assert len(still_map(centre, zoom).tiles) == 20


def site_with(**values):
    return dataclasses.replace(registry.default, base_map=BaseMap(**values))


def test_a_site_whose_pictures_others_serve_shows_those_with_scripts_and_without(rf):
    site = site_with(tiles="https://t.example/{z}/{x}/{y}.png", attribution="© T")
    request = rf.get("/around")
    request.cobrand = site
    with speaking_for(site):
        told = map_settings(request, mode="around", centre=(60.17, 24.94, 15))
        still = still_map(HERE, 16)
    assert (told["tiles"], told["tile_kind"]) == ("https://t.example/{z}/{x}/{y}.png", "raster")
    assert told["attribution"] == "© T"
    assert still.tiles[0].url.startswith("https://t.example/17/")
    assert still.tiles[0].name.startswith("tile_17_")


def test_a_site_may_have_a_map_file_of_its_own(tmp_path, settings):
    for name in ("a.pmtiles", "north.pmtiles"):
        Path(tmp_path, name).touch()
    settings.WAYWARDEN_MAP_DIR = tmp_path
    assert map_path() == tmp_path / "a.pmtiles"
    with speaking_for(site_with(file="north.pmtiles")):
        assert map_path() == tmp_path / "north.pmtiles"
    with speaking_for(site_with(file="gone.pmtiles")):
        assert map_path() is None
