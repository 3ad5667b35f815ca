"""The contact form: to the operator, answered to the person; machines and floods are kept out."""

import re
import time
from dataclasses import replace

import pytest
from django.core import signing

from waywarden.kernel.cobrand import BaseMap, registry
from waywarden.web import contact_views
from waywarden.web.services import LIMITS

pytestmark = pytest.mark.django_db
WORDS = {"name": "Nia", "email": "nia@example.org", "subject": "A wish", "message": "More maps."}


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def opened(*, seconds_ago: float = 30) -> str:
    """What the page carries that was opened a while ago."""
    signer = signing.TimestampSigner(salt=contact_views._SALT)
    signer.timestamp = lambda: signing.b62_encode(int(time.time() - seconds_ago))
    return signer.sign("contact")


def test_a_message_goes_to_the_operator_and_the_answer_to_its_author(client, mailoutbox):
    answer = client.post("/contact", {**WORDS, "opened": opened()})
    assert answer["Location"] == "/contact/sent"
    (mail,) = mailoutbox
    assert mail.to == ["reports@localhost"]
    assert mail.extra_headers["Reply-To"] == "Nia <nia@example.org>"
    assert mail.subject == "[Waywarden] A wish"
    assert "More maps." in mail.body


def test_a_report_it_is_about_is_named_and_a_private_one_is_not_told(client, town, mailoutbox):
    report, private = town.report(), town.report(is_private=True, title="A secret")
    assert report.title in page(client.get(f"/contact?report={report.pk}"))
    assert "A secret" not in page(client.get(f"/contact?report={private.pk}"))
    client.post("/contact", {**WORDS, "opened": opened(), "report": report.pk})
    assert f"/report/{report.pk}" in mailoutbox[0].body


@pytest.mark.parametrize(
    "changed",
    [
        {"message": ""},
        {"email": "nia"},
        {"opened": ""},
        {"opened": "forged"},
        {"seconds_ago": 0},
        {"seconds_ago": 60 * 60 * 24},
    ],
    ids=["no words", "no address", "no page", "a forged page", "too quick", "too late"],
)
def test_what_is_wrong_is_said_nothing_is_lost_and_nothing_is_mailed(client, mailoutbox, changed):
    given = {"opened": opened(seconds_ago=changed.get("seconds_ago", 30)), **changed}
    answer = client.post("/contact", {**WORDS, **given})
    assert answer.status_code == 422
    assert "A wish" in page(answer)
    assert re.search(r'name="opened" value="contact:', page(answer)), "it can be sent again"
    assert not mailoutbox


def test_a_machine_is_thanked_and_nothing_is_mailed(client, mailoutbox):
    client.post("/contact", {**WORDS, "opened": opened(), "website": "x"})
    assert not mailoutbox


def test_a_flood_is_stopped(client, mailoutbox):
    given = {**WORDS, "opened": opened()}
    for _ in range(LIMITS["contact"][1]):
        client.post("/contact", given)
    assert client.post("/contact", given).status_code == 429
    assert len(mailoutbox) == LIMITS["contact"][1]


def test_a_header_cannot_be_smuggled_in(client, mailoutbox):
    client.post("/contact", {**WORDS, "name": "Nia\r\nBcc: all@example.org", "opened": opened()})
    assert "Bcc" not in mailoutbox[0].message()


def test_a_mail_server_that_is_down_is_said(client, monkeypatch):
    def down(**_given):
        raise ConnectionRefusedError

    monkeypatch.setattr(contact_views, "mail_message", down)
    assert client.post("/contact", {**WORDS, "opened": opened()}).status_code == 503


@pytest.mark.parametrize("path", ["/about", "/help", "/privacy", "/accessibility", "/contact"])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_every_plain_page_is_there_in_each_language(client, path, language):
    client.cookies["django_language"] = language
    assert f'<html lang="{language}"' in page(client.get(path))


def test_a_site_says_some_things_in_its_own_words(client):
    shown = page(client.get("/about", HTTP_HOST="borsetshire.localhost"))
    assert "County Hall, Borchester" in shown
    assert "cobrands/borsetshire/logo.svg" in shown
    assert "cobrands/borsetshire/style.css" in shown


def test_every_cookie_that_is_set_is_told_plainly(client, town):
    """And none where nothing is written."""
    for path in ("/", "/around", "/reports", "/reports/borsetshire", "/alert", "/privacy"):
        client.get(path)
    assert not client.cookies
    client.get("/language/fr")
    client.post("/auth", {"email": "rosa@example.org"})
    client.get("/contact")
    client.get("/auth")
    form = {"title": "Hole", "detail": "Deep.", "name": "Rosa", "email": "rosa@example.org"}
    place = {"latitude": "60.169000", "longitude": "24.940000", "category": "Street light"}
    client.post("/report/new", {**form, **place})
    client.cookies.pop("django_language")
    told = re.findall(r"“(\w+)”", page(client.get("/privacy")))
    assert {"sessionid", "csrftoken"} <= set(client.cookies) <= set(told)


def test_where_pictures_of_the_map_come_from_elsewhere_privacy_says_so(client, monkeypatch):
    ours = registry.default
    tiles = BaseMap(tiles="https://tiles.example/{z}/{x}/{y}.png", attribution="Tiles Ltd")
    sites = {**registry._cobrands, ours.name: replace(ours, base_map=tiles)}
    monkeypatch.setattr(registry, "_cobrands", sites)
    assert "come from https://tiles.example," in page(client.get("/privacy"))
    assert "no page loads anything from elsewhere" not in page(client.get("/privacy"))
