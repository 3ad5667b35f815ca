"""A body's service list beside the categories we hold: what is added, changed, gone. Pure.

integration.md 4, *Categories ensured*. A category is known by its service code, else by its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from waywarden.kernel.text import one_line, shorten
from waywarden.open311.types import Attribute, Deviation, Service, ServiceDefinition
from waywarden.sync.plain_text import plain_text

#: A list that loses, or else changes, more than this share of the categories in use waits for a
#: person.
MOST_LOST = MOST_CHANGED = 0.1
#: So few services may always differ.
FEW = 3
DATATYPES = frozenset({"string", "text", "number", "datetime", "singlevaluelist", "multivaluelist"})
AUTOMATED = frozenset({"", "server_set", "hidden_field"})
#: What the list decides, and a category may protect.
FIELDS = (
    "name", "service_code", "groups", "description", "keywords", "is_private", "state", "questions",
)  # fmt: skip
ACTIVE, STAFF, INACTIVE = "confirmed", "staff", "inactive"

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """One service as a category would hold it; `values` has a value for each of FIELDS.

    Without `questions` in the values the definition was not to be had: those we hold stay.
    """

    values: Values


@dataclass(frozen=True, slots=True)
class Held:
    """One category we hold. `state_before` is the one it had when its service left the list."""

    id: int
    values: Values
    protected: frozenset[str] = frozenset()
    state_before: str = ""
    is_deleted: bool = False
    """Deleted by a person: its service does not bring it back."""
    is_other_way: bool = False
    """Sent by another connection or by e-mail: this list does not speak for it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one category. A protected one is told and not applied."""

    field: str
    old: Any
    new: Any
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A category that would change."""

    category_id: int
    name: str
    changes: tuple[Change, ...]
    is_restored: bool = False

    @property
    def to_apply(self) -> dict[str, Any]:
        """The new values of the fields that are the list's."""
        return {change.field: change.new for change in self.changes if not change.is_protected}


