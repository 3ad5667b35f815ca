"""Mail that comes back: filed with its report once, bounces marked, nothing lost."""

from email.message import EmailMessage

import pytest
from click.testing import CliRunner
from django.urls import reverse

from waywarden.bodies.models import Category
from waywarden.config import mail_webhooks, setup
from waywarden.config.cli import cli
from waywarden.sending import answer_services, services
from waywarden.sending.answer_services import take_in
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Answer, Delivery
from waywarden.sending.return_paths import address_for, delivery_of
from waywarden.users.models import User

State = Delivery.State
DOMAIN = "answers.example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mailed(town, settings, mailoutbox):
    """A report that went to the desk of street lighting by mail."""
    settings.WAYWARDEN_MAIL_ANSWERS = DOMAIN
    report = town.report(town.lights)
    drain(Lane(None, report.pk % 2))
    assert len(mailoutbox) == 1
    return report


def answer_to(delivery, text="We will look at it.", **headers):
    mail = EmailMessage()
    mail["From"] = "Lights <lights@example.org>"
    mail["To"] = address_for(delivery.pk, domain=DOMAIN)
    mail["Subject"] = "Re: Deep pothole"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def bounce_of(delivery, *, address="lights@example.org", status="5.1.1", action="failed"):
    return (
        "From: MAILER-DAEMON@example.org\r\n"
        f"To: {address_for(delivery.pk, domain=DOMAIN)}\r\n"
        "Subject: Undelivered\r\n"
        "Auto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such mailbox\r\n\r\n--b--\r\n"
    ).encode()


def test_the_mail_goes_from_an_address_of_its_own_and_both_hear_the_answer(
    town, mailed, mailoutbox
):
    delivery = town.delivery(mailed)
    (sent,) = mailoutbox
    own = address_for(delivery.pk, domain=DOMAIN)
    assert sent.from_email == own
    assert sent.message()["From"] != own
    assert sent.reply_to == ["rosa@example.org", own]


def test_without_a_domain_a_body_answers_the_reporter(town, mailoutbox):
    report = town.report(town.lights)
    drain(Lane(None, report.pk % 2))
    assert mailoutbox[0].reply_to == ["rosa@example.org"]
    assert address_for(1, domain="") == ""


def test_an_answer_is_filed_with_its_report_once(town, mailed, facts):
    raw = answer_to(town.delivery(mailed))

    first, second = take_in(raw), take_in(raw)

    assert first == second
    assert (first.kind, first.report, first.body) == ("answer", mailed, town.council)
    assert (first.sender, first.text) == ("lights@example.org", "We will look at it.")
    assert [fact.data["answer"] for fact in facts("report.answered")] == [first.pk]


def test_an_automatic_answer_is_filed_as_one(town, mailed):
    raw = answer_to(town.delivery(mailed), Auto_Submitted="auto-replied")
    assert take_in(raw).kind == "automatic"


@pytest.mark.parametrize("address", [f"delivery-1-0123456789abcdef@{DOMAIN}", f"hello@{DOMAIN}"])
def test_a_forged_or_unknown_address_touches_no_report_and_is_kept(mailed, address):
    mail = EmailMessage()
    mail["To"], mail["From"] = address, "somebody@example.org"
    mail.set_content("Close it.")

    answer = take_in(mail.as_bytes())

    assert (answer.kind, answer.report) == ("unknown", None)
    assert delivery_of(address) is None


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\xfe", b"Content-Type: multipart/mixed\n\nx", b"To: \xff@\n\n"]
)
def test_what_is_no_mail_is_kept_too(db, raw):
    assert take_in(raw).kind == "unknown"


def test_the_envelope_says_whose_it_is_where_the_mail_does_not(town, mailed):
    mail = EmailMessage()
    mail["From"] = "lights@example.org"
    mail.set_content("Done.")
    to = address_for(town.delivery(mailed).pk, domain=DOMAIN)
    assert take_in(mail.as_bytes(), recipients=[to]).report == mailed


def test_a_bounce_marks_the_address_and_holds_the_report_for_a_person(town, mailed, facts):
    take_in(bounce_of(town.delivery(mailed)))

    delivery = town.delivery(mailed)
    assert (delivery.state, delivery.cause) == (State.HELD, "bounced")
    assert "550 no such mailbox" in delivery.reason
    town.lights.refresh_from_db()
    assert town.lights.bounced_emails == {"lights@example.org": "5.1.1 550 no such mailbox"}
    assert facts("category.bounced")[0].data == {"addresses": ["lights@example.org"]}


def test_after_the_address_is_changed_a_retry_reaches_the_new_one(town, mailed, mailoutbox):
    take_in(bounce_of(town.delivery(mailed)))
    Category.objects.filter(pk=town.lights.pk).update(emails=["new@example.org"])

    services.retry(town.delivery(mailed).pk)
    drain(Lane(None, mailed.pk % 2))

    assert [message.to for message in mailoutbox] == [["lights@example.org"], ["new@example.org"]]
    assert town.delivery(mailed).state == State.SENT


