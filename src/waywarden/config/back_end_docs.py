"""Writes `docs/reference/back-ends.md`: what each kind of back-end can do, and its options."""

import json
from typing import Any

import msgspec

from waywarden.backends.contract import Backend, Capability
from waywarden.backends.registry import backend_classes
from waywarden.kernel.options import OptionField, fields_of

INTRO = """\
# Back-ends

A connection leads to one body's system. Its kind says how: each kind is a plug-in, installed by an
entry point of the group `waywarden.backends`. The engines ask what a kind can do and never assume
it; what a kind cannot do is not offered.
"""

ABOUT = {
    Capability.SENDS_REPORTS: "Carries a report into the body's system.",
    Capability.SENDS_UPDATES: "Carries a person's update of a report there.",
    Capability.FETCHES_UPDATES: "Asks for news of reports: words and states.",
    Capability.FETCHES_REPORTS: "Asks for problems that the body's system knows.",
    Capability.LISTS_SERVICES: "Tells its categories and their questions.",
    Capability.RESOLVES_TOKENS: "Takes a report at once and gives its number later.",
    Capability.LOOKS_UP: "Can be asked whether a report arrived whose answer was lost.",
}

KINDS = {
    "text": "text",
    "number": "number",
    "yes_no": "yes or no",
    "choice": "one of",
    "list": "list of texts",
    "table": "table of texts",
}


def markdown() -> str:
    """The whole page, from the kinds that are installed."""
    kinds = backend_classes()
    parts = [INTRO, _matrix(kinds), *(_section(name, kind) for name, kind in kinds.items())]
    return "\n".join(parts)


def _matrix(kinds: dict[str, type[Backend]]) -> str:
    names = [f"`{name}`" for name in kinds]
    rows = [_row("capability", "what it means", *names), _rule(2 + len(names))]
    for capability in Capability:
        marks = ["yes" if kind.can(capability) else "–" for kind in kinds.values()]
        rows.append(_row(f"`{capability.value}`", ABOUT[capability], *marks))
    return "\n".join(["## What each kind can do", "", *rows, ""])


def _section(name: str, kind: type[Backend]) -> str:
    lines = [f"## {kind.label}", "", f"The kind `{name}`.", ""]
    lines += _options("Options", fields_of(kind.options_type), none="It has no options.")
    lines += _options("Secrets", fields_of(kind.secrets_type), none="It needs no secrets.")
    return "\n".join(lines)


def _options(heading: str, fields: tuple[OptionField, ...], *, none: str) -> list[str]:
    lines = [f"### {heading}", ""]
    if not fields:
        return [*lines, none, ""]
    rows = [_row(f"`{one.name}`", one.label, _kind(one), _default(one), one.help) for one in fields]
    return [
        *lines,
        _row("name", "label", "what it is", "default", "what it does"),
        _rule(5),
        *rows,
        "",
    ]


def _kind(field: OptionField) -> str:
    words = KINDS[field.kind]
    return f"{words} {', '.join(f'`{choice}`' for choice in field.choices)}".strip()


def _default(field: OptionField) -> str:
    if field.required:
        return "must be given"
    value: Any = msgspec.to_builtins(field.default)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, "", [], {}, ()):
        return "–"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _row(*cells: str) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _cell(text: str) -> str:
    """A cell's text: one line, and no bar that would end it."""
    return " ".join(text.split()).replace("|", "\\|")
