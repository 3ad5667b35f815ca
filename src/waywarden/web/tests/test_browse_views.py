"""Looking: the front page, the map's list, bodies; what is private stays so."""

import json

import pytest
from django.core.cache import cache

from waywarden.reports.models import ReportBody
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
HERE = {"lat": LAT, "lon": LON}
#: Pages that list reports, for everybody.
LISTS = ("/", f"/around?lat={LAT}&lon={LON}", "/reports/borsetshire")


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def gazetteer(settings, tmp_path):
    """Two streets of one name's beginning, one of its own."""

    def street(name, lat):
        return {"name": name, "also": [], "lat": lat, "lon": LON, "line": [[lat, LON]]}

    content = {
        "streets": [
            street("High Street", LAT),
            street("High Street West", LAT + 0.01),
            street("Mill Lane", LAT),
        ]
    }
    (tmp_path / "gazetteer.json").write_text(json.dumps(content))
    settings.WAYWARDEN_MAP_DIR = tmp_path


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


@pytest.mark.parametrize("url", LISTS)
def test_lists_show_public_reports_to_everybody(client, town, url):
    town.report(title="Lamp is dark")
    assert "Lamp is dark" in page(client.get(url))


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize(
    "values", [{"is_private": True}, {"state": "hidden"}, {"state": "unconfirmed"}]
)
def test_lists_show_nobody_what_is_not_public_not_even_staff(client, town, url, values):
    town.report(title="Not for the street", **values)
    for user in (None, town.oskar, town.ines):
        if user:
            client.force_login(user)
        assert "Not for the street" not in page(client.get(url))


def test_a_street_that_is_known_once_leads_straight_to_the_map(client, town, gazetteer):
    assert client.get("/around?pc=mill lane")["Location"] == "/around?lat=60.169000&lon=24.940000"


def test_several_places_of_a_name_are_offered(client, town, gazetteer):
    shown = page(client.get("/around?pc=high"))
    assert "High Street West" in shown
    assert "/around?lat=60.179000&amp;lon=24.940000" in shown


@pytest.mark.parametrize("text", ["xyzzy", "", "   ", "ref:999999"])
def test_a_place_that_is_not_known_is_an_error_beside_the_field(client, town, gazetteer, text):
    shown = client.get("/around", {"pc": text})
    assert shown.status_code == 422
    assert 'id="pc_error"' in page(shown)
    assert 'aria-invalid="true"' in page(shown)


@pytest.mark.parametrize("text", ["60.169, 24.94", "9GG65W9R+J2", "5W9R+J2", "KP20le"])
def test_coordinates_plus_codes_and_locators_lead_to_the_map(client, town, text):
    assert client.get("/around", {"pc": text})["Location"].startswith("/around?lat=60.1")


def test_a_reference_leads_to_the_report_by_our_number_or_the_bodys(client, town):
    report = town.report()
    ReportBody.objects.filter(report=report).update(external_id="SR-4711")
    for text in (f"ref:{report.pk}", "ref: SR-4711"):
        assert client.get("/around", {"pc": text})["Location"] == f"/report/{report.pk}"


def test_a_private_report_is_not_found_by_its_reference(client, town):
    report = town.report(is_private=True)
    assert client.get("/around", {"pc": f"ref:{report.pk}"}).status_code == 422


def test_the_list_is_narrowed_by_state_and_category(client, town):
    town.report(title="Dark one")
    town.report(title="Mended one", state="fixed - council")
    town.report(title="A hole", category=town.pothole)
    fixed = page(client.get("/around", HERE | {"status": "fixed"}))
    assert "Mended one" in fixed
    assert "Dark one" not in fixed
    holes = page(client.get("/around", HERE | {"category": "Pothole"}))
    assert "A hole" in holes
    assert "Dark one" not in holes
    assert "Dark one" in page(client.get("/around", HERE | {"status": "nonsense"}))  # ignored


def test_a_script_gets_the_list_alone_for_the_visible_box(client, town):
    town.report(title="Near one")
    town.report(title="Far one", lat=LAT + 0.015)
    bbox = f"{LON - 0.002},{LAT - 0.002},{LON + 0.002},{LAT + 0.002}"
    shown = page(client.get("/around", HERE | {"bbox": bbox}, headers={"HX-Request": "true"}))
    assert "Near one" in shown
    assert "Far one" not in shown.split("beyond the edge")[0]
    assert "<html" not in shown


def test_a_short_list_is_filled_with_the_nearest_through_the_same_filters(client, town):
    town.report(title="On the map")
    town.report(title="Next but one", lat=LAT + 0.04)
    town.report(title="Next to it", lat=LAT + 0.02)
    town.report(title="Of another kind", lat=LAT + 0.02, category=town.pothole)
    town.report(title="Another town’s", lat=LAT + 0.3)
    town.report(title="Not for the street", lat=LAT + 0.02, is_private=True)
    shown = page(client.get("/around", HERE | {"zoom": 16, "category": "Street light"}))
    on_map, beyond = shown.split("Nearest, beyond the edge of the map")
    assert "On the map" in on_map
    assert "Next" not in on_map[on_map.index('id="list"') :]
    assert beyond.index("Next to it") < beyond.index("Next but one")
    for title in ("On the map", "Of another kind", "Another town", "Not for the street"):
        assert title not in beyond


