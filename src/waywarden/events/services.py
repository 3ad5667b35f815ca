"""Recording facts and telling those who listen.

A service writes its row and calls `record` in one transaction. Handlers registered as *now*
run inside it; *later* ones are queued in it. Who listens is told on one page, jobs/handlers.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from waywarden.events.bulk_services import insert_rows
from waywarden.events.models import Event
from waywarden.kernel import clock


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `user` with an id, `body`, `connection`, or nobody (the clock)."""

    kind: str = ""
    id: int | None = None


NOBODY = Actor()


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened to one subject, as handlers see it."""

    kind: str
    subject_kind: str
    subject_id: int
    actor: Actor = NOBODY
    data: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[tuple[Fact, ...]], None]

_now: dict[str, list[Handler]] = defaultdict(list)
_later: dict[str, list[Handler]] = defaultdict(list)


def on(kind: str, *, now: Iterable[Handler] = (), later: Iterable[Handler] = ()) -> None:
    """Registers handlers of a kind of fact. *later* handlers only enqueue; they run after *now*."""
    for registered, handlers in ((_now, now), (_later, later)):
        registered[kind].extend(handler for handler in handlers if handler not in registered[kind])


def kinds_heard() -> frozenset[str]:
    """Every kind that somebody listens to."""
    return frozenset(_now) | frozenset(_later)


def record(*facts: Fact) -> None:
    """Writes the facts and calls their handlers, a batch of one kind at once.

    Must run inside the transaction that makes the facts true.
    """
    if not transaction.get_connection().in_atomic_block:
        message = "A fact is recorded inside the transaction that makes it true."
        raise RuntimeError(message)
    if not facts:
        return
    moment = clock.now()
    rows = [
        Event(
            at=moment,
            kind=fact.kind,
            actor_kind=fact.actor.kind,
            actor_id=fact.actor.id,
            subject_kind=fact.subject_kind,
            subject_id=fact.subject_id,
            data=dict(fact.data),
        )
        for fact in facts
    ]
    insert_rows(rows, with_keys=False)
    for kind in dict.fromkeys(fact.kind for fact in facts):
        batch = tuple(fact for fact in facts if fact.kind == kind)
        for handler in (*_now[kind], *_later[kind]):
            handler(batch)
