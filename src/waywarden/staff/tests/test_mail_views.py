"""E-mail on the staff pages: what went, and what bodies answered."""

import pytest
from django.core import mail

from waywarden.bodies.models import Category
from waywarden.connections.models import Exchange
from waywarden.kernel import clock
from waywarden.sending.answer_services import take_in
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Answer, Delivery
from waywarden.sending.return_paths import address_for
from waywarden.sending.services import plan_reports

pytestmark = pytest.mark.django_db
EMAIL, LIST = "/staff/integration/email/", "/staff/integration/mail/"


@pytest.fixture
def mailed(town, settings) -> Delivery:
    """A report to the county that went by mail."""
    settings.WAYWARDEN_HOLD_SECONDS = 0
    settings.WAYWARDEN_MAIL_ANSWERS = "answers.example.org"
    Category.objects.update(emails=["roads@county.example.org"])
    report = town.report(title="Lamp is dark")
    plan_reports([report.pk])
    for number in (0, 1):
        drain(Lane(None, number))
    return Delivery.objects.get(report=report)


@pytest.fixture
def answered(mailed) -> Answer:
    """The county answered it."""
    to = address_for(mailed.pk, domain="answers.example.org")
    raw = (
        f"From: clerk@county.example.org\r\nTo: {to}\r\nSubject: Your lamp\r\n"
        "\r\nWe come on Friday <b>early</b>.\r\n"
    )
    return take_in(raw.encode())


def test_a_body_s_answer_stands_with_the_report_s_delivery(as_ines, mailed, answered):
    shown = as_ines.get(f"/staff/integration/deliveries/{mailed.pk}/").content.decode()
    assert "Your lamp" in shown
    assert "We come on Friday" in shown


def test_it_stands_on_the_report_s_page_for_staff_and_not_on_the_public_one(
    as_ines, as_oskar, client, mailed, answered
):
    page = f"/staff/reports/{mailed.report_id}/at/borsetshire/"
    shown = as_ines.get(page).content.decode()
    assert "We come on Friday" in shown
    assert f"/staff/integration/deliveries/{mailed.pk}/" in shown
    assert as_oskar.get(page).status_code == 404
    for reader in (as_ines, as_oskar):
        assert "Friday" not in reader.get(f"/report/{mailed.report_id}").content.decode()


def test_answers_are_listed_and_read_in_their_own_words(as_ines, answered):
    assert "Your lamp" in as_ines.get(LIST).content.decode()
    assert "Your lamp" not in as_ines.get(LIST, {"kind": "bounce"}).content.decode()
    shown = as_ines.get(f"{LIST}{answered.pk}/").content.decode()
    assert "We come on Friday &lt;b&gt;early&lt;/b&gt;." in shown
    raw = as_ines.get(f"{LIST}{answered.pk}/raw.eml")
    assert raw.content == bytes(answered.raw)
    assert raw["Content-Disposition"].startswith("attachment")


def test_oskar_and_nobody_see_no_answer_of_another_body(as_oskar, client, answered):
    assert "Your lamp" not in as_oskar.get(LIST).content.decode()
    assert "Your lamp" not in as_oskar.get(EMAIL).content.decode()
    for page in (f"{LIST}{answered.pk}/", f"{LIST}{answered.pk}/raw.eml"):
        assert as_oskar.get(page).status_code == 404
        assert client.get(page).status_code == 302


def test_mail_that_belongs_to_nothing_is_the_operator_s(as_ines, client, town, answered):
    stray = take_in(b"From: x@example.org\r\nTo: y@example.org\r\nSubject: Stray\r\n\r\nHello.\r\n")
    assert as_ines.get(f"{LIST}{stray.pk}/").status_code == 404
    town.ines.is_superuser = True
    town.ines.save()
    assert "Stray" in as_ines.get(LIST, {"kind": "unknown"}).content.decode()


def test_the_page_of_e_mail_tells_what_went_and_what_came_back(as_ines, as_oskar, mailed, answered):
    (exchange,) = Exchange.objects.filter(connection=None)
    assert (exchange.method, exchange.subject_id) == ("MAIL", mailed.pk)
    assert exchange.response == "The mail server took it for: roads@county.example.org"

    shown = as_ines.get(EMAIL).content.decode()

    assert "roads@county.example.org" in shown
    assert "Lamp is dark" in shown
    assert "Your lamp" in shown
    assert "1 answer" in shown
    assert "roads@county.example.org" not in as_oskar.get(EMAIL).content.decode()


def test_a_mail_server_that_is_away_is_kept_as_an_exchange_too(as_ines, town, settings, mailed):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    Delivery.objects.filter(pk=mailed.pk).update(state="queued", due_at=clock.now(), notebook={})
    drain(Lane(None, mailed.lane))

    calls = as_ines.get(f"/staff/integration/deliveries/{mailed.pk}/").content.decode()

    assert "The mail server was not reached" in calls
    assert "not handed over" in calls
    assert len(mail.outbox) == 1
