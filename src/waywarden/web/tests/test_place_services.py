"""The geocoder of the install: kept answers, pace, and what people are told when it fails."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.web.models import GeocoderAnswer, GeocoderTurn
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
ROW = {"display_name": "Mill Lane, Borchester", "type": "road", "lat": str(LAT), "lon": str(LON)}
AWAY = ROW | {"display_name": "Mill Lane, far away", "lat": "51.5"}


@pytest.fixture
def geocoder(httpserver, settings, tmp_path, monkeypatch):
    """A small geocoder; tests say what it answers."""
    settings.WAYWARDEN_GEOCODER = f"nominatim:{httpserver.url_for('')}"
    settings.WAYWARDEN_MAP_DIR = tmp_path  # no gazetteer
    monkeypatch.setattr("waywarden.web.place_services.PACE", 0.01)

    def answers(*rows, status=200):
        httpserver.clear_all_handlers()
        httpserver.expect_request("/search").respond_with_json(list(rows), status=status)
        return httpserver

    return answers


def test_one_match_within_what_the_bodies_serve_leads_straight_to_the_map(client, town, geocoder):
    server = geocoder(ROW, AWAY)
    assert client.get("/around?pc=mill lane")["Location"] == "/around?lat=60.169000&lon=24.940000"
    asked = server.log[0][0].args
    assert (asked["q"], asked["viewbox"]) == ("mill lane", "24.9,60.19,24.98,60.15")


def test_several_matches_are_a_list_to_pick_from(client, town, geocoder):
    geocoder(ROW, ROW | {"display_name": "Mill Lane, Felpersham", "lat": "60.17"})
    shown = client.get("/around?pc=mill lane").content.decode()
    assert "Mill Lane, Borchester" in shown
    assert "Mill Lane, Felpersham" in shown


def test_the_same_is_asked_once(client, town, geocoder):
    server = geocoder(ROW)
    for text in ("mill lane", "Mill  LANE"):
        assert client.get("/around", {"pc": text}).status_code == 302
    assert len(server.log) == 1
    GeocoderAnswer.objects.update(kept_until=clock.now() - timedelta(seconds=1))
    client.get("/around?pc=mill lane")
    assert len(server.log) == 2
    assert GeocoderAnswer.objects.count() == 1


def test_what_people_searched_for_stands_nowhere_in_the_database(client, town, geocoder):
    geocoder()
    client.get("/around?pc=my home at mill lane 4")
    assert "mill" not in str(list(GeocoderAnswer.objects.values_list()))


@pytest.mark.parametrize("status", [500, 429, 403])
def test_when_it_fails_people_are_told_to_start_on_the_map(client, town, geocoder, status):
    geocoder(ROW, status=status)
    shown = client.get("/around?pc=mill lane")
    assert shown.status_code == 422
    assert "does not answer just now" in shown.content.decode()
    assert not GeocoderAnswer.objects.exists()


def test_when_too_many_search_at_once_it_is_not_asked(client, town, geocoder):
    server = geocoder(ROW)
    GeocoderTurn.objects.create(free_at=clock.now() + timedelta(minutes=1))
    shown = client.get("/around?pc=mill lane")
    assert shown.status_code == 422
    assert "again in a moment" in shown.content.decode()
    assert not server.log


def test_each_call_moves_the_next_one_on(client, town, geocoder):
    geocoder(ROW)
    client.get("/around?pc=mill lane")
    before = GeocoderTurn.objects.get().free_at
    client.get("/around?pc=mill road")
    assert GeocoderTurn.objects.get().free_at > before


def test_a_national_grid_reference_leads_to_the_map(client, town, settings):
    settings.WAYWARDEN_GRID = "EPSG:27700"
    where = client.get("/around?pc=TQ 299 804")["Location"]
    assert where.startswith("/around?lat=51.50")
