"""Points without a body on the map, for operators."""

import json
import re
from html import unescape

import pytest
import shapely

from waywarden.areas.models import Area
from waywarden.bodies.models import Body

pytestmark = pytest.mark.django_db
PAGE = "/staff/unserved/"


def area(name: str, west: float) -> Area:
    return Area.objects.create(
        name=name, kind="ward", code=name, west=west, south=50, east=west + 1, north=51,
        boundary=shapely.to_wkb(shapely.box(west, 50, west + 1, 51)),
    )  # fmt: skip


@pytest.fixture
def as_operator(client, town):
    town.ines.is_superuser = True
    town.ines.save()
    client.force_login(town.ines)
    return client


def config_of(text: str) -> dict:
    return json.loads(unescape(re.search(r'data-map="([^"]+)"', text)[1]))


def test_the_ground_that_nobody_answers_for_is_a_layer_of_the_map_and_a_list(as_operator, town):
    Area.objects.all().delete()
    served, lonely = area("Served", 10), area("Lonely Hills", 11)
    Body.objects.get(pk=town.county.pk).areas.set([served])

    shown = as_operator.get(PAGE).content.decode()

    drawn = shapely.from_geojson(json.dumps(config_of(shown)["unserved"]))
    assert drawn.equals(shapely.box(11, 50, 12, 51))
    assert config_of(shown)["centre"][:2] == [50.5, 11.5]
    assert "Lonely Hills" in shown
    assert f"/admin/areas/area/{lonely.pk}/change/" in shown
    assert "<noscript><svg" in shown


def test_where_every_area_has_a_body_there_is_no_such_layer(as_operator, town):
    Area.objects.all().delete()
    Body.objects.get(pk=town.county.pk).areas.set([area("Served", 10)])
    shown = as_operator.get(PAGE).content.decode()
    assert "data-map" not in shown
    assert "every area has a body" in shown


def test_it_is_the_operators_business_and_nobody_else_s(client, as_oskar, town):
    assert client.get(PAGE).status_code == 302
    assert as_oskar.get(PAGE).status_code == 403
    assert "Without a body" not in as_oskar.get("/staff/integration/").content.decode()
