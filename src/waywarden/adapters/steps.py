"""Secondary work as rows: tried with growing pauses, given up in the open, never in the way."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from waywarden.adapters.contract import CannotAsk, Step, StepDraft, System
from waywarden.adapters.health import STEPS, Health, in_words
from waywarden.adapters.store import NOTHING_DONE, Post, Store
from waywarden.kernel import clock
from waywarden.kernel.errors import Refused, TryLater, Unknown, WaywardenError
from waywarden.kernel.retry import is_too_old, next_attempt_at

log = logging.getLogger(__name__)

HANDS = 4
"""How many deployments are gone round to at the same time."""
AT_ONCE = 20
"""Steps that are taken before the others of the process get their turn."""
MOST_REFUSALS = 3
"""A step that is refused so many times is given up."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many steps wait, and how many were given up."""

    waiting: int = 0
    dead: int = 0


def write(db: sqlite3.Connection, post: Post, report_id: str, drafts: Sequence[StepDraft]) -> None:
    """Notes the steps of a post, each once, inside the caller's transaction."""
    now = clock.now().isoformat()
    db.executemany(
        "insert or ignore into steps (jurisdiction, kind, key, name, report_id, data, blob,"
        " next_at, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                post.jurisdiction,
                post.kind,
                post.key,
                draft.name,
                report_id,
                json.dumps(dict(draft.data)),
                draft.blob,
                now,
                now,
            )
            for draft in drafts
        ],
    )


def counted(store: Store, jurisdiction: str) -> Counted:
    """How it stands with the steps of a deployment and of those behind it."""
    statement = (
        "select state, count(*) from steps where (jurisdiction = ? or jurisdiction glob ?)"
        " and state <> 'done' group by state"
    )
    with store.connect() as db:
        found = dict(db.execute(statement, [jurisdiction, f"{jurisdiction}/*"]).fetchall())
    return Counted(waiting=found.get("waiting", 0), dead=found.get("dead", 0))


def take_due(
    store: Store, jurisdiction: str, system: System, health: Health, *, now: datetime | None = None
) -> int:
    """Takes the steps that are due, oldest first; how many were tried. Never raises our errors."""
    now = now or clock.now()
    statement = (
        "select step_no, kind, key, name, report_id, data, blob, attempts, created_at, sent_at"
        " from steps"
        " where state = 'waiting' and jurisdiction = ? and next_at <= ? order by step_no limit ?"
    )
    with store.connect() as db:
        due = db.execute(statement, [jurisdiction, now.isoformat(), AT_ONCE]).fetchall()
    for number, kind, key, name, report_id, data, blob, attempts, created_at, sent_at in due:
        step = Step(
            name=name,
            report_id=report_id,
            data=json.loads(data),
            blob=blob,
            key=f"{kind} {key} {name}",
        )
        try:
            _take(store, number, system, step, sent_at)
        except WaywardenError as error:
            _put_off(store, number, attempts + 1, datetime.fromisoformat(created_at), error, now)
            health.failed(STEPS, error)
            if isinstance(error, TryLater | Unknown):
                break  # the others would only wait for the same
        except Exception as error:  # the worker's rim: one bad step must not stop the others
            log.exception("Step %s of %s failed", number, jurisdiction)
            _put_off(store, number, attempts + 1, datetime.fromisoformat(created_at), error, now)
            health.failed(STEPS, error)
        else:
            _done(store, number)
            health.succeeded(STEPS)
    return len(due)


def _take(store: Store, number: int, system: System, step: Step, sent_at: str) -> None:
    """Takes a step, unless it has arrived already by an attempt of which nothing was heard."""
    if sent_at and _has_arrived(system, step, datetime.fromisoformat(sent_at)):
        return
    _note_sent(store, number, clock.now().isoformat())
    try:
        system.take_step(step)
    except NOTHING_DONE:
        _note_sent(store, number, "")
        raise


def _has_arrived(system: System, step: Step, since: datetime) -> bool:
    try:
        return system.has_step(step, since)
    except CannotAsk:
        return False


def _done(store: Store, number: int) -> None:
    with store.connect() as db:
        db.execute("update steps set state = 'done', blob = x'' where step_no = ?", [number])


def _note_sent(store: Store, number: int, moment: str) -> None:
    with store.connect() as db:
        db.execute("update steps set sent_at = ? where step_no = ?", [moment, number])


def _put_off(
    store: Store,
    number: int,
    attempts: int,
    created_at: datetime,
    error: Exception,
    now: datetime,
) -> None:
    is_hopeless = isinstance(error, Refused) and attempts >= MOST_REFUSALS
    is_dead = is_hopeless or is_too_old(first_attempt_at=created_at, now=now)
    if is_dead:
        log.error("A step was given up: number %s after %s attempts", number, attempts)
    wait = getattr(error, "after", None)
    next_at = next_attempt_at(now=now, attempts=attempts, asked_wait=wait)
    words = in_words(error)
    with store.connect() as db:
        db.execute(
            "update steps set state = ?, attempts = ?, next_at = ?, error = ? where step_no = ?",
            ["dead" if is_dead else "waiting", attempts, next_at.isoformat(), words, number],
        )


class Rounds:
    """Goes round: takes due steps and collects what systems hand out, each for itself."""

    def __init__(
        self, *, every: timedelta, work: Callable[[], Mapping[str, Callable[[], None]]]
    ) -> None:
        """`work` says each time what there is to do; under one name only one thing is done."""
        self._every, self._work = every, work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="adapter-rounds")

    def start(self) -> None:
        """Begins, until the process ends or `stop` is called."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the work at hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        busy: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(HANDS, thread_name_prefix="adapter-rounds") as hands:
            while not self._stop.wait(self._every.total_seconds()):
                for name, work in self._work().items():
                    if name not in busy or busy[name].done():  # a slow one is not asked twice
                        busy[name] = hands.submit(_carefully, name, work)


def _carefully(name: str, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # one deployment's trouble must not stop the others
        log.exception("The rounds of %s failed", name)
