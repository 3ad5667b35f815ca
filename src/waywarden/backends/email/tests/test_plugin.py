"""Mail to a real server on loopback: what its answers mean."""

import socket
from email import message_from_bytes
from email.policy import default as modern

import pytest
from aiosmtpd.controller import Controller

from waywarden.backends.contract import Mail, Notes, OutgoingReport, Person
from waywarden.backends.email.options import EmailOptions
from waywarden.backends.email.plugin import EmailBackend
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, Refused, TryLater, Unknown
from waywarden.kernel.http import Way
from waywarden.kernel.options import Secrets


class Postbox:
    """Keeps what it takes; `answers` gives another reply to RCPT or DATA of an address."""

    def __init__(self):
        self.taken, self.answers, self.after_data, self.hangs_up = [], {}, "250 OK", False

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        if self.after_data.startswith("250"):
            self.taken.append(
                (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=modern))
            )
        if self.hangs_up:
            server.transport.abort()
        return self.after_data


@pytest.fixture
def postbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    handler = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_PORT = port
    yield handler
    controller.stop()


@pytest.fixture
def backend():
    return EmailBackend(options=EmailOptions(), secrets=Secrets(), way=Way())


def report(*emails):
    return OutgoingReport(
        key="0e8a2b4c-0000-4000-8000-000000000001",
        report_id=7,
        report_url="https://example.org/report/7",
        title="Lamp out",
        description="It is dark.",
        category="Street lighting",
        group="",
        service_code="",
        emails=emails or ("lights@example.org",),
        lat=52.2,
        lon=-1.5,
        is_placed=True,
        nearest_address="",
        person=Person(name="Rosa", email="rosa@example.org"),
        is_private=False,
        created_at=clock.now(),
        mail=Mail(
            subject="Lamp out",
            text="It is dark.\n",
            html="<p>It is dark.</p>",
            sender="Waywarden <reports@example.org>",
            reply_to="rosa@example.org",
            message_id="<k1@example.org>",
        ),
    )


def test_every_address_gets_the_mail_and_the_sender_is_ours(postbox, backend):
    backend.send_report(report("one@example.org", "two@example.org"), {})

    assert [to for to, _message in postbox.taken] == [["one@example.org"], ["two@example.org"]]
    message = postbox.taken[0][1]
    assert message["From"] == "Waywarden <reports@example.org>"
    assert message["Reply-To"] == "rosa@example.org"
    assert message["Message-ID"] == "<k1@example.org>"


def test_a_body_gives_no_number_by_mail(postbox, backend):
    assert backend.send_report(report(), {}).external_id == ""


def test_a_repeat_goes_only_to_those_who_have_not_got_it(postbox, backend):
    notebook = {}
    postbox.answers["two@example.org"] = "451 greylisted"
    with pytest.raises(TryLater):
        backend.send_report(report("one@example.org", "two@example.org"), notebook)
    postbox.answers.clear()

    backend.send_report(report("one@example.org", "two@example.org"), notebook)

    assert [to for to, _message in postbox.taken] == [["one@example.org"], ["two@example.org"]]


@pytest.mark.parametrize(
    ("answer", "error"), [("550 no such user", Refused), ("452 mailbox full", TryLater)]
)
def test_what_an_answer_about_the_address_means(postbox, backend, answer, error):
    postbox.answers["lights@example.org"] = answer

    with pytest.raises(error):
        backend.send_report(report(), {})
    assert postbox.taken == []


@pytest.mark.parametrize(
    ("answer", "error"), [("554 it is spam", Refused), ("451 try later", TryLater)]
)
def test_what_an_answer_about_the_mail_means(postbox, backend, answer, error):
    postbox.after_data = answer

    with pytest.raises(error):
        backend.send_report(report(), {})


def test_a_server_lost_after_the_mail_was_handed_over_may_have_it(postbox, backend):
    postbox.hangs_up = True

    with pytest.raises(Unknown):
        backend.send_report(report(), {})


def test_a_server_that_is_not_there_is_tried_later(postbox, backend, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]

    with pytest.raises(TryLater):
        backend.send_report(report(), {})
    assert len(backend.check(Notes())) == 1


def test_a_mail_server_that_wants_another_login_is_a_wrong_setting(postbox, backend, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "someone", "something"

    with pytest.raises(Misconfigured):
        backend.send_report(report(), {})


def test_a_category_without_an_address_is_told_in_words():
    assert "no e-mail address" in EmailBackend.missing_address(emails=(), service_code="X")
    assert EmailBackend.missing_address(emails=("a@example.org",), service_code="") == ""


def test_a_mail_server_that_answers_passes_the_check(postbox, backend):
    assert backend.check(Notes()) == ()
    assert postbox.taken == []
