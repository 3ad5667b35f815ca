"""What programs look for: robots.txt, sitemaps in pieces, security.txt."""

from datetime import datetime

import pytest
from lxml import etree

from waywarden.api import sitemaps
from waywarden.kernel import clock
from waywarden.kernel.cobrand import registry
from waywarden.reports.models import Report
from waywarden.reports.states import State
from waywarden.web.tests import town as towns

pytestmark = pytest.mark.django_db
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def places(client, address, **more) -> list[str]:
    root = etree.fromstring(client.get(address, **more).content)
    return [one.text for one in root.iter(f"{SPACE}loc")]


def test_the_index_has_a_sitemap_for_each_block_of_numbers(client, monkeypatch):
    town = towns.build()
    town.report()
    town.report()
    last = Report.objects.latest("pk").pk
    monkeypatch.setattr(sitemaps, "BLOCK", 1)
    found = places(client, "/sitemap.xml")
    assert found[0] == "http://testserver/sitemap/pages.xml"
    assert found[-1] == f"http://testserver/sitemap/reports-{last}.xml"
    assert places(client, f"/sitemap/reports-{last}.xml") == [f"http://testserver/report/{last}"]


def test_nothing_that_is_not_public_is_in_a_sitemap(client):
    town = towns.build()
    shown = town.report()
    town.report(is_private=True)
    town.report(state=State.HIDDEN)
    block = f"/sitemap/reports-{shown.pk // sitemaps.BLOCK}.xml"
    assert places(client, block) == [f"http://testserver/report/{shown.pk}"]
    assert "http://testserver/reports/borsetshire" in places(client, "/sitemap/pages.xml")


def test_a_body_s_own_site_lists_its_own(client):
    town = towns.build()
    ours, theirs = town.report(), town.report(category=town.vehicle)
    host = {"HTTP_HOST": "borsetshire.localhost"}
    block = Report.objects.latest("pk").pk // sitemaps.BLOCK
    found = places(client, f"/sitemap/reports-{block}.xml", **host)
    assert [one.rpartition("/")[2] for one in found] == [str(ours.pk)]
    assert theirs.pk != ours.pk
    assert not [one for one in places(client, "/sitemap/pages.xml", **host) if "borchester" in one]


def test_robots_are_kept_from_what_is_one_person_s(client, monkeypatch):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /my" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_security_txt_says_whom_to_tell_and_until_when(client):
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines if not line.startswith("Contact: http"))
    assert fields["Contact"] == "mailto:reports@localhost"
    left = datetime.fromisoformat(fields["Expires"]) - clock.now()
    assert 100 < left.days < 365
    assert registry.default.contact == ""
