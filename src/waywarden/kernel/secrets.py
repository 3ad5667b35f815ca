"""Secrets at rest (Fernet, keys may be rotated), tokens, and masking for records people read."""

import hashlib
import re
import secrets as stdlib_secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_plus, unquote

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from waywarden.kernel.errors import Misconfigured

_SECRET_NAME = re.compile(r"(?i)(api[_-]?key|password|passwd|secret|token|authorization|cookie)")
MASK = "•••"


class Box:
    """Encrypts and decrypts short texts. The first key encrypts; all of them decrypt."""

    def __init__(self, keys: Iterable[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.encode()) for key in keys])
        except ValueError as error:
            message = "A field key is not a Fernet key (32 url-safe base64 bytes)."
            raise Misconfigured(message) from error

    def seal(self, plain: str) -> str:
        """The text, encrypted; "" stays ""."""
        return self._fernet.encrypt(plain.encode()).decode() if plain else ""

    def open(self, sealed: str) -> str:
        """The text again. Raises Misconfigured when none of the keys fits."""
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            message = "A stored secret cannot be opened: the field keys have changed."
            raise Misconfigured(message) from error


def new_field_key() -> str:
    """A fresh key for a Box."""
    return Fernet.generate_key().decode()


def new_token() -> str:
    """A fresh unguessable token for a link, 43 url-safe characters."""
    return stdlib_secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token: 64 hexadecimal characters."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_secret_name(name: str) -> bool:
    """Whether a parameter or header of this name must be masked in records."""
    return bool(_SECRET_NAME.search(name))


def masked_url(url: str) -> str:
    """The address without a login in it and with secret parameters masked."""
    address, mark, query = url.partition("?")
    scheme, slashes, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    shown = "&".join(_masked_parameter(part) for part in query.split("&"))
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{mark}{shown}"


def _masked_parameter(part: str) -> str:
    name = part.partition("=")[0]
    return f"{name}={MASK}" if is_secret_name(unquote(name)) else part


def masked_json(value: Any) -> Any:
    """Plain data with the values of secret names masked, however deep."""
    if isinstance(value, dict):
        return {k: MASK if is_secret_name(str(k)) else masked_json(v) for k, v in value.items()}
    return [masked_json(item) for item in value] if isinstance(value, list | tuple) else value


def without_values(hidden: Iterable[str], text: str) -> str:
    """The text with these values masked wherever they stand, percent-encoded ones too."""
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, MASK).replace(quote_plus(value), MASK)
    return text