@pytest.mark.parametrize(
    ("status", "action"), [("4.4.1", "failed"), ("5.2.2", "failed"), ("5.1.1", "delayed")]
)
def test_a_bounce_that_may_pass_changes_nothing(town, mailed, status, action):
    take_in(bounce_of(town.delivery(mailed), status=status, action=action))

    town.lights.refresh_from_db()
    assert town.lights.bounced_emails == {}
    assert town.delivery(mailed).state == State.SENT


def test_where_one_of_two_addresses_got_it_the_report_is_not_held(town, settings, mailoutbox):
    settings.WAYWARDEN_MAIL_ANSWERS = DOMAIN
    Category.objects.filter(pk=town.lights.pk).update(emails=["a@example.org", "b@example.org"])
    town.lights.refresh_from_db()
    report = town.report(town.lights)
    drain(Lane(None, report.pk % 2))

    take_in(bounce_of(town.delivery(report), address="b@example.org"))

    town.lights.refresh_from_db()
    assert list(town.lights.bounced_emails) == ["b@example.org"]
    assert town.delivery(report).state == State.SENT


def test_an_address_that_is_not_the_categorys_is_not_marked(town, settings, mailoutbox):
    settings.WAYWARDEN_MAIL_ANSWERS = DOMAIN
    Category.objects.filter(pk=town.lights.pk).update(emails=["a@example.org", "b@example.org"])
    report = town.report(Category.objects.get(pk=town.lights.pk))
    drain(Lane(None, report.pk % 2))

    take_in(bounce_of(town.delivery(report), address="stranger@example.org"))

    assert Category.objects.get(pk=town.lights.pk).bounced_emails == {}


def test_the_marked_address_is_shown_in_the_admin_and_can_be_forgotten(town, mailed, client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    take_in(bounce_of(town.delivery(mailed)))

    page = client.get(reverse("admin:bodies_category_changelist")).content.decode()
    assert "data-bounced" in page
    one = client.get(reverse("admin:bodies_category_change", args=[town.lights.pk]))
    assert "550 no such mailbox" in one.content.decode()
    client.post(
        reverse("admin:bodies_category_changelist"),
        {"action": "forget_bounces", "_selected_action": [town.lights.pk]},
    )
    town.lights.refresh_from_db()
    assert town.lights.bounced_emails == {}
    assert client.get(reverse("admin:sending_answer_changelist")).status_code == 200


def test_a_provider_tells_of_a_bounce_by_the_deliverys_key(town, mailed, mailoutbox):
    from anymail.inbound import AnymailInboundMessage
    from anymail.signals import AnymailInboundEvent, AnymailTrackingEvent

    key = mailoutbox[0].metadata["delivery"]
    mail_webhooks._told(
        AnymailTrackingEvent(
            event_type="bounced",
            recipient="lights@example.org",
            reject_reason="bounced",
            description="No such mailbox",
            metadata={"delivery": key},
        )
    )
    assert town.delivery(mailed).state == State.HELD
    assert not answer_services.note_bounce("no-key", address="a@b.org", words="", is_permanent=True)

    raw = answer_to(town.delivery(mailed))
    message = AnymailInboundMessage.parse_raw_mime_bytes(raw)
    mail_webhooks._came_in(AnymailInboundEvent(event_type="inbound", message=message))
    assert Answer.objects.get().report == mailed


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(setup, "set_up", lambda: None)
    return lambda *words, **given: CliRunner().invoke(cli, words, **given)


def test_a_pipe_files_one_mail(town, mailed, run):
    raw = answer_to(town.delivery(mailed))
    answer = run("mail", "receive", input=raw)
    assert f"an answer: report {mailed.pk}" in answer.output
    assert Answer.objects.count() == 1


def test_a_maildir_is_filed_once_and_its_mails_stay_seen(town, mailed, run, tmp_path):
    import mailbox

    box = mailbox.Maildir(tmp_path / "in")
    box.add(answer_to(town.delivery(mailed)))
    box.add(answer_to(town.delivery(mailed), text="Done."))

    assert "2 filed" in run("mail", "receive", "--maildir", str(tmp_path / "in")).output
    assert "0 filed" in run("mail", "receive", "--maildir", str(tmp_path / "in")).output
    assert Answer.objects.count() == 2
    assert len(list((tmp_path / "in/cur").iterdir())) == 2


def test_a_mail_that_cannot_be_filed_is_given_back_to_the_mail_server(run, monkeypatch, db):
    def broken(*_args, **_named):
        raise OSError

    monkeypatch.setattr(answer_services, "take_in", broken)
    assert run("mail", "receive", input=b"To: a@b.org\n\nx").exit_code == 75
