"""E-mail as a send method: level 0, and what a body without a connection gets."""

import json
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailError
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_noop

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    Mail,
    Notebook,
    Notes,
    OutgoingPhoto,
    OutgoingReport,
    OutgoingUpdate,
    Person,
)
from waywarden.backends.email.options import EmailOptions
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, Refused, TryLater, Unknown, WaywardenError

#: Answers of a provider's interface that mean "not now"; nothing was taken.
_BUSY = frozenset({408, 425, 429, 503})


class EmailBackend(Backend):
    """One mail to each address of the category; a mail that went is not sent again."""

    kind = "email"
    label = "E-mail"
    capabilities = frozenset({Capability.SENDS_REPORTS, Capability.SENDS_UPDATES})
    options_type = EmailOptions
    wants_mail = True
    options: EmailOptions

    @classmethod
    def missing_address(cls, *, emails: tuple[str, ...], service_code: str) -> str:
        """A category needs an e-mail address."""
        _ = service_code
        return "" if emails else gettext_noop("it has no e-mail address.")

    def check(self, notes: Notes) -> tuple[str, ...]:
        """Greets the mail server, and sends nothing."""
        _ = notes
        try:
            with _opened():
                return ()
        except (TryLater, Misconfigured) as error:
            return (str(error),)

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> Accepted:
        """Mails a report. `notebook` keeps which addresses have it."""
        attached = self._attached(report.photos)
        attached.append(("report.json", json.dumps(_machine_readable(report), indent=2).encode()))
        self._send(report.mail, report.emails, attached, notebook)
        return Accepted()

    def send_update(self, update: OutgoingUpdate, notebook: Notebook) -> Accepted:
        """Mails an update. `notebook` keeps which addresses have it."""
        self._send(update.mail, update.emails, self._attached(update.photos), notebook)
        return Accepted()

    def _attached(self, photos: tuple[OutgoingPhoto, ...]) -> list[tuple[str, bytes]]:
        return [
            (photo.filename, photo.read())
            for photo in photos
            if self.options.attaches_photos or not photo.url
        ]

    def _send(
        self,
        mail: Mail | None,
        emails: tuple[str, ...],
        attached: list[tuple[str, bytes]],
        notebook: Notebook,
    ) -> None:
        if mail is None:
            message = "No mail was rendered for it."
            raise Misconfigured(message)
        recipients = dict.fromkeys((*emails, *self.options.extra_recipients))
        if self.way.is_rehearsal:
            self.way.hold_back("MAIL", f"mailto:{','.join(recipients)}", _said(mail))
        if not recipients:
            message = "The category has no e-mail address."
            raise Refused(message)
        waiting = [address for address in recipients if notebook.get(f"to:{address}") != "sent"]
        with self._noted(mail, waiting, notebook), _opened() as connection:
            for address in waiting:
                letter = _letter(mail, address, attached, connection)
                with _translated():
                    letter.send()
                notebook[f"to:{address}"] = "sent"

    @contextmanager
    def _noted(self, mail: Mail, waiting: list[str], notebook: Notebook) -> Iterator[None]:
        """Keeps what was sent, and which addresses the mail server took it for."""
        began, error = clock.now(), ""
        try:
            yield
        except WaywardenError as wrong:
            error = str(wrong)
            raise
        finally:
            took = [address for address in waiting if notebook.get(f"to:{address}") == "sent"]
            came = f"The mail server took it for: {', '.join(took)}" if took else ""
            address = f"mailto:{','.join(waiting)}"
            self.way.note("MAIL", address, _said(mail), began=began, came=came, error=error)


def _said(mail: Mail) -> str:
    return f"Subject: {mail.subject}\nReply-To: {mail.reply_to}\n\n{mail.text}"


