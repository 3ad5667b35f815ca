"""The install's own keys: taken from the environment, else made once and kept in its home."""

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from waywarden.config.environment import Environment
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import Box, new_field_key

_SHORTEST = 32
"""Characters of a secret key."""


def with_keys(environment: Environment) -> Environment:
    """The settings with both keys filled in. Raises Misconfigured when none can be kept."""
    secret_key = environment.secret_key or kept(environment.home / "secret-key", _new_secret_key)
    field_keys = environment.field_keys or tuple(
        kept(environment.home / "field-keys", new_field_key).replace(",", " ").split()
    )
    return replace(environment, secret_key=secret_key, field_keys=field_keys)


def check(environment: Environment) -> None:
    """Raises Misconfigured when a key is too weak or is none."""
    if len(environment.secret_key) < _SHORTEST:
        message = f"WAYWARDEN_SECRET_KEY must have {_SHORTEST} characters or more."
        raise Misconfigured(message)
    Box(environment.field_keys).seal("tried")


def kept(path: Path, make: Callable[[], str]) -> str:
    """What stands in the file; made and written (mode 600) when there is no such file.

    Two processes that start at once agree: the file appears whole or not at all, and the
    first one wins.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, make())
        text = path.read_text().strip()
    except OSError as error:
        message = f"The key file {path} cannot be read or made."
        raise Misconfigured(message) from error
    if not text:
        message = f"The key file {path} is empty."
        raise Misconfigured(message)
    return text


def _write_once(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as file:  # mkstemp gives mode 600
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        Path(temporary).unlink()


def _new_secret_key() -> str:
    return secrets.token_urlsafe(50)
