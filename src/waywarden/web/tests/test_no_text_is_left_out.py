"""A language of the tests' own shows every text that no translator could reach.

Whatever goes through gettext comes back between ⟦ and ⟧. Words on a page that stand outside, and
are no data, were forgotten.
"""

import re

import pytest
from django.template.autoreload import reset_loaders
from django.utils import translation
from django.utils.translation import trans_real
from lxml import html

from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.notifications import mailing_services, questionnaire_services, services
from waywarden.notifications.alert_services import Kind, Target, follow, follow_report, near
from waywarden.notifications.matching_services import match_reports, match_updates
from waywarden.notifications.models import Questionnaire
from waywarden.reports.models import ReportBody, Update
from waywarden.ui import rows
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link
from waywarden.web.tests.town import PLACE

pytestmark = pytest.mark.django_db

#: What comes from people, bodies and the operator, and what is the same in every language.
DATA = re.compile(
    r"""Waywarden|OpenStreetMap|GeoJSON|CSV|JSON|RSS|Atom|Website|français|العربيّة|ref:\d+
    |Tell\ the\ people\ who\ mend\ it\.|English
    |Borsetshire(\ County\ Council)?|Borchester\ District\ Council
    |Lamp\ is\ dark|Since\ Tuesday|Still\ dark|Rosa|Ines|Oskar|Street\ light|Pothole
    |Abandoned\ vehicle|Roads|Lights|Shallow|Deep|How\ deep\?|In\ danger\ call\ 112
    |[\w.+-]+@[\w.-]+|https?://\S+|\d+|am|pm|UTC|\bGMT\b|\bkm?\b""",
    re.VERBOSE,
)
SPOKEN = ("aria-label", "alt", "title", "placeholder", "data-failed", "data-remove")
INSIDE = re.compile(r"⟦[^⟦⟧]*⟧")


def forget_drawn() -> None:
    """What this process drew in another language is drawn anew."""
    rows._drawn.cache_clear()
    reset_loaders()  # the parts drawn once lie in the templates


@pytest.fixture
def pseudo(monkeypatch):
    """Every text comes back marked."""

    def one(message, *_more):
        return f"⟦{message}⟧" if message else ""

    def of_context(_context, message):
        return one(message)

    def many(singular, plural, number):
        return one(singular if number == 1 else plural)

    def many_of_context(_context, singular, plural, number):
        return many(singular, plural, number)

    for module in (translation._trans, trans_real):
        monkeypatch.setattr(module, "gettext", one, raising=False)
        monkeypatch.setattr(module, "pgettext", of_context, raising=False)
        monkeypatch.setattr(module, "ngettext", many, raising=False)
        monkeypatch.setattr(module, "npgettext", many_of_context, raising=False)
    forget_drawn()
    yield
    forget_drawn()


def left_out(text: str) -> list[str]:
    """The words of a text that are neither marked nor data."""
    before = None
    while before != text:
        before, text = text, INSIDE.sub(" ", text)
    return re.findall(r"[^\W\d_]{2,}[^⟦⟧]*", DATA.sub(" ", text))


def forgotten(page: str) -> list[str]:
    """The words of a page that no translator could reach."""
    root = html.fromstring(page)
    for dropped in root.xpath("//script | //style | //svg | //textarea | //code"):
        dropped.drop_tree()
    texts = ["".join(block.itertext()) for block in root.xpath("//body | //title")]
    texts += [item.get(name) for name in SPOKEN for item in root.xpath(f"//*[@{name}]")]
    return [one.strip() for text in texts for one in left_out(text)]


def _link(letter: str, purpose: MailedLink.Purpose, **more) -> str:
    return f"/{letter}/{issue_link(purpose=purpose, email='rosa@example.org', **more)}"


@pytest.fixture
def world(town):
    """What the addresses below are filled with."""
    report = town.report(nearest_address="", is_name_public=True)
    Update.objects.create(
        report=report, body=town.county, text="Still dark", state="in progress",
        visibility="shown", created=report.created, confirmed_at=report.created,
    )  # fmt: skip
    asked = Questionnaire.objects.create(
        report=report, user=town.rosa, state="sent", due_at=report.created, sent_at=report.created
    )
    return {
        "report": report.pk,
        "fixed": town.report(state="fixed - council").pk,
        "private": town.report(is_private=True).pk,
        "alert": follow_report(report_id=report.pk, user=town.rosa).key,
        "question": asked.key,
    }


