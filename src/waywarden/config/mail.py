"""How mail leaves, as one address: read into Django's settings."""

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from waywarden.kernel.errors import Misconfigured

TIMEOUT = 10
"""Seconds for one exchange with a mail server."""

_SMTP = {"smtp": 25, "smtps": 465, "submission": 587}
_PLAIN = {
    "console": "django.core.mail.backends.console.EmailBackend",
    "memory": "django.core.mail.backends.locmem.EmailBackend",
}
#: Providers by scheme: the backend of django-anymail, the setting of its key, and the setting
#: of what stands behind the @ (a sender's domain), where there is one.
_PROVIDERS = {
    "brevo": ("brevo", "BREVO_API_KEY", ""),
    "mailersend": ("mailersend", "MAILERSEND_API_TOKEN", ""),
    "mailgun": ("mailgun", "MAILGUN_API_KEY", "MAILGUN_SENDER_DOMAIN"),
    "mailjet": ("mailjet", "MAILJET_API_KEY", ""),
    "mandrill": ("mandrill", "MANDRILL_API_KEY", ""),
    "postmark": ("postmark", "POSTMARK_SERVER_TOKEN", ""),
    "resend": ("resend", "RESEND_API_KEY", ""),
    "sendgrid": ("sendgrid", "SENDGRID_API_KEY", ""),
    "sparkpost": ("sparkpost", "SPARKPOST_API_KEY", ""),
}


def settings_of(url: str) -> dict[str, Any]:
    """Django's settings for a mail address. Raises Misconfigured when it cannot be read.

    `smtp://host:25`, `smtps://user:password@host` (TLS from the start),
    `submission://user:password@host` (STARTTLS), `file:FOLDER`, `console:`, `memory:`,
    or a provider of django-anymail: `mailgun://KEY@domain`.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme in _SMTP:
        return _smtp(scheme, parts)
    if scheme in _PLAIN:
        return {"EMAIL_BACKEND": _PLAIN[scheme]}
    if scheme == "file" and parts.path:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if scheme in _PROVIDERS and parts.username:
        return _provider(scheme, parts)
    known = ", ".join([*_SMTP, "file", *_PLAIN, *_PROVIDERS])
    message = f"WAYWARDEN_MAIL_URL cannot be read; it begins with one of {known}."
    raise Misconfigured(message)


def server_of(url: str) -> tuple[str, int] | None:
    """Host and port of the mail server, None where mail does not leave by SMTP."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in _SMTP:
        return None
    return parts.hostname or "localhost", _port(parts) or _SMTP[parts.scheme.lower()]


def _smtp(scheme: str, parts: SplitResult) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": _port(parts) or _SMTP[scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": scheme == "smtps",
        "EMAIL_USE_TLS": scheme == "submission",
        "EMAIL_TIMEOUT": TIMEOUT,
    }


def _provider(scheme: str, parts: SplitResult) -> dict[str, Any]:
    backend, key_name, domain_name = _PROVIDERS[scheme]
    account = {key_name: unquote(parts.username or "")}
    if scheme == "mailjet":
        account["MAILJET_SECRET_KEY"] = unquote(parts.password or "")
    if domain_name:
        account[domain_name] = parts.hostname or ""
    return {
        "EMAIL_BACKEND": f"anymail.backends.{backend}.EmailBackend",
        "ANYMAIL": account | {"REQUESTS_TIMEOUT": TIMEOUT},
    }


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        message = "WAYWARDEN_MAIL_URL has a port that is no number."
        raise Misconfigured(message) from error
