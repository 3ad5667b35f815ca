"""A language of the tests' own shows every text that no translator could reach.

Whatever goes through gettext comes back between ⟦ and ⟧. Words on a page that stand outside, and
are no data, were forgotten. So were those inside that no catalog has: theirs are files that
`tools/messages.py` does not look through.
"""

import re
from functools import cache
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.template.autoreload import reset_loaders
from django.urls import resolve
from django.utils import translation
from django.utils.translation import trans_real
from lxml import html
from tools.messages import read

from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.notifications import (
    flag_services,
    letters,
    mailing_services,
    questionnaire_services,
    services,
)
from waywarden.notifications.alert_services import Kind, Target, follow, follow_report, near
from waywarden.notifications.matching_services import match_reports, match_updates
from waywarden.notifications.models import Questionnaire
from waywarden.reports.models import Flag, ReportBody, Update
from waywarden.ui import rows
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link
from waywarden.web import sign_in, urls
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
PASSWORD = "correct horse battery"
#: The texts that pages asked for.
ASKED: set[str] = set()
#: Codes that are mailed, and what a browser says of itself.
CODES = re.compile(r"https?://\S+|\b[A-Z0-9]{4}-[A-Z0-9]{4}\b|Unspecified")
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
        ASKED.add(str(message))
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
    ASKED.clear()
    forget_drawn()
    yield
    forget_drawn()


@cache
def in_a_catalog() -> frozenset[str]:
    """The texts of the site that are translated, in each of their forms."""
    found: set[str] = set()
    for message in read("fr"):
        found.update([message.id] if isinstance(message.id, str) else message.id)
    return frozenset(found)


def untranslated(page: str) -> list[str]:
    """The texts of a page that neither our catalogs have nor those of the libraries."""
    libraries = trans_real.translation("fr")
    unknown = (
        text
        for text in ASKED - in_a_catalog()
        if text and libraries._catalog.get(text) is None and f"{text}0" not in libraries._catalog
    )
    shown = unescape(page)
    return [text for text in unknown if re.search(_as_shown(text), shown)]


def _as_shown(text: str) -> str:
    """A text with whatever was put into its places."""
    return "⟦" + re.sub(r"%\\\(\w+\\\)[sd]", ".*?", re.escape(text)) + "⟧"


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
    return [one.strip() for text in texts for one in left_out(text)] + untranslated(page)


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
    own = Update.objects.create(
        report=report, user=town.rosa, text="Still dark", visibility="shown",
        created=clock.now(), confirmed_at=clock.now(),
    )  # fmt: skip
    return {
        "report": report.pk,
        "own": own.pk,
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
    "/alert", "/alert?pc=nowhere", "/alert/list?lat=60.169&lon=24.94",
    "/alert/one?what=report:{report}", "/A/leave/{alert}",
    "/Q/{question}", "/about", "/help", "/privacy", "/accessibility", "/contact", "/contact/sent",
    "/P/dead", "/nothing/here",
]  # fmt: skip
OWN = [
    "/my", "/my/updates", "/my/alerts", "/my/account", "/my/delete", "/report/{report}",
    "/auth/2fa/", "/auth/email/", "/auth/password/set/", "/auth/logout/", "/auth/3rdparty/",
    "/auth/2fa/totp/activate/", "/auth/2fa/webauthn/", "/auth/2fa/webauthn/add/",
    "/report/{report}/correct", "/report/{report}/update/{own}",
]  # fmt: skip
#: Pages of somebody with every way in, who has just shown that it is them.
WITH_APP = [
    "/auth/2fa/", "/auth/2fa/recovery-codes/", "/auth/2fa/recovery-codes/generate/",
    "/auth/2fa/totp/deactivate/", "/auth/2fa/webauthn/", "/auth/password/change/",
    "/auth/2fa/webauthn/keys/{key}/edit/", "/auth/2fa/webauthn/keys/{key}/remove/",
]  # fmt: skip
#: And when it is to be shown again.
AGAIN = ["/auth/reauthenticate/", "/auth/2fa/reauthenticate/"]
#: No page by opening it: pieces of the form, what is pressed, what leads on, and the steps of
#: signing in, each of which a test below comes to; the browser's own passkey step is a journey.
NO_PAGE = {
    "report", "report/new/kind", "report/new/questions", "my/hide-name",
    "my/data", "auth/sign-out", "auth/login/code/", "auth/login/code/confirm/", "faq",
    "about/faq", "about/privacy",
    "auth/2fa/authenticate/", "auth/2fa/webauthn/login/", "auth/2fa/webauthn/reauthenticate/",
    "auth/2fa/recovery-codes/download/", "auth/3rdparty/signup/", "alert/subscribe",
    "manifest.webmanifest", "service-worker.js", "healthz", "readyz",
    "report/<number:number>/withdraw", "report/<number:number>/me-too",
    "report/<number:number>/card.png", "my/alerts/<number:number>", "language/<str:code>",
    "C/<str:token>", "M/<str:token>", "A/<str:token>",
}  # fmt: skip
#: Files, addresses of old, the provider's own steps, and keys (listed above with a dead one).
NO_PAGES = re.compile(r"photo/|tiles/|icon-|\^report/|reports/<str|reports/<slug:slug>/<|<feed|"
                      r"auth/social/|auth/oidc/|auth/\^")  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_nothing_is_left_out_for_nobody(client, world, pseudo, address):
    page = client.get(address.format(**world)).content.decode()
    assert "⟦" in page
    assert forgotten(page) == []


