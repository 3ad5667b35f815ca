"""Every fault of a file's tables at once, each with its key and with what is allowed."""

import difflib
import os
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from waywarden.kernel.errors import Misconfigured

Complaint = tuple[str, str]
"""The dotted key, and what is wrong there."""

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a date with time and zone",
    "null": "nothing",
}


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is: the environment variable `env`, or the file `file`."""

    env: Annotated[str, Meta(description="The environment variable that holds the secret.")] = ""
    file: Annotated[str, Meta(description="The file that holds it, instead.")] = ""

    def read(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret. Raises Misconfigured, without the secret in it."""
        if bool(self.env) == bool(self.file):
            raise Misconfigured("name either `env` or `file`")
        if self.env:
            if not environ.get(self.env):
                raise Misconfigured(f"the environment variable {self.env} is not set")
            return environ[self.env]
        try:
            return Path(self.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"the file {self.file} cannot be read") from error


def faults_in(
    raw: Any, struct: type[msgspec.Struct], at: str, environ: Mapping[str, str]
) -> Iterator[Complaint]:
    """Faults of a table, field by field: msgspec alone would stop at the first."""
    if not isinstance(raw, dict):
        yield at, "this must be a table"
        return
    hints = typing.get_type_hints(struct, include_extras=True)
    for key in raw:
        if key not in hints:
            yield under(at, key), unknown(key, hints, "a key")
    for item in msgspec.structs.fields(struct):
        if item.encode_name in raw:
            yield from _faults_at(
                raw[item.encode_name], hints[item.name], under(at, item.name), environ
            )
        elif item.required:
            yield under(at, item.name), "this is missing"


def _faults_at(value: Any, hint: Any, at: str, environ: Mapping[str, str]) -> Iterator[Complaint]:
    inner, shape = inner_struct(hint)
    if inner is not None and shape is dict and isinstance(value, dict):
        for key, one in value.items():
            yield from faults_in(one, inner, under(at, key), environ)
    elif inner is not None and shape is tuple and isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from faults_in(one, inner, f"{at}[{index}]", environ)
    elif inner is SecretRef and shape is None and isinstance(value, dict):
        yield from _secret_faults(value, at, environ)
    elif inner is not None and shape is None:
        yield from faults_in(value, inner, at, environ)
    else:
        yield from _value_faults(value, hint, at)


def _value_faults(value: Any, hint: Any, at: str) -> Iterator[Complaint]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        allowed = choices_of(hint)
        if allowed:
            message = f"this must be one of {', '.join(allowed)}"
        where = "" if where.rstrip("`") == "[...]" else where.rstrip("`")
        yield at + where, _in_words(message)


def _in_words(message: str) -> str:
    """msgspec's own words for people who do not write Python."""
    message = message[:1].lower() + message[1:]
    message = message.replace("expected ", "this must be ", 1)
    message = message.replace(", got ", ", not ").replace("matching regex", "that fits")
    return re.sub(r"`(\w+)( \| null)?`", lambda found: _WORDS.get(found[1], found[0]), message)


def _secret_faults(
    value: dict[str, Any], at: str, environ: Mapping[str, str]
) -> Iterator[Complaint]:
    found = list(faults_in(value, SecretRef, at, environ))
    yield from found
    if not found:
        try:
            msgspec.convert(value, SecretRef).read(environ)
        except Misconfigured as error:
            yield at, str(error)


def inner_struct(hint: Any) -> tuple[type[msgspec.Struct] | None, type | None]:
    """The struct in a hint, and what it is wrapped in: dict, tuple or nothing."""
    if typing.get_origin(hint) is Annotated:
        return inner_struct(typing.get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint, None
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    structs = [one for one in parts if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    if not structs:
        return None, None
    return structs[0], origin if origin in (dict, tuple) else None


def choices_of(hint: Any) -> tuple[str, ...]:
    """The words of a Literal, wherever it stands in a hint."""
    if typing.get_origin(hint) is Literal:
        return tuple(str(one) for one in typing.get_args(hint))
    return tuple(word for part in typing.get_args(hint) for word in choices_of(part))


def under(at: str, key: str) -> str:
    """The dotted key of a key in a table."""
    return f"{at}.{key}" if at else key


def unknown(word: str, known: Iterable[str], what: str) -> str:
    """That a word is none of those that are known, the nearest one, and all of them."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return f"{word!r} is not {what} here{guess} Allowed: {', '.join(words)}".replace(
        "here Allowed", "here. Allowed"
    )
