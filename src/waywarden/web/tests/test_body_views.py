"""Bodies: all of them, one with its list and figures, its wards; the site's own bodies only."""

import re

import pytest
import shapely
from django.core.cache import cache

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body
from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words
from waywarden.notifications.models import Alert
from waywarden.reports.figure_services import refresh_figures
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
OWN_SITE = {"host": "borsetshire.localhost"}


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()
    forget_words()
    yield
    forget_words()


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


@pytest.fixture
def two(town, ward):
    """Another ward beside it, a report in each and one in neither."""
    square = shapely.box(24.95, 60.16, 24.97, 60.18)
    other = Area.objects.create(
        name="South Ward", kind="ward", code="s", boundary=shapely.to_wkb(square),
        west=24.95, south=60.16, east=24.97, north=60.18,
    )  # fmt: skip
    forget_shapes()
    town.report(title="In the north", area_ids=[ward.pk])
    town.report(title="In the south", area_ids=[other.pk])
    town.report(title="In neither")
    refresh_figures()
    return ward, other


@pytest.mark.parametrize("bar", ["|", "%7C"])
def test_several_wards_are_shown_at_once(client, town, two, bar):
    shown = page(client.get(f"/reports/borsetshire/north-ward{bar}south-ward"))
    assert "<h1>North Ward and South Ward</h1>" in shown
    assert "In the north" in shown
    assert "In the south" in shown
    assert "In neither" not in shown
    for one in two:
        assert f"area={one.pk}" in shown  # of the map's pins
    assert client.get(f"/reports/borsetshire/north-ward{bar}nowhere").status_code == 404


def test_a_ward_shows_how_the_body_does_there_and_several_are_compared(client, town, two):
    town.report(state="fixed - council", area_ids=[two[0].pk])
    refresh_figures(everything=True)
    shown = page(client.get("/reports/borsetshire/north-ward"))
    assert "<dd>50&nbsp;%</dd>" in shown
    assert "By ward" not in shown
    both = page(client.get("/reports/borsetshire/north-ward%7Csouth-ward"))
    assert "<dd>33&nbsp;%</dd>" in both
    assert '<a href="/reports/borsetshire/south-ward">South Ward</a>' in both


@pytest.mark.parametrize(
    ("address", "feed"),
    [
        ("", "reports/borsetshire"),
        ("/north-ward", "reports/borsetshire/north-ward"),
        ("/north-ward%7Csouth-ward", "reports/borsetshire/north-ward%7Csouth-ward"),
    ],
)
def test_a_body_and_its_wards_are_followed_from_their_page(client, town, two, address, feed):
    shown = page(client.get(f"/reports/borsetshire{address}"))
    assert f'href="/atom/{feed}"' in shown
    assert client.get(f"/rss/{feed}").status_code == 200
    (link,) = re.findall(r'href="(/alert/one[^"]+)"', shown)
    asked = page(client.get(link))
    assert town.county.name in asked
    assert f'href="/rss/{feed}"' in asked
    (what,) = re.findall(r'name="what" value="([^"]+)"', asked)
    client.force_login(town.rosa)
    client.post("/alert/subscribe", {"what": what, "frequency": "weekly"})
    alert = Alert.objects.get(user=town.rosa)
    kinds = ["body", "ward", "wards"]
    assert alert.kind == kinds[len(feed.split("ward")) - 1]
    assert (alert.body, alert.frequency) == (town.county, "weekly")
    assert alert.area_ids == (sorted(one.pk for one in two) if alert.kind == "wards" else [])
    assert "South Ward" in page(client.get("/my/alerts")) or alert.kind != "wards"


def test_wards_are_called_in_the_readers_language(client, town, two):
    Translation.objects.create(original="North Ward", language="fr", text="Quartier du Nord")
    forget_words()
    french = {"accept-language": "fr"}
    shown = page(client.get("/reports/borsetshire/north-ward", headers=french))
    assert "<h1>Quartier du Nord</h1>" in shown
    offered = page(client.get("/alert/list", {"lat": LAT, "lon": LON}, headers=french))
    assert "Quartier du Nord" in offered


def test_wards_are_ticked_without_scripts_and_the_filters_stay(client, town, two):
    form = page(client.get("/reports/borsetshire/south-ward?status=open"))
    assert '<input type="checkbox" name="ward" value="south-ward" checked>' in form
    assert '<input type="checkbox" name="ward" value="north-ward">' in form
    assert '<input type="hidden" name="status" value="open">' in form
    answer = client.get("/reports/borsetshire?ward=north-ward&ward=South+Ward&status=open")
    assert answer["Location"] == "/reports/borsetshire/north-ward%7Csouth-ward?status=open"
    assert client.get("/reports/borsetshire?ward=")["Location"] == "/reports/borsetshire"


def test_bookmarks_of_several_wards_lead_to_them(client, town):
    answer = client.get("/reports/Borsetshire+County/North%20Ward%7CSouth%20Ward")
    wanted = "/reports/borsetshire/north-ward%7Csouth-ward"
    assert (answer.status_code, answer["Location"]) == (301, wanted)


def test_pins_and_feeds_take_several_wards(client, town, two):
    box = f"{LON - 0.01},{LAT - 0.01},{LON + 0.01},{LAT + 0.01}"
    wanted = {"bbox": box, "area": [one.pk for one in two]}
    titles = {pin["title"] for pin in client.get("/api/pins", wanted).json()["pins"]}
    assert titles == {"In the north", "In the south"}
    feed = page(client.get("/atom/reports/borsetshire/north-ward%7Csouth-ward"))
    assert "In the south" in feed
    assert "In neither" not in feed


@pytest.mark.parametrize("who", [None, "ines", "oskar"])
def test_nobody_sees_in_several_wards_what_is_not_public(client, town, two, who):
    town.report(title="Not for the street", is_private=True, area_ids=[two[1].pk])
    if who:
        client.force_login(getattr(town, who))
    shown = page(client.get("/reports/borsetshire/north-ward%7Csouth-ward"))
    assert "Not for the street" not in shown


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