def _letter(
    mail: Mail, address: str, attached: list[tuple[str, bytes]], connection: Any
) -> EmailMultiAlternatives:
    headers = {**mail.headers, "Message-ID": mail.message_id}
    if mail.envelope_sender:  # then from_email is the envelope's, and the header says who writes
        headers["From"] = mail.sender
    letter = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=mail.envelope_sender or mail.sender,
        to=[address],
        reply_to=[one.strip() for one in mail.reply_to.split(",") if one.strip()] or None,
        headers=headers,
        connection=connection,
    )
    # Providers say it again when they tell of a bounce; SMTP knows nothing of it.
    letter.metadata = {"delivery": mail.headers.get("X-Waywarden-Delivery", "")}  # type: ignore[attr-defined]
    letter.attach_alternative(mail.html, "text/html")
    for filename, data in attached:
        kind = "application/json" if filename.endswith(".json") else "image/jpeg"
        letter.attach(filename, data, kind)
    return letter


def _machine_readable(report: OutgoingReport) -> dict[str, Any]:
    """What the mail says, for programs that read the mailbox."""
    return {
        "report_id": report.report_id,
        "delivery": report.key,
        "url": report.report_url,
        "title": report.title,
        "description": report.description,
        "category": report.category,
        "group": report.group,
        "lat": report.lat,
        "long": report.lon,
        "is_placed": report.is_placed,
        "nearest_address": report.nearest_address,
        "answers": {code: list(values) for code, values in report.answers.items()},
        "private": report.is_private,
        "reported_at": report.created_at.isoformat(),
        "photos": [photo.url for photo in report.photos if photo.url],
        "reporter": _machine_readable_person(report.person),
    }


def _machine_readable_person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "phone": person.phone}


@contextmanager
def _opened() -> Iterator[Any]:
    """A connection to the mail server; while it is being opened nothing has gone out."""
    connection = django_mail.get_connection()
    try:
        _open(connection)
        yield connection
    finally:
        connection.close()


def _open(connection: Any) -> None:
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        message = "The mail server does not accept our user name and password."
        raise Misconfigured(message) from error
    except (AnymailConfigurationError, smtplib.SMTPNotSupportedError) as error:
        message = "The mail settings do not fit the mail server."
        raise Misconfigured(message) from error
    except (OSError, smtplib.SMTPException) as error:
        message = f"The mail server was not reached ({type(error).__name__})."
        raise TryLater(message) from error


@contextmanager
def _translated() -> Iterator[None]:
    """What went wrong while one mail was handed over, by who must act."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        raise _refusal(codes, "The mail server refuses the address.") from error
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code < 500:
            raise _refusal([error.smtp_code], "") from error
        message = f"The mail server refuses us as the sender ({error.smtp_code})."
        raise Misconfigured(message) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal([error.smtp_code], "The mail server refuses the mail.") from error
    except AnymailAPIError as error:
        raise _provider_error(error) from error
    except (AnymailError, smtplib.SMTPNotSupportedError) as error:
        message = f"The mail cannot be sent this way ({type(error).__name__})."
        raise Refused(message) from error
    except (OSError, smtplib.SMTPException) as error:
        message = f"The mail server was lost in the middle of it ({type(error).__name__})."
        raise Unknown(message) from error


def _refusal(codes: list[int], words: str) -> Refused | TryLater:
    """A code from 500 is final, one from 400 is not (RFC 5321 4.2.1)."""
    if codes and all(code >= 500 for code in codes):
        return Refused(f"{words} ({codes[0]})")
    return TryLater(f"The mail server asks to try later ({codes[0] if codes else '?'}).")


def _provider_error(error: AnymailAPIError) -> Exception:
    status = getattr(error, "status_code", None)
    if status in (401, 403):
        return Misconfigured("The mail provider does not accept our key.")
    if status in _BUSY:
        return TryLater(f"The mail provider asks to try later ({status}).")
    if status is not None and 400 <= status < 500:
        return Refused(f"The mail provider refuses the mail ({status}).")
    return Unknown("The mail provider gave no clear answer.")
