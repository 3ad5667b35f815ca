"""What is stuck in an adapter's store, and how a person settles it, beside a running server."""

from dataclasses import dataclass
from datetime import datetime

from waywarden.adapters.store import Store
from waywarden.kernel.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Stuck:
    """One thing that somebody must look at. `key` names it for `settle`."""

    kind: str
    """`unsure`, `given up` or `set aside`."""
    jurisdiction: str
    key: str
    words: str
    since: datetime


_UNSURE = (
    "select 'unsure', jurisdiction, kind || ' ' || key, 'it may have arrived', last_at"
    " from posts where state = 'unsure' and answer = '' order by last_at"
)
_DEAD = (
    "select 'given up', jurisdiction, kind || ' ' || key || ', ' || name,"
    " error || ' (' || attempts || ' attempts)', created_at"
    " from steps where state = 'dead' order by step_no"
)
_ASIDE = (
    "select 'set aside', jurisdiction, kind || ' ' || key, reason || ' (' || times || ' times)',"
    " last_at from set_aside order by last_at desc limit 500"
)


def all_stuck(store: Store) -> list[Stuck]:
    """Everything, the most pressing first."""
    with store.connect() as db:
        rows = [row for statement in (_UNSURE, _DEAD, _ASIDE) for row in db.execute(statement)]
    return [
        Stuck(kind, jurisdiction, key, words, datetime.fromisoformat(since))
        for kind, jurisdiction, key, words, since in rows
    ]


def settle(store: Store, one: Stuck, *, answer: str) -> None:
    """Says what became of an unsure post: its id, or "" when it did not arrive.

    Either takes effect when the sender asks again. Raises RuleBroken when it is not unsure.
    """
    kind, _, key = one.key.partition(" ")
    where = " where state = 'unsure' and jurisdiction = ? and kind = ? and key = ?"
    with store.transaction() as db:
        if answer:
            change, values = f"update posts set answer = ?{where}", [answer]
        else:
            change, values = f"delete from posts{where}", []
        if db.execute(change, [*values, one.jurisdiction, kind, key]).rowcount == 0:
            raise RuleBroken("It is not unsure any more.")


def named(store: Store, key: str) -> Stuck:
    """The one unsure post of this key. Raises RuleBroken."""
    found = [one for one in all_stuck(store) if one.kind == "unsure" and one.key == key]
    if len(found) != 1:
        raise RuleBroken(f"{len(found) or 'Nothing'} that is unsure is called {key!r}.")
    return found[0]


def retry_all(store: Store, *, now: datetime) -> int:
    """Gives everything that was given up another chance; how many there were."""
    change = (
        "update steps set state = 'waiting', attempts = 0, next_at = ?, created_at = ?"
        " where state = 'dead'"
    )
    with store.connect() as db:
        return db.execute(change, [now.isoformat(), now.isoformat()]).rowcount