@dataclass(frozen=True, slots=True)
class Gone:
    """A category whose service is not listed any more. A protected state keeps it in use."""

    category_id: int
    name: str
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a list would do to a body's categories."""

    added: tuple[Listed, ...] = ()
    changed: tuple[Changed, ...] = ()
    gone: tuple[Gone, ...] = ()
    unchanged: int = 0
    waits: str = ""
    """Why a person must agree first; "" when it applies by itself."""
    deviations: tuple[Deviation, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        applied = [changed for changed in self.changed if changed.to_apply]
        return not (self.added or applied or any(not gone.is_protected for gone in self.gone))


def listed_from(
    services: Iterable[Service], definitions: Mapping[str, ServiceDefinition]
) -> tuple[tuple[Listed, ...], tuple[Deviation, ...]]:
    """The list as categories would hold it: codes and names once each, texts plain."""
    listed: dict[str, Listed] = {}
    names: set[str] = set()
    deviations: list[Deviation] = []
    for service in services:
        code = service.service_code.strip()
        where = f"service {code or service.service_name!r}"
        if not code or len(code) > 200:
            deviations.append(
                Deviation("service-without-code", "A service has no usable code.", where)
            )
            continue
        if code in listed:
            deviations.append(Deviation("service-twice", "A service code is listed twice.", where))
            continue
        name = _name_of(service, code, names)
        if name != one_line(service.service_name):
            message = f"A service's name is missing, too long or used twice; it is called {name!r}."
            deviations.append(Deviation("service-name", message, where))
        names.add(name.casefold())
        values = _values_of(service, code, name)
        if not service.metadata:
            values["questions"] = []
        elif code in definitions:
            values["questions"], found = questions_of(definitions[code], where)
            deviations += found
        listed[code] = Listed(values=values)
    return tuple(listed.values()), tuple(deviations)


def _name_of(service: Service, code: str, taken: set[str]) -> str:
    name = shorten(one_line(service.service_name), 200) or code
    if name.casefold() in taken:
        name = f"{shorten(name, 190 - len(code))} ({code})"
    return name[:200]


def _values_of(service: Service, code: str, name: str) -> dict[str, Any]:
    keywords = [shorten(one_line(word), 60) for word in service.keywords if one_line(word)]
    flags = {word.casefold() for word in keywords}
    groups = service.groups or ((service.group,) if service.group.strip() else ())
    return {
        "name": name,
        "service_code": code,
        "groups": list(dict.fromkeys(shorten(one_line(group), 120) for group in groups)),
        "description": plain_text(service.description),
        "keywords": list(dict.fromkeys(keywords)),
        "is_private": "private" in flags,
        "state": INACTIVE if "inactive" in flags else STAFF if "staff" in flags else ACTIVE,
    }


def questions_of(
    definition: ServiceDefinition, where: str
) -> tuple[list[dict[str, Any]], list[Deviation]]:
    """A definition's attributes as questions, numbered in order; each needs a code of its own."""
    found: dict[str, dict[str, Any]] = {}
    deviations: list[Deviation] = []
    for attribute in sorted(definition.attributes, key=lambda attribute: attribute.order):
        code = attribute.code.strip()
        if not code or len(code) > 120 or code in found:
            message = f"A question's code, {code[:120]!r}, is missing, too long or used twice."
            deviations.append(Deviation("question-code", message, where))
            continue
        found[code] = _question_of(attribute, code, order=len(found) + 1)
    return list(found.values()), deviations


def _question_of(attribute: Attribute, code: str, *, order: int) -> dict[str, Any]:
    values = []
    for value in attribute.values:
        kept = {"key": value.key, "name": value.name or value.key}
        if value.disable_message:
            kept["disable_message"] = plain_text(value.disable_message)
        values.append(kept)
    return {
        "code": code,
        "datatype": attribute.datatype if attribute.datatype in DATATYPES else "string",
        "description": plain_text(attribute.description),
        "hint": plain_text(attribute.datatype_description),
        "required": attribute.required,
        "variable": attribute.variable,
        "automated": attribute.automated if attribute.automated in AUTOMATED else "",
        "order": order,
        "values": values,
    }


def propose(
    listed: Sequence[Listed],
    held: Sequence[Held],
    *,
    deviations: tuple[Deviation, ...] = (),
) -> Proposal:
    """What the list would do to the categories held."""
    pairs, new = _pair(listed, held)
    held = [one for one in held if not one.is_deleted]
    changed = [_changed(row, category) for row, category in pairs if not category.is_deleted]
    paired = {category.id for _row, category in pairs}
    ours = [one for one in held if one.values["service_code"] and not one.is_other_way]
    in_use = [one for one in ours if one.values["state"] != INACTIVE]
    gone = tuple(
        Gone(one.id, one.values["name"], is_protected="state" in one.protected)
        for one in in_use
        if one.id not in paired
    )
    return Proposal(
        added=tuple(new),
        changed=tuple(one for one in changed if one.changes),
        gone=gone,
        unchanged=sum(1 for one in changed if not one.changes),
        waits=_reason_to_wait(
            listed,
            held,
            in_use=len(in_use),
            gone=gone,
            touched=sum(1 for one in changed if one.to_apply and not one.is_restored),
        ),
        deviations=deviations,
    )


def _pair(
    listed: Sequence[Listed], held: Sequence[Held]
) -> tuple[list[tuple[Listed, Held]], list[Listed]]:
    """Which category each service is: by code, else by the name of one whose code is not listed."""
    codes = {row.values["service_code"] for row in listed}
    by_code = {one.values["service_code"]: one for one in held if one.values["service_code"]}
    by_name = {
        one.values["name"].casefold(): one
        for one in held
        if one.values["service_code"] not in codes
    }
    pairs: list[tuple[Listed, Held]] = []
    new: list[Listed] = []
    for row in listed:
        found = by_code.get(row.values["service_code"])
        if found is None:
            found = by_name.pop(row.values["name"].casefold(), None)
        if found is None:
            new.append(row)
        else:
            pairs.append((row, found))
    return pairs, new


def _changed(row: Listed, held: Held) -> Changed:
    wanted = dict(row.values)
    # Only a word that came or went in the list moves these: what staff chose otherwise stays.
    before = {word.casefold() for word in held.values["keywords"]}
    now = {word.casefold() for word in wanted["keywords"]}
    if ("private" in before) == ("private" in now):
        wanted["is_private"] = held.values["is_private"]
    if {"inactive", "staff"} & before == {"inactive", "staff"} & now:
        wanted["state"] = held.state_before or held.values["state"]
    changes = tuple(
        Change(name, held.values[name], wanted[name], is_protected=name in held.protected)
        for name in FIELDS
        if name in wanted and wanted[name] != held.values[name]
    )
    return Changed(
        held.id, held.values["name"], changes=changes, is_restored=bool(held.state_before)
    )


def _reason_to_wait(
    listed: Sequence[Listed],
    held: Sequence[Held],
    *,
    in_use: int,
    gone: Sequence[Gone],
    touched: int,
) -> str:
    if not listed:
        return "The list is empty."
    lost = sum(1 for one in gone if not one.is_protected)
    if held and lost > in_use * MOST_LOST:
        return f"The list has lost {lost} of {in_use} services."
    if touched > max(in_use * MOST_CHANGED, FEW):
        return f"The list changes {touched} services; {in_use} are in use."
    return ""