def test_a_bodys_own_site_fills_its_list_with_its_own(client, town):
    town.report(title="District van", category=town.vehicle, is_private=False, lat=LAT + 0.02)
    town.report(title="County lamp", lat=LAT + 0.02)
    own = page(client.get("/around", HERE, headers={"host": "borsetshire.localhost"}))
    assert "County lamp" in own
    assert "District van" not in own


def test_a_whole_page_and_a_later_page_are_not_filled(client, town, monkeypatch):
    monkeypatch.setattr("waywarden.web.browse_views.PAGE", 2)
    for _ in range(2):
        town.report()
    town.report(title="Far one", lat=LAT + 0.02)
    for more in ({}, {"page": 2}):
        assert "Far one" not in page(client.get("/around", HERE | {"zoom": 16} | more))


@pytest.mark.parametrize(
    "query", ["lat=x&lon=y", "lat=999&lon=0", "zoom=nan", "bbox=1,2,3", "lat=60&lon=24&zoom=1e9"]
)
def test_nonsense_in_an_address_shows_the_map_all_the_same(client, town, query):
    assert client.get(f"/around?{query}").status_code == 200


def test_without_scripts_the_map_is_of_pictures_with_arrows(client, town):
    shown = page(client.get("/around", HERE))
    assert '<input type="image" class="tile" name="tile_17_' in shown
    assert "North" in shown
    assert 'action="/report/new"' in shown


def test_a_bodys_own_site_shows_its_reports_only(client, town):
    town.report(title="County lamp")
    town.report(title="District van", category=town.vehicle, is_private=False)
    for url in ("/", f"/around?lat={LAT}&lon={LON}"):
        own = page(client.get(url, headers={"host": "borsetshire.localhost"}))
        assert "County lamp" in own
        assert "District van" not in own
        assert "District van" in page(client.get(url))
    assert (
        client.get("/reports/borchester", headers={"host": "borsetshire.localhost"}).status_code
        == 404
    )
    assert "Borchester District" not in page(
        client.get("/reports", headers={"host": "borsetshire.localhost"})
    )


def test_bodies_are_counted_by_class_without_the_private(client, town):
    town.report()
    town.report(state="fixed")
    town.report(is_private=True)
    shown = page(client.get("/reports"))
    assert shown.count("<b>1</b>") == 4  # of all, and at the body
    assert "<b>2</b>" not in shown


def test_a_body_that_is_not_there_is_404(client, town):
    assert client.get("/reports/nowhere").status_code == 404


@pytest.mark.parametrize("url", LISTS)
def test_lists_ask_the_database_as_often_for_many_as_for_few(
    client, town, url, django_assert_max_num_queries
):
    for _ in range(12):
        town.report()
    client.get(url)
    with django_assert_max_num_queries(8):
        client.get(url)


def test_a_long_list_is_turned_page_by_page(client, town):
    for number in range(31):
        town.report(title=f"Lamp {number:02}")
    first, second = client.get("/reports/borsetshire"), client.get("/reports/borsetshire?page=2")
    assert page(first).count('class="row"') == 30
    assert page(second).count('class="row"') == 1
    assert "page=2" in page(first)


@pytest.mark.parametrize("url", ["/about", "/privacy", "/healthz", "/readyz"])
def test_plain_pages_answer(client, db, url):
    assert client.get(url).status_code == 200


def test_pages_carry_the_sites_name_colour_and_the_maps_source(client, town):
    ours = page(client.get("/"))
    theirs = page(client.get("/", headers={"host": "borsetshire.localhost"}))
    assert "Waywarden</span>" in ours
    assert "Borsetshire Streets</span>" in theirs
    assert "--accent:#7a2e5d" in theirs
    assert "openstreetmap.org/copyright" in ours


def test_no_style_or_script_stands_on_a_page_without_a_nonce(client, town):
    answer = client.get("/around", HERE)
    nonce = answer["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    text = page(answer)
    assert text.count("<style") == text.count(f'<style nonce="{nonce}"')
    assert text.count("<script") == text.count(f'nonce="{nonce}"') - text.count("<style")
    assert " style=" not in text
    assert "onclick" not in text


def test_addresses_that_other_sites_gave_their_bookmarks_lead_to_the_same(client, town):
    assert client.get("/report")["Location"] == "/"
    shown = client.get("/around?latitude=60.1234&longitude=24.5678").content.decode()
    assert 'name="lat" value="60.123400"' in shown
    form = client.get(
        f"/report/new?latitude={LAT}&longitude={LON}&filter_category=Street+light"
    ).content.decode()
    assert 'value="Street light" checked' in form


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("/reports/", "/reports"),
        ("/around/?lat=60.17&lon=24.94", "/around?lat=60.17&lon=24.94"),
        ("/about/", "/about"),
        ("/my//", "/my"),
    ],
)
def test_an_address_with_a_slash_too_many_leads_to_the_right_one(client, db, asked, wanted):
    answer = client.get(asked)
    assert (answer.status_code, answer["Location"]) == (301, wanted)


@pytest.mark.parametrize("asked", ["/nothing/", "//elsewhere.example/", "//reports/", "/"])
def test_a_slash_leads_nowhere_else(client, db, asked):
    answer = client.get("/", PATH_INFO=asked)
    assert answer.status_code == (200 if asked == "/" else 404)
    assert "Location" not in answer


def test_old_addresses_of_plain_pages_lead_to_them(client, db):
    assert client.get("/about/privacy")["Location"] == "/privacy"
    assert client.get("/about/faq")["Location"] == "/help"
