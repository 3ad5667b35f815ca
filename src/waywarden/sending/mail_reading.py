"""A mail that came back, read: whose it is, whether it bounced, what it says. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses, parseaddr

from waywarden.kernel.text import one_line, shorten, without_control_characters

#: More of a text than anybody writes.
LONGEST = 20_000
#: Bounces that may be over tomorrow: a full mailbox.
_PASSING = frozenset({"5.2.2"})
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")

_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounced:
    """One address that a mail did not reach."""

    address: str
    is_permanent: bool
    words: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as far as it matters here; texts are cut and without control characters."""

    message_id: str
    sender: str
    subject: str
    text: str
    recipients: tuple[str, ...]
    """Every address that it may have been meant for."""
    is_automatic: bool
    bounced: tuple[Bounced, ...]


def read(raw: bytes) -> Incoming:
    """Reads any mail; what cannot be read of it is left empty, and it never raises."""
    mail = message_from_bytes(raw, policy=policy.default)
    return Incoming(
        message_id=one_line(_header(mail, "Message-ID"))[:200],
        sender=parseaddr(_header(mail, "From"))[1][:254],
        subject=shorten(one_line(_header(mail, "Subject")), 200),
        text=shorten(without_control_characters(_text(mail)).strip(), LONGEST),
        recipients=tuple(_recipients(mail)),
        is_automatic=_is_automatic(mail),
        bounced=tuple(_bounced(mail)),
    )


def _header(mail: Message, name: str) -> str:
    try:
        return without_control_characters(str(mail.get(name, "")))
    except (ValueError, LookupError, AttributeError, IndexError):
        return ""  # headers that the library cannot parse


def _recipients(mail: Message) -> Iterator[str]:
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"):
        yield from (address for _name, address in getaddresses([_header(mail, name)]) if address)


def _is_automatic(mail: Message) -> bool:
    said = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if said not in ("", "no"):
        return True
    return bool(
        _header(mail, "X-Autoreply")
        or _header(mail, "X-Autorespond")
        or _header(mail, "Precedence").strip().lower() in ("auto_reply", "bulk", "junk")
    )


def _text(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(preferencelist=("plain", "html"))
        content = part.get_content() if part is not None else ""
    except (ValueError, LookupError, AttributeError, KeyError):
        return ""
    if part is not None and part.get_content_subtype() == "html":
        content = _MARKUP.sub(" ", content)
    return content if isinstance(content, str) else ""


def _bounced(mail: Message) -> Iterator[Bounced]:
    """The recipients that a delivery status notification names as failed (RFC 3464)."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message) and _header(block, "Action").strip().lower() == "failed":
                yield _bounce_of(block)


def _bounce_of(block: Message) -> Bounced:
    named = _header(block, "Original-Recipient") or _header(block, "Final-Recipient")
    words = one_line(_header(block, "Diagnostic-Code").partition(";")[2])
    status = (_STATUS.findall(_header(block, "Status")) or _STATUS.findall(words) or [""])[0]
    return Bounced(
        address=named.rpartition(";")[2].strip().strip("<>").lower(),
        is_permanent=status.startswith("5") and status not in _PASSING,
        words=shorten(" ".join(part for part in (status, words) if part), 300),
    )
