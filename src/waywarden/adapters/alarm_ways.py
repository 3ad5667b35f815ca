"""How an alarm gets to somebody: by mail, and as JSON to an address."""

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

from waywarden.adapters.alarms import News, Send
from waywarden.adapters.options import AlarmsTable, MailTable, WebhookTable
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.http import Way

SECONDS = 20.0
"""How long a mail server may take."""


def ways_of(table: AlarmsTable, environ: Mapping[str, str]) -> list[Send]:
    """The ways that a file names. Raises Misconfigured where a secret is missing."""
    ways: list[Send] = []
    if (mail := table.mail) is not None:
        password = mail.password.read(environ) if mail.password else ""
        ways.append(lambda news: _mail(mail, password, news))
    if (hook := table.webhook) is not None:
        secret = hook.secret.read(environ) if hook.secret else ""
        ways.append(lambda news: _post(hook, secret, news))
    return ways


def _mail(table: MailTable, password: str, news: News) -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = news.subject, table.sender
    message["To"] = ", ".join(table.to)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=table.sender.rpartition("@")[2].strip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(news.text)
    with _connected(table) as server:
        if table.user:
            server.login(table.user, password)
        server.send_message(message)


def _connected(table: MailTable) -> smtplib.SMTP:
    if table.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(table.host, table.port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(table.host, table.port, timeout=SECONDS)
    if table.security == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _post(table: WebhookTable, secret: str, news: News) -> None:
    way = Way(
        allowed_private=table.allow_private,
        headers={"Authorization": secret} if secret else {},
        masked=(secret,) if secret else (),
        hosts=[urlsplit(table.url).hostname or ""],
    )
    given = {
        "text": f"{news.subject}\n{news.text}",
        "jurisdiction": news.jurisdiction,
        "is_well": not news.standing,
        "troubles": [{"kind": one.kind, "words": one.words} for one in news.standing],
    }
    answer = way.post(table.url, json=given)
    if not 200 <= answer.status < 300:
        message = f"The address of the alarms answered with status {answer.status}."
        raise WaywardenError(message)
