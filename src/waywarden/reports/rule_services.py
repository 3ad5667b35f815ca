"""Who may add what, as a body's file of settings says it."""

from collections.abc import Mapping, Sequence
from typing import Any

from waywarden.bodies.config_parts import BodyPart, Values, checked
from waywarden.bodies.models import Body, Category
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.rule_models import UpdateRule

_KNOWN = {"category": str, "act": str, "who": str, "only_while_open": bool}


def listed(body_ids: Sequence[int]) -> Mapping[int, list[dict[str, Any]]]:
    """Each body's table, the lines for all categories first."""
    found: dict[int, list[dict[str, Any]]] = {}
    rows = UpdateRule.objects.filter(body__in=body_ids).select_related("category")
    for row in sorted(rows, key=lambda row: (row.category.slug if row.category else "", row.act)):
        values: dict[str, Any] = {"act": row.act, "who": row.who}
        if row.category is not None:
            values["category"] = row.category.slug
        if row.only_while_open:
            values["only_while_open"] = True
        found.setdefault(row.body_id, []).append(values)
    return found


def store(body: Body, lines: Sequence[Values], _by: Actor) -> None:
    """The body's table becomes these lines. Raises RuleBroken, ValidationError, TypeError."""
    UpdateRule.objects.filter(body=body).delete()
    categories = {one.slug: one for one in Category.objects.filter(body=body)}
    for line in lines:
        values = checked(line, _KNOWN)
        name = values.pop("category", "")
        if name and name not in categories:
            message = f"the body has no category {name}."
            raise RuleBroken(message, field="rules")
        rule = UpdateRule(body=body, category=categories.get(name), **values)
        rule.full_clean()
        rule.save()


RULES = BodyPart("rules", listed, store)
