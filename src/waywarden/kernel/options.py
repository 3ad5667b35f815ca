"""Typed options: a frozen msgspec struct that is also a form, a file section and a docs page.

A plug-in declares its options once, as a struct whose fields are annotated with `Meta`
(title = label, description = help). The admin draws the form from it, `config export`
writes it as TOML, and `docs/reference` lists it.
"""

import enum
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from waywarden.kernel.errors import RuleBroken


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plug-in's options; subclass and add fields, each with a default where one is sensible."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plug-in's secrets: text fields only; stored encrypted, never shown again, never logged."""


S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option as a form needs it. `kind` is text, number, yes_no, choice or list."""

    name: str
    label: str
    help: str
    kind: str
    choices: tuple[str, ...]
    default: Any
    required: bool


def read(kind: type[S], raw: dict[str, Any]) -> S:
    """The options from plain data. Raises RuleBroken that names the wrong field."""
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise RuleBroken(message, field=path.rstrip("`").partition("[")[0]) from error


def plain(options: msgspec.Struct) -> dict[str, Any]:
    """The options as plain data that JSON and TOML can hold."""
    return typing.cast("dict[str, Any]", msgspec.to_builtins(options))


def fields_of(kind: type[msgspec.Struct]) -> tuple[OptionField, ...]:
    """Every option of a kind, in the order it was declared; inherited ones after its own."""
    hints = typing.get_type_hints(kind, include_extras=True)
    inherited = {
        name
        for base in kind.__mro__[1:]
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct
        for name in base.__struct_fields__
    }
    found = []
    for item in sorted(msgspec.structs.fields(kind), key=lambda item: item.name in inherited):
        bare, meta = _split(hints[item.name])
        required = item.default is msgspec.NODEFAULT and item.default_factory is msgspec.NODEFAULT
        default = None
        if item.default is not msgspec.NODEFAULT:
            default = item.default
        elif item.default_factory is not msgspec.NODEFAULT:
            default = item.default_factory()
        found.append(
            OptionField(
                name=item.name,
                label=(
                    meta.title if meta and meta.title else item.name.replace("_", " ").capitalize()
                ),
                help=(meta.description if meta and meta.description else ""),
                kind=_kind_of(bare),
                choices=_choices_of(bare),
                default=default,
                required=required,
            )
        )
    return tuple(found)


def _split(hint: Any) -> tuple[Any, msgspec.Meta | None]:
    if typing.get_origin(hint) is typing.Annotated:
        bare, *extras = typing.get_args(hint)
        return bare, next((extra for extra in extras if isinstance(extra, msgspec.Meta)), None)
    return hint, None


def _without_none(bare: Any) -> Any:
    if typing.get_origin(bare) in (typing.Union, types.UnionType):
        return next(arg for arg in typing.get_args(bare) if arg is not type(None))
    return bare


def _kind_of(bare: Any) -> str:
    bare = _without_none(bare)
    if bare is bool:
        return "yes_no"
    if bare in (int, float):
        return "number"
    if typing.get_origin(bare) is typing.Literal or _is_enum(bare):
        return "choice"
    if typing.get_origin(bare) in (tuple, list):
        return "list"
    if typing.get_origin(bare) is dict:
        return "table"
    return "text"


def _choices_of(bare: Any) -> tuple[str, ...]:
    bare = _without_none(bare)
    if typing.get_origin(bare) is typing.Literal:
        return tuple(str(choice) for choice in typing.get_args(bare))
    if _is_enum(bare):
        return tuple(str(member.value) for member in bare)
    return ()


def _is_enum(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, enum.Enum)
