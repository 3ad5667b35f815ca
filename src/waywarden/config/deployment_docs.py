"""The reference page of deployment files, written from the tables that read them."""

import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec

from waywarden.adapters.deployment import Deployment
from waywarden.adapters.faults import SecretRef, choices_of, inner_struct
from waywarden.adapters.kinds import KINDS

HEAD = """# Deployment files

One TOML file says how one body's system is made to look like Open311: who may call, what its words
mean, and where it is. `waywarden adapter new KIND NAME` writes one to begin with,
`waywarden adapter check FILE` names every fault in it with its line, and
[how to make an adapter](../how-to/adapter.md) leads through it. This page is written
from the tables that read the files.

Secrets are never in the file: where one is needed stands a table with `env` or `file`.

"""

_TYPES: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list of texts",
    dict: "a table",
}


def markdown() -> str:
    """The page."""
    parts = [HEAD, "## Every file\n\n", *_tables(Deployment, "")]
    parts += [f"## A secret\n\n{_doc(SecretRef)}\n\n{_rows(SecretRef)}\n"]
    for name in KINDS:
        kind = KINDS[name].options_type
        parts += [f"## Kind `{name}`: `[system]`\n\n", *_tables(kind, "system")]
    return "".join(parts).rstrip() + "\n"


def _tables(struct: type[msgspec.Struct], at: str) -> Iterator[str]:
    """The struct's table, and one for each struct in it."""
    yield f"{_doc(struct)}\n\n{_rows(struct)}\n"
    for name, hint in typing.get_type_hints(struct, include_extras=True).items():
        inner, shape = inner_struct(hint)
        if inner is None or inner is SecretRef:
            continue
        where = f"{at}.{name}" if at else name
        shown = f"[{where}.NAME]" if shape is dict else f"[{where}]"
        yield f"### `{f'[{shown}]' if shape is tuple else shown}`\n\n"
        yield from _tables(inner, f"{where}.NAME" if shape is dict else where)


def _rows(struct: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(struct, include_extras=True)
    lines = ["| key | what it takes | unless named | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        lines.append(
            f"| `{field.encode_name}` | {_takes(hint)} | {_default(field)} | {meaning_of(hint)} |"
        )
    return "\n".join(lines) + "\n"


def meaning_of(hint: Any) -> str:
    """What the field says of itself, "" when nothing."""
    if typing.get_origin(hint) is Annotated:
        for extra in typing.get_args(hint)[1:]:
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description.replace("|", "\\|")
    inner, _shape = inner_struct(hint)
    return _doc(inner) if inner is not None else ""


def _takes(hint: Any) -> str:
    if words := choices_of(hint):
        listed = ", ".join(f"`{word}`" for word in words)
        return f"some of {listed}" if _bare(hint) is tuple else f"one of {listed}"
    inner, shape = inner_struct(hint)
    if inner is not None:
        named = "a secret" if inner is SecretRef else "a table"
        wrapped: dict[Any, str] = {dict: "a table of tables", tuple: "a list of tables"}
        return wrapped.get(shape, named) if shape else named
    bare = _bare(hint)
    return _TYPES.get(bare, "a date with time and zone" if bare is datetime else "text")


def _bare(hint: Any) -> Any:
    if typing.get_origin(hint) is Annotated:
        return _bare(typing.get_args(hint)[0])
    origin = typing.get_origin(hint)
    if origin in (tuple, dict):
        return origin
    parts = [one for one in typing.get_args(hint) if one is not type(None)]
    return _bare(parts[0]) if parts and origin is not typing.Literal else hint


def _default(field: Any) -> str:
    if field.required:
        return "**needed**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value in ("", None, (), {}) or isinstance(value, msgspec.Struct):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(map(str, value)) if isinstance(value, tuple) else value}`"


def _doc(struct: type[msgspec.Struct]) -> str:
    return (struct.__doc__ or "").strip().partition("\n\n")[0]
