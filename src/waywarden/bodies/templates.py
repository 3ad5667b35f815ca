"""Which response template speaks, and with what words (integration.md 3). Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

#: What a template may name between double braces; `extras.NAME` is what a row brought beside.
PLACEHOLDERS = (
    "description", "reference", "report", "title", "category", "body", "external_status_code",
)  # fmt: skip
_EXTRA = "extras."
_ANY_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A response template as the choice sees it; no category means all."""

    id: int
    text: str
    title: str = ""
    email_text: str = ""
    states: tuple[str, ...] = ()
    external_codes: tuple[str, ...] = ()
    category_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a template answers: a row of the body's system, with the report's state after it.

    `external_code` is "" where the row's is the one that the report had before.
    """

    words: str
    state: str
    state_changed: bool
    external_code: str = ""
    category_id: int | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is shown, what is mailed instead ("": the same), and which template speaks."""

    text: str
    mail_text: str = ""
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two automatic templates of the same rank for the same thing: the older one speaks."""

    first: Template
    second: Template
    states: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    """Pairs that some external code matches both of."""


def speak(templates: Iterable[Template], said: Said) -> Spoken:
    """The body's words, or the template that fits, or nothing.

    A template that holds `{{description}}` carries the body's own words; one that does not stays
    silent where the body said something.
    """
    template = choose(
        templates,
        category_id=said.category_id,
        state=said.state,
        state_changed=said.state_changed,
        external_code=said.external_code,
    )
    if template is None or (said.words and not has_placeholder(template.text, "description")):
        return Spoken(said.words)
    values = {**said.placeholders, "description": said.words}
    return Spoken(fill(template.text, values), fill(template.email_text, values), template)


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


def conflicts(templates: Iterable[Template]) -> Iterator[Conflict]:
    """The pairs that would both speak for one row, neither of which goes before the other."""
    for first, second in combinations(sorted(templates, key=lambda one: one.id), 2):
        if bool(first.category_ids) != bool(second.category_ids):
            continue  # a category's goes before the general
        if first.category_ids and not set(first.category_ids) & set(second.category_ids):
            continue
        states = tuple(state for state in first.states if state in second.states)
        codes = tuple(
            (one, other)
            for one in first.external_codes
            for other in second.external_codes
            if _is_pattern(one) == _is_pattern(other) and _overlap(one, other)
        )
        if states or codes:
            yield Conflict(first, second, states, codes)


def _is_pattern(code: str) -> bool:
    return any(part in ("*", "+") for part in code.split(","))


def _overlap(one: str, other: str) -> bool:
    """Whether some external code matches both."""
    parts, others = one.split(","), other.split(",")
    return len(parts) == len(others) and all(
        part == theirs or _takes(part, theirs) or _takes(theirs, part)
        for part, theirs in zip(parts, others, strict=True)
    )


def _takes(pattern: str, part: str) -> bool:
    return pattern == "*" or (pattern == "+" and part != "")


def unknown_placeholders(text: str) -> Sequence[str]:
    """The names between double braces that stand for nothing, each once."""
    named = dict.fromkeys(_ANY_PLACEHOLDER.findall(text))
    return [one for one in named if one not in PLACEHOLDERS and not one.startswith(_EXTRA)]


def placeholders_in(text: str) -> frozenset[str]:
    """The names between double braces."""
    return frozenset(_ANY_PLACEHOLDER.findall(text))


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
