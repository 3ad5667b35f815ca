"""One mail to one person: rendered in the site's look, in text and HTML, with honest headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import make_msgid, parseaddr
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.backends.django import DjangoTemplates
from django.utils import translation

from waywarden.kernel.cobrand import Cobrand, contrast, registry
from waywarden.kernel.text import one_line

#: What every mail carries, so that no machine answers it (RFC 3834; the second for Exchange).
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its caller thinks of it.

    `template` names `notifications/<template>.subject.txt`, `.txt` and `.html`; `values` is what
    they are filled with. `message_id` and `thread` are local parts: the same id twice is one mail
    to most readers, mails of one thread are shown together.
    """

    to: str
    template: str
    cobrand_name: str
    language: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    message_id: str = ""
    thread: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    returns_to: str = ""
    """Where it goes when it cannot be delivered; "" for the sender."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What a mail provider says again when it tells of a bounce."""


def send(letter: Letter) -> None:
    """Renders a letter and hands it to the mail server. Raises what Django's mail raises."""
    cobrand = registry.named(letter.cobrand_name)
    sender = cobrand.mail_from or settings.DEFAULT_FROM_EMAIL
    with translation.override(language_of(letter.language)):
        values = {**_look_of(cobrand), **letter.values}
        subject = one_line(_render(cobrand, f"{letter.template}.subject.txt", values))
        text = _render(cobrand, f"{letter.template}.txt", values).strip() + "\n"
        html = _render(cobrand, f"{letter.template}.html", values)
    headers = {**_AUTOMATIC, **_ids_of(letter, sender), **letter.headers}
    if letter.returns_to:  # then from_email is the envelope's, and the header says who writes
        headers["From"] = sender
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=letter.returns_to or sender,
        to=[letter.to],
        headers=headers,
    )
    mail.metadata = dict(letter.metadata)  # type: ignore[attr-defined]  # django-anymail reads it
    mail.attach_alternative(html, "text/html")
    mail.send()


def language_of(wanted: str) -> str:
    """The language of a mail: the one wanted, else that of this thread; English at the last."""
    return wanted or translation.get_language() or "en"


def site_address(cobrand: Cobrand) -> str:
    """The address of a cobrand's site, without a slash at its end.

    The install's own address for the main site, and for one that has no host names or has that of
    the install among them; else its first, with the scheme and port of the install's.
    """
    base = urlsplit(settings.WAYWARDEN_BASE_URL)
    is_main = cobrand.name == registry.default.name
    if is_main or not cobrand.hosts or base.hostname in cobrand.hosts:
        return str(settings.WAYWARDEN_BASE_URL)
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{cobrand.hosts[0]}{port}"


def contact_of(cobrand: Cobrand) -> str:
    """Where mail to the people who run a site goes."""
    return cobrand.contact or parseaddr(cobrand.mail_from or settings.DEFAULT_FROM_EMAIL)[1]


def address_of(path: str, *, cobrand_name: str) -> str:
    """The absolute address of a page (`/report/1`) on a cobrand's site."""
    return site_address(registry.named(cobrand_name)) + path


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour `#rrggbb`."""
    try:
        return max("#ffffff", "#000000", key=lambda ink: contrast(ink, colour))
    except ValueError:
        return "#ffffff"


def _look_of(cobrand: Cobrand) -> dict[str, Any]:
    return {
        "site_name": cobrand.site_name,
        "tagline": cobrand.tagline,
        "site_url": site_address(cobrand) + "/",
        "accent": cobrand.accent,
        "accent_ink": ink_on(cobrand.accent),
        "accent_dark": cobrand.accent_dark,
        "language": translation.get_language() or "en",
        "is_rtl": translation.get_language_bidi(),
    }


def _ids_of(letter: Letter, sender: str) -> dict[str, str]:
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    ids = {
        "Message-ID": f"<{letter.message_id}@{domain}>"
        if letter.message_id
        else make_msgid(domain=domain)
    }
    if letter.thread:
        ids["In-Reply-To"] = ids["References"] = f"<{letter.thread}@{domain}>"
    return ids


def _render(cobrand: Cobrand, name: str, values: Mapping[str, Any]) -> str:
    engine = _engine(cobrand.templates, is_html=name.endswith(".html"))
    return str(engine.get_template(f"notifications/{name}").render(dict(values)))


@cache
def _engine(folder: Path, *, is_html: bool) -> DjangoTemplates:
    """The templates of this room, those of a cobrand's folder before them; text is not escaped."""
    return DjangoTemplates(
        {
            "NAME": f"mail-{folder.parent.name}",
            "DIRS": [folder],
            "APP_DIRS": True,
            "OPTIONS": {"autoescape": is_html},
        }
    )
