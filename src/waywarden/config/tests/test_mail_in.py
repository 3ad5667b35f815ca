"""Mail of an alert that comes back for good stops that alert; all else goes to sending."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from waywarden.config import mail_in, mail_webhooks, setup
from waywarden.config.cli import cli
from waywarden.notifications import mailing_services
from waywarden.notifications.alert_services import follow, near
from waywarden.notifications.matching_services import match_reports
from waywarden.notifications.models import Alert
from waywarden.notifications.return_paths import address_for, alert_of
from waywarden.notifications.tests.town import HERE, a_person, a_report
from waywarden.sending.models import Answer

pytestmark = pytest.mark.django_db
DOMAIN = "answers.example.org"


@pytest.fixture
def alert(settings, mailoutbox):
    """Nora follows a place and was mailed a new report there."""
    from waywarden.kernel import clock

    settings.WAYWARDEN_MAIL_ANSWERS = DOMAIN
    found = follow(near(HERE, 500), user=a_person("Nora"))
    match_reports([a_report(confirmed_at=clock.now()).pk])
    mailing_services.send_due()
    assert len(mailoutbox) == 1
    return found


def bounce(to: str, *, status: str = "5.1.1", action: str = "failed") -> bytes:
    return (
        f"From: MAILER-DAEMON@example.org\r\nTo: {to}\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; nora@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
        "\r\n--b--\r\n"
    ).encode()


def why_stopped(alert: Alert) -> str:
    alert.refresh_from_db()
    return alert.stopped


def test_a_mail_of_an_alert_has_an_envelope_of_its_own(alert, mailoutbox):
    (sent,) = mailoutbox
    assert sent.from_email == address_for(alert.pk, domain=DOMAIN)
    assert sent.message()["From"] != sent.from_email
    assert sent.metadata == {"alert": str(alert.key)}


@pytest.mark.parametrize("by_envelope", [False, True])
def test_a_bounce_for_good_stops_the_alert_and_keeps_no_mail(alert, by_envelope):
    own = address_for(alert.pk, domain=DOMAIN)
    raw = bounce("postmaster@example.org" if by_envelope else own)
    assert "is stopped" in mail_in.file(raw, recipients=[own] if by_envelope else ())
    assert why_stopped(alert) == "bounced"
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("status", "action"), [("4.4.1", "failed"), ("5.2.2", "failed"), ("5.1.1", "delayed")]
)
def test_what_may_pass_stops_nothing(alert, status, action):
    mail_in.file(bounce(address_for(alert.pk, domain=DOMAIN), status=status, action=action))
    assert why_stopped(alert) == ""


def test_a_forged_address_stops_nothing_and_the_mail_is_kept(alert):
    forged = f"alert-{alert.pk}-0123456789abcdef@{DOMAIN}"
    assert alert_of(forged) is None
    mail_in.file(bounce(forged))
    assert why_stopped(alert) == ""
    assert Answer.objects.get().kind == "unknown"


def test_a_pipe_of_the_mail_server_stops_it_too(alert, monkeypatch):
    monkeypatch.setattr(setup, "set_up", lambda: None)
    own = address_for(alert.pk, domain=DOMAIN)
    done = CliRunner().invoke(cli, ["mail", "receive"], input=bounce(own))
    assert done.exit_code == 0, done.output
    assert why_stopped(alert) == "bounced"


@pytest.mark.parametrize(
    ("told", "reason", "stopped"),
    [("bounced", "bounced", "bounced"), ("rejected", "", "bounced"), ("bounced", "timed_out", ""),
     ("delivered", "", "")],
)  # fmt: skip
def test_a_provider_s_word_of_a_bounce_counts_the_same(alert, told, reason, stopped):
    event = SimpleNamespace(
        event_type=told, reject_reason=reason, metadata={"alert": str(alert.key)},
        recipient="nora@example.org", description="",
    )  # fmt: skip
    mail_webhooks._told(event)
    assert why_stopped(alert) == stopped


def test_without_a_domain_a_mail_comes_back_to_the_sender(settings):
    assert address_for(1, domain="") == ""
