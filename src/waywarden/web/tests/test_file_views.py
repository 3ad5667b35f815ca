"""Photos and tiles: who gets them, and for how long they may be kept."""

import pytest

from waywarden.geo.tests.town import tile, write_map
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.ui.maps import map_path, map_version
from waywarden.web.tests.town import stored_photo

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", ["", ".small"])
def test_a_public_reports_photo_is_for_everybody_and_may_be_kept(client, town, size):
    photo = stored_photo(report=town.report())
    answer = client.get(f"/photo/{photo.key}{size}.jpg")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"].startswith("public")
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("values", "answers"),
    [
        ({"is_private": True}, (403, 403, 200, 200)),
        ({"state": "hidden"}, (410, 410, 200, 410)),
        ({"state": "unconfirmed"}, (404, 404, 404, 404)),
    ],
)
def test_a_photo_is_for_those_who_see_its_report(client, town, values, answers):
    photo = stored_photo(report=town.report(**values))
    seen = []
    for user in (None, town.oskar, town.ines, town.rosa):
        client.logout()
        if user:
            client.force_login(user)
        answer = client.get(f"/photo/{photo.key}.jpg")
        seen.append(answer.status_code)
        assert "no-store" in answer["Cache-Control"]
    assert tuple(seen) == answers


def test_a_photo_of_an_update_follows_the_report_and_the_update(client, town):
    report = town.report(is_private=True)
    update = Update.objects.create(
        report=report, text="x", visibility="shown", created=clock.now(), confirmed_at=clock.now()
    )
    photo = stored_photo(update=update)
    assert client.get(f"/photo/{photo.key}.jpg").status_code == 403
    report.is_private = False
    report.save()
    assert client.get(f"/photo/{photo.key}.jpg").status_code == 200
    Update.objects.update(visibility="hidden")
    assert client.get(f"/photo/{photo.key}.jpg").status_code == 404


def test_a_photo_on_its_way_into_a_form_is_seen_by_its_key_and_kept_by_nobody(client, db):
    answer = client.get(f"/photo/{stored_photo().key}.small.jpg")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"


def test_a_photo_that_is_not_there_is_404(client, db):
    assert client.get("/photo/00000000-0000-4000-8000-000000000000.jpg").status_code == 404
    assert client.get("/photo/nonsense.jpg").status_code == 404


def test_without_a_base_map_there_are_no_tiles(client, db, settings, tmp_path):
    settings.WAYWARDEN_MAP_DIR = tmp_path
    assert client.get("/tiles/3/1/1.mvt").status_code == 404
    assert client.get("/tiles/3/1/1.png").status_code == 404


@pytest.fixture
def base_map(settings, tmp_path):
    """A base map of one tile."""
    write_map(tmp_path / "town.pmtiles", {(15, 18654, 9484): tile()})
    settings.WAYWARDEN_MAP_DIR = tmp_path


def test_tiles_may_be_kept_a_year_by_an_address_that_names_the_map(client, base_map):
    url = "/tiles/15/18654/9484"
    version = map_version(map_path())
    for kind, content_type in (
        ("mvt", "application/vnd.mapbox-vector-tile"),
        ("png", "image/png"),
        ("dark.png", "image/png"),
    ):
        named = client.get(f"{url}.{kind}?v={version}")
        assert named.status_code == 200
        assert named["Content-Type"] == content_type
        assert named["Cache-Control"] == "public, max-age=31536000, immutable"
        assert client.get(f"{url}.{kind}")["Cache-Control"] == "public, max-age=3600"
        again = client.get(f"{url}.{kind}", headers={"if-none-match": named["ETag"]})
        assert again.status_code == 304


def test_where_the_map_has_nothing_there_is_an_empty_tile(client, base_map):
    assert client.get("/tiles/15/1/1.mvt").status_code == 204
    assert client.get("/tiles/15/1/1.png").status_code == 200
    assert client.get("/tiles/15/99999/1.png").status_code == 404
    assert client.get("/tiles/30/1/1.png").status_code == 404
