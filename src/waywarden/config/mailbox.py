"""A mail catcher for trying things out: takes every mail by SMTP and keeps it as a file.

Nothing is passed on. `config.mailbox_pages` shows what came.
"""

import email.message
import email.policy
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

from waywarden.kernel import clock

LARGEST = 40 * 2**20
"""Bytes a mail may have."""
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that came. `to` are the addresses it was really sent to, blind copies included."""

    id: str
    subject: str
    sender: str
    to: tuple[str, ...]
    at: datetime
    text: str
    html: str

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses in the text part, in order."""
        return tuple(_LINK.findall(self.text))


class Mailbox:
    """The folder of mails; any number of processes may read while one writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, content: bytes, *, sender: str, to: tuple[str, ...]) -> str:
        """Keeps a mail, with its envelope in two headers of its own; its id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        mail_id = f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        envelope = (
            f"X-Envelope-From: {_clean(sender)}\r\nX-Envelope-To: {_clean(', '.join(to))}\r\n"
        )
        temporary = self.folder / f".{mail_id}"
        temporary.write_bytes(envelope.encode() + content)
        temporary.replace(self.folder / f"{mail_id}.eml")
        return mail_id

    def ids(self) -> list[str]:
        """The ids of all mails, newest first."""
        names = [path.stem for path in self.folder.glob("*.eml")] if self.folder.exists() else []
        return sorted((name for name in names if _ID.fullmatch(name)), reverse=True)

    def all(self) -> list[Mail]:
        """All mails, newest first."""
        return [mail for mail_id in self.ids() if (mail := self.get(mail_id))]

    def get(self, mail_id: str) -> Mail | None:
        """One mail; None when there is none of that id."""
        content = self.source(mail_id)
        return _read(mail_id, content) if content is not None else None

    def source(self, mail_id: str) -> bytes | None:
        """One mail as it came; None when there is none of that id."""
        if not _ID.fullmatch(mail_id):
            return None
        try:
            return (self.folder / f"{mail_id}.eml").read_bytes()
        except FileNotFoundError:
            return None


def _clean(text: str) -> str:
    return re.sub(r"[\r\n]", " ", text)


def _read(mail_id: str, content: bytes) -> Mail:
    message = message_from_bytes(content, policy=email.policy.default)
    stamp = datetime.strptime(mail_id.partition("-")[0], "%Y%m%dT%H%M%S%f")  # noqa: DTZ007 - UTC below
    return Mail(
        id=mail_id,
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", message.get("X-Envelope-From", ""))),
        to=tuple(
            part.strip()
            for part in str(message.get("X-Envelope-To", "")).split(",")
            if part.strip()
        ),
        at=stamp.replace(tzinfo=UTC),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: email.message.EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        return "(This part is in an encoding that cannot be read.)"