PLACE_QUERY = f"latitude={PLACE['latitude']}&longitude={PLACE['longitude']}"
PUBLIC = [
    "/", "/around", "/around?pc=nowhere", "/reports", "/reports/borsetshire", "/report/{report}",
    "/report/{fixed}", "/report/{private}", f"/report/new?{PLACE_QUERY}",
    f"/report/new?{PLACE_QUERY}&category=Pothole", "/report/new?latitude=1&longitude=1",
    "/report/check-mail", "/auth", "/auth/login/", "/auth/password/reset/",
    "/auth/password/reset/done/", "/auth/password/reset/key/1-dead/", "/auth/signup/",
    "/auth/inactive/", "/auth/confirm-email/", "/auth/confirm-email/dead/",
    "/auth/password/reset/key/done/", "/auth/3rdparty/login/cancelled/",
    "/auth/3rdparty/login/error/", "/offline", "/report/photo", "/report/{report}/flag",
    "/alert", "/alert?pc=nowhere", "/alert/list?lat=60.169&lon=24.94", "/A/leave/{alert}",
    "/Q/{question}", "/about", "/help", "/privacy", "/accessibility", "/contact", "/contact/sent",
    "/P/dead", "/nothing/here",
]  # fmt: skip
OWN = [
    "/my", "/my/updates", "/my/alerts", "/my/account", "/my/delete", "/report/{report}",
    "/auth/2fa/", "/auth/email/", "/auth/password/set/", "/auth/logout/", "/auth/3rdparty/",
    "/auth/2fa/totp/activate/", "/auth/2fa/webauthn/", "/auth/2fa/webauthn/add/",
    "/report/{report}/correct",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_nothing_is_left_out_for_nobody(client, world, pseudo, address):
    page = client.get(address.format(**world)).content.decode()
    assert "⟦" in page
    assert forgotten(page) == []


@pytest.mark.parametrize("address", OWN)
def test_nothing_is_left_out_for_rosa(client, town, world, pseudo, address):
    client.force_login(town.rosa)
    assert forgotten(client.get(address.format(**world)).content.decode()) == []


@pytest.mark.parametrize(
    ("address", "given"),
    [
        (f"/report/new?{PLACE_QUERY}", {"category": "Pothole", **PLACE}),
        ("/report/{report}", {}),
        ("/auth", {"email": "x"}),
        ("/alert/subscribe", {"what": "radius", "lat": "60.169", "lon": "24.94", "email": "x"}),
        ("/Q/{question}", {}),
        ("/contact", {}),
    ],
)
def test_nothing_is_left_out_of_what_is_wrong(client, world, pseudo, address, given):
    answer = client.post(address.format(**world).partition("?")[0], given)
    page = answer.content.decode()
    assert "⟦" in page
    assert forgotten(page) == []


def test_nothing_is_left_out_of_the_mails_to_people(town, world, pseudo, mailoutbox):
    report, waits = town.report(user=town.oskar), town.report(state="unconfirmed", user=None)
    type(waits).objects.filter(pk=waits.pk).update(email="rosa@example.org", user=None)
    ReportBody.objects.filter(report=report).update(sent_at=report.created, external_id="4711")
    update = Update.objects.create(
        report=report, body=town.county, text="Still dark", state="fixed", visibility="shown",
        created=clock.now(), confirmed_at=clock.now(),
    )  # fmt: skip
    for person in (town.oskar, town.rosa):
        follow_report(report_id=report.pk, user=person)
    follow(near(Point(report.lat, report.lon), 500), user=town.ines, frequency="instant")
    match_updates([update.pk])
    type(report).objects.filter(pk=report.pk).update(confirmed_at=clock.now())
    match_reports([report.pk])
    mailing_services.send_due()
    services.send_sign_in_link(email="rosa@example.org", next_url="/", cobrand_name="default")
    services.mail_report_confirmation(waits.pk)
    services.mail_report_sent(report.pk, town.county.pk)
    services.mail_follow_link(
        Target(Kind.BODY, body_id=town.county.pk), email="r@example.org", cobrand_name="default"
    )
    Questionnaire.objects.update(state="planned")
    questionnaire_services.send_due()
    assert len(mailoutbox) == 8
    for mail in mailoutbox:
        assert left_out(mail.subject) == []
        assert left_out(re.sub(r"https?://\S+", "", mail.body)) == [], mail.subject
        assert forgotten(mail.alternatives[0][0]) == [], mail.subject


@pytest.mark.parametrize(
    ("letter", "purpose"),
    [("M", "sign_in"), ("P", "confirm_report"), ("C", "confirm_update"), ("A", "follow")],
)
def test_nothing_is_left_out_behind_a_mailed_link(client, world, pseudo, letter, purpose):
    address = _link(letter, MailedLink.Purpose(purpose), subject_id=world["report"])
    assert forgotten(client.get(address).content.decode()) == []


def test_the_test_itself_finds_what_is_left_out():
    page = "<p>⟦Nested ⟦marks⟧⟧ left <b>behind</b></p><img alt='this too'>"
    assert forgotten(f"<html><body>{page}</body></html>") == ["left behind", "this too"]
