"""Feeds: each address, what is in it, its place, and that nothing private ever is."""

import pytest
from lxml import etree

from waywarden.areas.models import Area
from waywarden.geo.points import METRES_PER_DEGREE
from waywarden.reports.models import Report, Update
from waywarden.reports.states import State
from waywarden.web.tests import town as towns

pytestmark = pytest.mark.django_db
POINT = "{http://www.georss.org/georss}point"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def town():
    return towns.build()


def titles(client, address: str) -> list[str]:
    """The titles of an RSS feed, as a reader of feeds sees them."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return [one.text for one in etree.fromstring(answer.content).iterfind("channel/item/title")]


@pytest.mark.parametrize(
    "address",
    [
        "/rss/problems",
        "/rss/area/{area}",
        "/rss/reports/borsetshire",
        "/rss/reports/borsetshire/borsetshire",
        "/rss/l/60.1690,24.9400",
        "/rss/l/60.1690,24.9400/0.5",
        "/rss/l/60.1690,24.9400/0.5/open",
        "/rss/problems?type=open",
    ],
)
def test_each_feed_has_the_report_and_its_place(client, town, address):
    area = Area.objects.get()
    report = town.report(area_ids=[area.pk])
    answer = client.get(address.format(area=area.pk))
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    (item,) = etree.fromstring(answer.content).iterfind("channel/item")
    assert item.findtext("title") == "Lamp is dark, Open"
    assert item.findtext("link") == f"http://testserver/report/{report.pk}"
    assert item.findtext("category") == "Street light"
    assert item.findtext(POINT) == "60.169000 24.940000"


def test_the_same_is_to_be_had_as_atom(client, town):
    report = town.report()
    root = etree.fromstring(client.get("/atom/problems").content)
    (entry,) = root.iterfind(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"http://testserver/report/{report.pk}"
    assert entry.findtext(POINT) == "60.169000 24.940000"


@pytest.mark.parametrize(
    "changed", [{"is_private": True}, {"state": State.HIDDEN}, {"state": State.UNCONFIRMED}]
)
@pytest.mark.parametrize("who", ["nobody", "rosa", "ines", "oskar"])
def test_what_is_not_public_is_in_no_feed_whoever_asks(client, town, changed, who):
    area = Area.objects.get()
    report = town.report(area_ids=[area.pk], **changed)
    if who != "nobody":
        client.force_login(getattr(town, who))
    for address in (
        "/rss/problems", f"/rss/area/{area.pk}", "/rss/reports/borsetshire",
        "/rss/l/60.1690,24.9400",
    ):  # fmt: skip
        assert titles(client, address) == []
    assert client.get(f"/rss/{report.pk}").status_code == 404


def test_a_feed_of_a_report_has_its_shown_updates_and_no_names_that_are_not_public(client, town):
    report = town.report()
    for text, visibility in (("Seen.", "shown"), ("Rude.", "hidden"), ("Later.", "unconfirmed")):
        Update.objects.create(
            report=report, user=town.oskar, name="Oskar Private", text=text, visibility=visibility,
            created=report.created, confirmed_at=report.created,
        )  # fmt: skip
    answer = client.get(f"/rss/{report.pk}").content.decode()
    assert "Seen." in answer
    assert not [word for word in ("Rude", "Later", "Oskar", "rosa@") if word in answer]


def test_a_circle_is_measured_in_kilometres(client, town):
    town.report(title="Inside", lat=towns.LAT + 900 / METRES_PER_DEGREE)
    town.report(title="Outside", lat=towns.LAT + 1100 / METRES_PER_DEGREE)
    assert titles(client, "/rss/l/60.1690,24.9400/1") == ["Inside, Open"]


def test_type_narrows_a_feed(client, town):
    town.report(title="Mended", state=State.FIXED_USER)
    town.report(title="Broken")
    assert titles(client, "/rss/problems?type=fixed") == ["Mended, Fixed, says the public"]


@pytest.mark.parametrize(
    "address",
    ["/rss/area/4711", "/rss/reports/nobody", "/rss/reports/borsetshire/nowhere", "/rss/4711",
     "/rss/l/91,0", "/rss/l/60,24/101", "/rss/l/60,24/0", "/rss/pc/nowhere"],
)  # fmt: skip
def test_what_there_is_not_is_said(client, town, address):
    assert client.get(address).status_code == 404


def test_a_place_by_its_name_leads_to_its_feed(client, town):
    assert client.get("/rss/pc/60.169,24.94/3")["Location"] == "/rss/l/60.169000,24.940000/3"


def test_a_body_s_own_site_feeds_its_reports_only(client, town):
    town.report(title="Ours")
    town.report(title="Theirs", category=town.vehicle)
    Report.objects.update(is_private=False)
    assert titles(client, "/rss/problems") == ["Theirs, Open", "Ours, Open"]
    answer = client.get("/rss/problems", HTTP_HOST="borsetshire.localhost")
    assert "Ours" in answer.content.decode()
    assert "Theirs" not in answer.content.decode()


def test_a_feed_may_be_kept_and_asked_about(client, town):
    town.report()
    first = client.get("/rss/problems")
    assert "public" in first["Cache-Control"]
    assert "Cookie" not in first.get("Vary", "")
    again = client.get("/rss/problems", HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304


def test_text_of_people_is_escaped(client, town):
    town.report(title="<script>", detail="<b>bold</b>")
    answer = client.get("/rss/problems").content.decode()
    assert "<script>" not in answer
    assert "&lt;p&gt;&amp;lt;b&amp;gt;bold" in answer


def test_a_feed_asks_the_same_few_questions_however_long_it_is(
    client, town, django_assert_max_num_queries
):
    for number in range(20):
        town.report(title=f"Lamp {number}")
    with django_assert_max_num_queries(3):
        assert len(titles(client, "/rss/problems")) == 20


def test_every_feed_has_an_id_of_its_own_and_leads_to_its_page(client, town):
    area = Area.objects.get()
    town.report(area_ids=[area.pk])
    ids = set()
    feeds = {
        "/atom/problems": "/reports",
        "/atom/problems?type=open": "/reports",
        f"/atom/area/{area.pk}": "/reports",
        "/atom/reports/borsetshire": "/reports/borsetshire",
        "/atom/reports/borsetshire/borsetshire": "/reports/borsetshire/borsetshire",
    }
    for address, leads_to in feeds.items():
        root = etree.fromstring(client.get(address).content)
        ids.add(root.findtext(f"{ATOM}id"))
        links = {one.get("rel"): one.get("href") for one in root.iterfind(f"{ATOM}link")}
        assert links == {
            "self": f"http://testserver{address}", "alternate": f"http://testserver{leads_to}",
        }  # fmt: skip
    assert len(ids) == len(feeds)
