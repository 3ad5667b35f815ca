"""One mail: its look, its addresses, its headers."""

import pytest
from django.core import mail

from waywarden.kernel.cobrand import Cobrand, Registry
from waywarden.notifications import letters
from waywarden.notifications.letters import Letter, ink_on, send, site_address


def a_cobrand(tmp_path, **changed):
    values = {
        "name": "shire",
        "site_name": "Mend the Shire",
        "tagline": "See it, say it",
        "hosts": (),
        "accent": "#0b5394",
        "accent_dark": "#8ab4f8",
        "folder": tmp_path / changed.get("name", "shire"),
    }
    return Cobrand(**(values | changed))


@pytest.fixture
def sites(tmp_path, monkeypatch):
    registry = Registry()
    registry.add(a_cobrand(tmp_path))
    registry.add(a_cobrand(tmp_path, name="town", site_name="Town", hosts=("town.localhost",)))
    monkeypatch.setattr(letters, "registry", registry)
    return registry


def a_letter(**changed):
    values = {
        "to": "rosa@example.org",
        "template": "sign_in",
        "cobrand_name": "shire",
        "values": {"link": "http://testserver/M/abc", "hours": 2},
    }
    return Letter(**(values | changed))


def test_a_site_without_hosts_lives_at_the_installs_address(sites, settings):
    settings.WAYWARDEN_BASE_URL = "https://mend.example"
    assert site_address(sites.named("shire")) == "https://mend.example"


def test_a_site_with_a_host_of_its_own_keeps_scheme_and_port(sites, settings):
    settings.WAYWARDEN_BASE_URL = "http://localhost:8000"
    assert site_address(sites.named("town")) == "http://town.localhost:8000"


@pytest.mark.parametrize(
    ("colour", "ink"),
    [
        ("#000000", "#ffffff"),
        ("#ffffff", "#000000"),
        ("#0b5394", "#ffffff"),
        ("#ffbf00", "#000000"),
        ("#fff", "#000000"),
        ("teal", "#ffffff"),
    ],
)
def test_the_button_can_be_read_on_any_accent(colour, ink):
    assert ink_on(colour) == ink


def test_a_letter_is_text_and_html_and_says_it_is_automatic(sites):
    send(a_letter())
    (sent,) = mail.outbox
    assert sent.to == ["rosa@example.org"]
    assert sent.subject == "Sign in to Mend the Shire"
    assert "http://testserver/M/abc" in sent.body
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    assert 'href="http://testserver/M/abc"' in html
    assert "<table" not in html
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_message_id_is_of_the_senders_domain(sites, settings):
    settings.DEFAULT_FROM_EMAIL = "Mend <reports@mend.example>"
    send(a_letter(message_id="update.7", thread="report.3"))
    headers = mail.outbox[0].extra_headers
    assert headers["Message-ID"] == "<update.7@mend.example>"
    assert headers["References"] == "<report.3@mend.example>"


def test_two_letters_without_an_id_differ(sites):
    send(a_letter())
    send(a_letter())
    assert len({sent.extra_headers["Message-ID"] for sent in mail.outbox}) == 2


def test_a_cobrand_sends_under_its_own_name_and_words(sites, tmp_path):
    sites.add(
        a_cobrand(tmp_path, name="port", site_name="Port", mail_from="Port <port@example.net>")
    )
    folder = tmp_path / "port" / "templates" / "notifications"
    folder.mkdir(parents=True)
    (folder / "sign_in.subject.txt").write_text("Ahoy, {{ site_name }} & crew\n")
    send(a_letter(cobrand_name="port"))
    (sent,) = mail.outbox
    assert sent.from_email == "Port <port@example.net>"
    assert sent.subject == "Ahoy, Port & crew"


@pytest.mark.django_db
def test_what_a_person_wrote_is_escaped_in_html_and_not_in_text(sites):
    class Report:
        title = "Pothole <b>deep</b> & wide"
        detail = "<script>alert(1)</script>"
        category_name = "Potholes"

    values = {"report": Report(), "link": "http://testserver/P/x", "days": 30}
    send(a_letter(template="confirm_report", values=values))
    (sent,) = mail.outbox
    html = sent.alternatives[0][0]
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Pothole <b>deep</b> & wide" in sent.body
    assert sent.subject == "Please confirm your report: Pothole <b>deep</b> & wide"
