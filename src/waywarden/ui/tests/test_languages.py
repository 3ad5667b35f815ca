"""Which language a page is in: the person's choice, the host's, the browser's, the site's."""

import pytest

from waywarden.users.models import User
from waywarden.web.tests import town as towns

pytestmark = pytest.mark.django_db


def language(client, *, host="localhost", asks="", chose="") -> str:
    """The language of the front page."""
    client.cookies.clear()
    if chose:
        client.cookies["django_language"] = chose
    page = client.get("/about", headers={"host": host, "accept-language": asks})
    assert page["Content-Language"] in page.content.decode().partition(">")[2][:60]
    return page["Content-Language"]


@pytest.mark.parametrize(
    ("given", "spoken"),
    [
        ({}, "en"),
        ({"asks": "fr-CH,de;q=0.5"}, "fr"),
        ({"asks": "de,ar;q=0.8,en;q=0.5"}, "ar"),
        ({"asks": "de"}, "en"),
        ({"host": "fr.localhost", "asks": "ar"}, "fr"),
        ({"host": "fr.localhost", "chose": "ar"}, "ar"),
        ({"chose": "fr", "asks": "ar"}, "fr"),
        ({"chose": "xx"}, "en"),
        ({"host": "borsetshire.localhost", "asks": "fr"}, "en"),
        ({"host": "borsetshire.localhost", "chose": "fr"}, "en"),
    ],
)
def test_the_first_that_says_anything_is_followed(client, given, spoken):
    assert language(client, **given) == spoken


def test_arabic_is_written_from_the_right(client):
    page = client.get("/about", headers={"host": "ar.localhost"}).content.decode()
    assert '<html lang="ar" dir="rtl">' in page


def test_the_switch_is_a_link_that_needs_no_script_and_comes_back(client):
    page = client.get("/about?x=1").content.decode()
    assert 'href="/language/fr?next=%2Fabout%3Fx%3D1"' in page
    answer = client.get("/language/fr?next=/about?x=1")
    assert answer["Location"] == "/about?x=1"
    assert client.get("/about")["Content-Language"] == "fr"


@pytest.mark.parametrize("wanted", ["http://evil.example/", "//evil.example"])
def test_the_switch_leads_to_no_other_site(client, wanted):
    assert client.get("/language/fr", {"next": wanted})["Location"] == "/"


def test_a_language_that_the_site_has_not_is_not_kept(client):
    assert "django_language" not in client.get("/language/xx").cookies


def test_signing_in_speaks_the_language_of_the_account(client):
    town = towns.build()
    town.rosa.language = "fr"
    town.rosa.set_password("correct horse battery")
    town.rosa.save()
    client.post("/auth/login/", {"login": town.rosa.email, "password": "correct horse battery"})
    assert client.get("/about")["Content-Language"] == "fr"


@pytest.mark.parametrize("wanted", ["nowhere", "front", "http://evil.example/", "%00", ""])
def test_a_switch_never_leads_away_or_breaks(client, db, wanted):
    answer = client.get(f"/language/fr?next={wanted}")
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize("address", ["/staff/integration/", "/admin/"])
def test_pages_of_staff_are_whole_in_the_one_language_they_speak(client, address):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    page = client.get(address, headers={"host": "ar.localhost", "accept-language": "fr"})
    text = page.content.decode()
    assert (page.status_code, page["Content-Language"]) == (200, "en")
    assert 'dir="rtl"' not in text
    assert "/language/" not in text
    assert "العربيّة" not in text
