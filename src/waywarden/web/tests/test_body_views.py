"""Bodies: all of them, one with its list and figures, its wards; the site's own bodies only."""

import pytest
import shapely
from django.core.cache import cache

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body
from waywarden.reports.figure_services import refresh_figures
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
OWN_SITE = {"host": "borsetshire.localhost"}


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ward(town):
    """A ward within the county."""
    square = shapely.box(24.93, 60.16, 24.95, 60.18)
    made = Area.objects.create(
        name="North Ward", kind="ward", code="n", boundary=shapely.to_wkb(square),
        west=24.93, south=60.16, east=24.95, north=60.18,
    )  # fmt: skip
    forget_shapes()
    return made


def page(response) -> str:
    """The page's text."""
    assert response.status_code == 200
    return response.content.decode()


def test_a_body_shows_how_it_did_in_words_and_in_a_table(client, town):
    town.report(state="fixed - council")
    town.report(category=town.pothole)
    assert "of them fixed" not in page(client.get("/reports/borsetshire"))
    refresh_figures()
    shown = page(client.get("/reports/borsetshire"))
    assert "<dd>50&nbsp;%</dd>" in shown
    assert '<th scope="row">Pothole</th>' in shown
    assert 'class="chart"' in shown
    assert "50 % of a year’s reports fixed" in page(client.get("/reports"))


def test_a_ward_has_its_own_list_and_address(client, town, ward):
    inside = town.county.areas.get()
    town.report(title="In the ward", area_ids=[inside.pk, ward.pk])
    town.report(title="Elsewhere", area_ids=[inside.pk])
    refresh_figures()
    assert '<a href="/reports/borsetshire/north-ward">North Ward</a>' in page(
        client.get("/reports/borsetshire")
    )
    shown = page(client.get("/reports/borsetshire/north-ward"))
    assert "In the ward" in shown
    assert "Elsewhere" not in shown
    assert client.get("/reports/borsetshire/south-ward").status_code == 404


def test_the_map_of_a_ward_has_its_pins_only(client, town, ward):
    report = town.report(area_ids=[ward.pk])
    town.report()
    box = f"{LON - 0.01},{LAT - 0.01},{LON + 0.01},{LAT + 0.01}"
    found = client.get("/api/pins", {"bbox": box, "area": ward.pk}).json()["pins"]
    assert [pin["id"] for pin in found] == [report.pk]


@pytest.mark.parametrize("who", [None, "rosa", "ines", "oskar"])
def test_nobody_sees_in_a_bodys_list_or_figures_what_is_not_public(client, town, who):
    town.report(title="Not for the street", is_private=True)
    town.report(title="Taken down", state="hidden")
    refresh_figures()
    if who:
        client.force_login(getattr(town, who))
    shown = page(client.get("/reports/borsetshire"))
    assert "Not for the street" not in shown
    assert "Taken down" not in shown
    assert "of them fixed" not in shown


def test_a_bodys_own_site_has_no_page_of_another(client, town):
    assert client.get("/reports/borchester", headers=OWN_SITE).status_code == 404
    town.report(category=town.vehicle)
    town.report(state="fixed")
    refresh_figures()
    shown = page(client.get("/reports", headers=OWN_SITE))
    assert "Borchester District" not in shown
    assert shown.count("<b>1</b>") == 2  # the one that is fixed: of the site, and of its body


def test_bodies_are_found_by_name_and_turned_page_by_page(client, town):
    Body.objects.bulk_create(
        Body(name=f"Parish {number:03}", slug=f"parish-{number}") for number in range(60)
    )
    first, second = page(client.get("/reports")), page(client.get("/reports?page=2"))
    assert first.count("body-card") == 50
    assert second.count("body-card") == 12
    assert "Parish 059" in second
    found = page(client.get("/reports?name=parish 01"))
    assert found.count("body-card") == 10
    assert "No body’s name holds" in page(client.get("/reports?name=xyzzy"))


def test_many_bodies_take_as_few_questions_as_one(client, town, django_assert_max_num_queries):
    Body.objects.bulk_create(
        Body(name=f"Parish {number:03}", slug=f"parish-{number}") for number in range(60)
    )
    client.get("/reports")  # the translated words are read now and then
    cache.clear()
    with django_assert_max_num_queries(6):
        client.get("/reports")


def test_a_script_gets_the_list_alone(client, town):
    town.report(title="Dark lamp")
    town.report(title="A hole", category=town.pothole)
    shown = page(
        client.get("/reports/borsetshire?category=Pothole", headers={"HX-Request": "true"})
    )
    assert "A hole" in shown
    assert "Dark lamp" not in shown
    assert "<html" not in shown


@pytest.mark.parametrize("url", ["/reports/borsetshire", f"/around?lat={LAT}&lon={LON}"])
def test_lists_may_begin_with_what_most_was_said_about(client, town, url):
    for title, count in (("Talk of the town", 2), ("Hardly noticed", 1)):
        report = town.report(title=title)
        for _turn in range(count):
            report.updates.create(text="Still so", visibility="shown", created=report.created)
    assert '<option value="updates"' in page(client.get(url))
    shown = page(client.get(f"{url}{'&' if '?' in url else '?'}sort=updates"))
    assert shown.index("Talk of the town", shown.index('id="list"')) < shown.rindex(
        "Hardly noticed"
    )


def test_the_front_page_counts_by_class(client, town):
    town.report()
    town.report(state="fixed")
    town.report(is_private=True)
    shown = page(client.get("/"))
    assert shown.count("<b>1</b>") == 2
    assert "/around?status=open" in shown


@pytest.mark.parametrize(
    "name",
    ["Borsetshire", "BORSETSHIRE", "Borsetshire+County+Council", "Borsetshire%20County", "Borsets"],
)
def test_a_body_is_found_by_the_names_that_bookmarks_of_other_sites_have(client, town, name):
    answer = client.get(f"/reports/{name}/North%20Ward")
    assert (answer.status_code, answer["Location"]) == (301, "/reports/borsetshire/north-ward")


def test_a_name_that_several_bodies_begin_with_or_none_has_is_nobodys(client, town):
    assert client.get("/reports/Bor").status_code == 404
    assert client.get("/reports/Nowhere+Council").status_code == 404
    Body.objects.filter(pk=town.county.pk).update(is_deleted=True)
    assert client.get("/reports/borsetshire").status_code == 404
    assert client.get("/reports/Borsetshire+County+Council").status_code == 404
