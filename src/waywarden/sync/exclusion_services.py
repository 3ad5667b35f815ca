"""Every write to exclusion rules, with who did it; and what rules would keep out now."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction

from waywarden.backends.contract import Capability, Notes, Span
from waywarden.bodies.config_parts import ConnectionPart, Values, checked
from waywarden.bodies.models import Category
from waywarden.bodies.queries import bodies_fetched_through
from waywarden.connections.models import Connection
from waywarden.connections.services import keep_exchanges, open_backend
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured
from waywarden.open311.types import ServiceRequest
from waywarden.sync.exclusions import Exclusions, Rule, check
from waywarden.sync.models import Cursor, ExclusionRule
from waywarden.sync.run_services import forget_marks

#: What a preview asks for: so many days, and of these so many rows.
PREVIEW_DAYS = 30
PREVIEW_ROWS = 500


#: What a file says of a rule.
_IN_FILES: dict[str, type] = {
    "by": str, "field": str, "test": str, "value": str, "note": str, "is_on": bool,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Previewed:
    """A row that a rule would keep out."""

    row: ServiceRequest
    rule: Rule


@dataclass(frozen=True, slots=True)
class Preview:
    """What rules would keep out of the newest rows that a system lists."""

    looked_at: int
    kept_out: tuple[Previewed, ...]


def save_rule(rule: ExclusionRule, *, by: Actor = NOBODY) -> None:
    """Stores a new or changed rule; it holds for what comes from then on. Raises RuleBroken."""
    check(rule.as_rule())
    with transaction.atomic():
        is_new = rule.pk is None
        before = "" if is_new else str(ExclusionRule.objects.get(pk=rule.pk))
        rule.save()
        _note(rule, "added" if is_new else "changed", before=before, by=by)


def delete_rule(rule: ExclusionRule, *, by: Actor = NOBODY) -> None:
    """Takes a rule away: what it kept out comes in with the next poll that lists it."""
    with transaction.atomic():
        _note(rule, "deleted", before=str(rule), by=by)
        rule.delete()


def listed(connection_ids: Sequence[int]) -> Mapping[int, list[dict[str, Any]]]:
    """The rules of connections, for their files of settings."""
    found: dict[int, list[dict[str, Any]]] = {}
    usual = {name: getattr(ExclusionRule(), name) for name in _IN_FILES}
    for rule in ExclusionRule.objects.filter(connection__in=connection_ids).order_by("id"):
        values = {name: getattr(rule, name) for name in _IN_FILES}
        found.setdefault(rule.connection_id, []).append(
            {name: value for name, value in values.items() if value != usual[name]}
        )
    return found


def store(connection: Connection, lines: Sequence[Values], by: Actor) -> None:
    """A connection's rules become these. Raises RuleBroken, ValidationError, TypeError."""
    wanted = [checked(line, _IN_FILES) for line in lines]
    known = listed([connection.pk]).get(connection.pk, [])
    for rule, values in zip(
        ExclusionRule.objects.filter(connection=connection).order_by("id"), known, strict=True
    ):
        if values in wanted:
            wanted.remove(values)
        else:
            delete_rule(rule, by=by)
    for values in wanted:
        rule = ExclusionRule(connection=connection, **values)
        rule.full_clean()
        save_rule(rule, by=by)


def _note(rule: ExclusionRule, what: str, *, before: str, by: Actor) -> None:
    forget_marks(Cursor.objects.filter(connection=rule.connection_id))
    data = {"rule": str(rule), "what": what, "before": before, "is_on": rule.is_on}
    record(Fact("exclusions.changed", "connection", rule.connection_id, actor=by, data=data))


def preview(connection: Connection, rules: Sequence[Rule]) -> Preview:
    """Asks the system for its newest problems, and says which the rules would keep out.

    Nothing is stored but the exchange. Raises BackendError when it cannot be had, Misconfigured
    when the connection has no such list.
    """
    for rule in rules:
        check(rule)
    opened = open_backend(connection)
    if not opened.backend.can(Capability.FETCHES_REPORTS):
        message = f"The send method {connection.kind} cannot be asked for problems."
        raise Misconfigured(message)
    moment = clock.now()
    span = Span(moment - timedelta(days=PREVIEW_DAYS), moment)
    asked = None if connection.fetches_all_reports else span
    try:
        with closing(iter(opened.backend.fetch_reports(asked, Notes()))) as found:  # type: ignore[type-var] # a stream
            rows = list(islice(found, PREVIEW_ROWS))
    finally:
        keep_exchanges(opened)
    return _previewed(rows, connection, rules)


def _previewed(
    rows: Sequence[ServiceRequest], connection: Connection, rules: Sequence[Rule]
) -> Preview:
    exclusions, moment = Exclusions(rules), clock.now()
    bodies = bodies_fetched_through(connection.pk)
    private = set(
        Category.objects.filter(body__in=bodies, is_private=True).values_list(
            "service_code", flat=True
        )
    )
    kept_out = [
        Previewed(row, rule)
        for row in rows
        if (
            rule := exclusions.rule_for(
                row, is_private=row.non_public or row.service_code in private, now=moment
            )
        )
    ]
    return Preview(looked_at=len(rows), kept_out=tuple(kept_out))


EXCLUSIONS = ConnectionPart("exclusions", listed, store)
