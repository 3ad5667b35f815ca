"""E-mail keeps the contract that every plug-in keeps, as far as a mail server can play it."""

import dataclasses
import socket

import pytest
from aiosmtpd.controller import Controller

from waywarden.backends import contract_tests
from waywarden.backends.contract import Mail
from waywarden.backends.contract_tests import ContractTests
from waywarden.backends.email.options import EmailOptions
from waywarden.backends.email.plugin import EmailBackend
from waywarden.kernel.http import Way
from waywarden.kernel.options import Secrets

MAIL = Mail(
    subject="Deep pothole", text="By the bus stop.", html="<p>By the bus stop.</p>",
    sender="reports@example.org",
)  # fmt: skip


class Postbox:
    def __init__(self):
        self.keys, self.answer = set(), "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.keys.add(envelope.content)
        return "250 OK"


class PostRemote:
    moods = frozenset({"down", "unreachable", "refuses"})

    def __init__(self, postbox, settings, port):
        self.postbox, self.settings, self.port = postbox, settings, port

    def backend(self, *, record):
        return EmailBackend(options=EmailOptions(), secrets=Secrets(), way=Way())

    def be(self, mood):
        self.settings.EMAIL_PORT = 9 if mood == "unreachable" else self.port
        self.postbox.answer = {"down": "451 Later", "refuses": "550 No"}.get(mood, "250 OK")

    def arrived(self):
        return len(self.postbox.keys)


@pytest.fixture
def remote(settings, monkeypatch):
    for name in ("REPORT", "UPDATE"):
        item = getattr(contract_tests, name)
        monkeypatch.setattr(contract_tests, name, dataclasses.replace(item, mail=MAIL))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    postbox = Postbox()
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_PORT = port
    yield PostRemote(postbox, settings, port)
    controller.stop()


class TestEmail(ContractTests):
    kind = EmailBackend