@pytest.mark.parametrize("address", OWN)
def test_nothing_is_left_out_for_rosa(client, town, world, pseudo, address):
    client.force_login(town.rosa)
    assert forgotten(client.get(address.format(**world)).content.decode()) == []


@pytest.fixture
def ola(town):
    """Rosa with a password, a code app, recovery codes and a passkey."""
    town.rosa.set_password(PASSWORD)
    town.rosa.save()
    TOTP.activate(town.rosa, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(town.rosa)
    key = Authenticator.objects.create(user=town.rosa, type="webauthn", data={"name": "Rosa"})
    return {"key": key.pk}


@pytest.mark.parametrize("address", WITH_APP)
def test_nothing_is_left_out_of_the_ways_in(client, town, ola, pseudo, address):
    client.force_login(town.rosa)
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    shown = client.get(address.format(**ola))
    assert shown.status_code == 200
    assert forgotten(shown.content.decode()) == []


@pytest.mark.parametrize("address", AGAIN)
def test_nothing_is_left_out_where_one_shows_that_it_is_one(client, town, ola, pseudo, address):
    client.force_login(town.rosa)
    assert forgotten(client.get(address).content.decode()) == []


def test_nothing_is_left_out_of_the_steps_of_signing_in(client, town, ola, pseudo):
    Authenticator.objects.filter(pk=ola["key"]).delete()  # it is none that a browser could use
    sent = client.post("/auth", {"email": "rosa@example.org"}, follow=True)
    assert "autocomplete" in sent.content.decode()
    wrong = client.post("/auth/login/code/confirm/", {"code": "x"})
    given = {"login": "rosa@example.org", "password": PASSWORD}
    step = client.post("/auth/login/", given, follow=True)
    assert step.redirect_chain[-1][0] == "/auth/2fa/authenticate/"
    false = client.post("/auth/2fa/authenticate/", {"code": "x"})
    for shown in (sent, wrong, step, false):
        assert forgotten(shown.content.decode()) == []


def routes(patterns, before=""):
    for one in patterns:
        path = before + str(one.pattern)
        yield from routes(one.url_patterns, path) if hasattr(one, "url_patterns") else [path]


def test_every_page_of_the_site_is_in_one_of_the_lists():
    numbers = {"report": 1, "fixed": 1, "private": 1, "own": 1, "key": 1,
               "alert": uuid4(), "question": uuid4()}  # fmt: skip
    listed = [*PUBLIC, *OWN, *WITH_APP, *AGAIN]
    paths = {one.format(**numbers).partition("?")[0] for one in listed} - {"/nothing/here"}
    looked_at = {resolve(path).route for path in paths}
    known = looked_at | NO_PAGE
    there = {path for path in routes(urls.urlpatterns) if not NO_PAGES.match(path)}
    assert sorted(there - known) == []
    assert sorted(NO_PAGE - there) == []


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


@pytest.fixture
def drawn(monkeypatch):
    """The names of the letters that were written."""
    names = set()

    def send(letter):
        names.add(letter.template)
        really(letter)

    really = letters.send
    for module in (services, mailing_services, questionnaire_services, flag_services, sign_in):
        monkeypatch.setattr(module, "send", send)
    return names


def test_nothing_is_left_out_of_the_mails_to_people(client, town, world, pseudo, mailoutbox, drawn):
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
    unseen = Update.objects.create(
        report=report, text="Still dark", email="rosa@example.org", created=clock.now()
    )
    services.mail_update_confirmation(unseen.pk)
    Flag.objects.create(report=report, reason="other", words="Since Tuesday", created=clock.now())
    flag_services.mail_flags()
    services.mail_message(
        cobrand_name="default", name="Rosa", email="rosa@example.org", subject="Lamp is dark",
        message="Since Tuesday", report_id=report.pk,
    )  # fmt: skip
    client.post("/auth", {"email": "rosa@example.org"})
    client.force_login(town.rosa)
    client.post(
        "/auth/password/set/", dict.fromkeys(("password1", "password2"), "a lamp by a mill")
    )
    client.post("/auth/email/", {"email": "rosa.new@example.org", "action_add": ""})
    folder = Path(letters.__file__).parent / "templates" / "notifications"
    assert drawn == {one.name.partition(".")[0] for one in folder.glob("*.subject.txt")}
    for mail in mailoutbox:
        assert left_out(mail.subject) == []
        assert left_out(CODES.sub("", mail.body)) == [], mail.subject
        assert forgotten(CODES.sub("", mail.alternatives[0][0])) == [], mail.subject


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
