"""Which response template speaks, and with what words (integration.md 3). Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ANY_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A response template as the choice sees it; no category means all."""

    id: int
    text: str
    states: tuple[str, ...] = ()
    external_codes: tuple[str, ...] = ()
    category_ids: tuple[int, ...] = ()


def choose(
    templates: Iterable[Template],
    *,
    category_id: int | None,
    state: str,
    state_changed: bool,
    external_code: str,
) -> Template | None:
    """The template that fits best, or None.

    An exact external code goes before a pattern, a code before a state, a category's before the
    general. A template for the state fires only when the state changed.
    """
    best: tuple[tuple[int, int, int], Template] | None = None
    for template in templates:
        if template.category_ids and category_id not in template.category_ids:
            continue
        fit = _fit(template, state=state, state_changed=state_changed, external_code=external_code)
        if fit == 0:
            continue
        rank = (fit, 1 if template.category_ids else 0, -template.id)
        if best is None or rank > best[0]:
            best = (rank, template)
    return best[1] if best else None


def _fit(template: Template, *, state: str, state_changed: bool, external_code: str) -> int:
    """3 exact code, 2 pattern, 1 state, 0 does not fit."""
    if external_code and external_code in template.external_codes:
        return 3
    if external_code and any(_matches(code, external_code) for code in template.external_codes):
        return 2
    if state_changed and state in template.states:
        return 1
    return 0


def _matches(pattern: str, code: str) -> bool:
    """Part by part between commas: `*` is anything, `+` is anything but nothing."""
    wanted, given = pattern.split(","), code.split(",")
    return len(wanted) == len(given) and all(
        part == "*" or (part == "+" and bool(have.strip())) or part == have
        for part, have in zip(wanted, given, strict=True)
    )


def has_placeholder(text: str, name: str) -> bool:
    """Whether the text has a place for `{{name}}`."""
    return re.search(_placeholder(name), text) is not None


def _placeholder(name: str) -> str:
    return r"\{\{\s*" + re.escape(name) + r"\s*\}\}"


def fill(text: str, placeholders: Mapping[str, str]) -> str:
    """The text with `{{name}}` replaced for every name given, others left out.

    What is put in is not read again, so a body's words cannot name a placeholder.
    """
    filled = _ANY_PLACEHOLDER.sub(lambda found: placeholders.get(found[1], ""), text)
    return filled.strip()
