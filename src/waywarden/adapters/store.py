"""What was sent on already, kept in SQLite: a repeated POST is answered and not done again."""

import enum
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from waywarden.adapters.contract import NotKnown, NotOffered
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, Refused, RuleBroken, TryLater, Unknown

KEPT_FOR = timedelta(days=400)
WAIT_SECONDS = 5.0
"""How long a repeat waits for the first one, when both are here at the same time."""
_LOOK_EVERY = 0.05
_AGES = {
    "posts": "state = 'answered' and last_at",
    "steps": "state = 'done' and created_at",
    "kept": "at",
    "set_aside": "last_at",
}
_WHERE = " where jurisdiction = ? and kind = ? and key = ?"

NOTHING_DONE = (TryLater, Refused, Misconfigured, RuleBroken, NotOffered, NotKnown)
"""After these from sending, nothing was done: a place outside of the grid, an unknown report."""
Also = Callable[[sqlite3.Connection, str], None] | None
"""What else is written when a post is answered; it gets the answer."""
LookUp = Callable[[datetime], str | None]


class KeyReused(RuleBroken):
    """This idempotency key was used for something else before."""


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be done once. `kind` is `request` or `update`.

    `digest` is "" where the same key with another content is still the same thing.
    """

    jurisdiction: str
    kind: str
    key: str
    digest: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """What it is told by."""
        return self.jurisdiction, self.kind, self.key


class Standing(enum.Enum):
    """How it stands with a post that is asked for."""

    FRESH = "fresh"
    """Nobody has sent it, and it is now ours to send."""
    UNSURE = "unsure"
    """It may have arrived, and it is now ours to look after."""
    ANSWERED = "answered"
    """Done; the answer is known."""
    BUSY = "busy"
    """Another thread is at it."""
    OTHER = "other"
    """The key belongs to another content."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What `Store.claim` found. `first_at` and `last_at` say when it was sent before.

    Of an unsure post `answer` is what a person found in the vendor's system, "" when nobody looked.
    """

    standing: Standing
    answer: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    mark: object = None
    """For `let_go`, of what is now ours."""


class Store:
    """The file belongs to one process: what was being sent when the last one ended is unsure.

    Each call opens a connection, so threads may share it.
    """

    def __init__(self, path: Path, *, is_ours: bool = True) -> None:
        """With `is_ours` off the file may be another process's, and what it sends is left alone."""
        self.path = path
        self._is_ours, self._at_work = is_ours, dict[tuple[str, str, str], object]()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self.connect() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript(Path(__file__).with_name("store.sql").read_text(encoding="utf-8"))
            _upgrade(db)
            if not is_ours:
                return
            db.execute("update posts set state = 'unsure' where state = 'sending'")
        self.tidy()

    def tidy(self) -> None:
        """Throws away what is too old to be asked for again."""
        before = (clock.now() - KEPT_FOR).isoformat()
        with self.connect() as db:
            for table, moment in _AGES.items():
                db.execute(f"delete from {table} where {moment} < ?", [before])

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own, in autocommit."""
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            db.execute("pragma synchronous = full")  # a receipt must outlive the power
            yield db
        finally:
            db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes all of it or nothing."""
        with self.connect() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def claim(self, post: Post) -> Claim:
        """Looks a post up, and takes it when nobody has it or nobody knows what became of it."""
        with self.transaction() as db:  # which lets one thread in at a time
            # What was being sent by nobody who still is at it: its end could not be written down.
            is_left = self._is_ours and post.name not in self._at_work
            claim = _claimed(db, post, is_left=is_left)
            if claim.mark is not None:  # before anybody else can see it
                self._at_work[post.name] = claim.mark
        return claim

    def let_go(self, post: Post, mark: object) -> None:
        """Who claimed it with this mark is not at it any more, whatever could be written of it.

        Somebody else may be: as soon as it is written that nothing was done, it may be claimed.
        """
        if self._at_work.get(post.name) is mark:
            del self._at_work[post.name]

    def answered(self, post: Post, answer: str, *, also: Also = None) -> None:
        """It is done, and this id was answered. `also` is written in the same transaction."""
        with self.transaction() as db:
            db.execute(
                "update posts set state = 'answered', answer = ?" + _WHERE,
                [answer, post.jurisdiction, post.kind, post.key],
            )
            if also is not None:
                also(db, answer)

    def unsure(self, post: Post) -> None:
        """It may have arrived."""
        self._settle("update posts set state = 'unsure', answer = ?", post, "")

    def forget(self, post: Post) -> None:
        """It surely did not arrive."""
        with self.connect() as db:
            db.execute("delete from posts" + _WHERE, [post.jurisdiction, post.kind, post.key])

    def sending_now(self, post: Post) -> None:
        """Notes the moment of the attempt that is about to be made."""
        self._settle("update posts set last_at = ?", post, clock.now().isoformat())

    def is_taken(self, post: Post, answer: str) -> bool:
        """Whether this id was the answer to another post of the same kind."""
        statement = (
            "select 1 from posts where jurisdiction = ? and kind = ? and answer = ? and key <> ?"
        )
        with self.connect() as db:
            found = db.execute(statement, [post.jurisdiction, post.kind, answer, post.key])
            return found.fetchone() is not None

    def _settle(self, change: str, post: Post, value: str) -> None:
        with self.connect() as db:
            db.execute(change + _WHERE, [value, post.jurisdiction, post.kind, post.key])


def _upgrade(db: sqlite3.Connection) -> None:
    """What a store lacks that an earlier version made."""
    if "sent_at" not in {row[1] for row in db.execute("pragma table_info(steps)")}:
        db.execute("alter table steps add column sent_at text not null default ''")


def _claimed(db: sqlite3.Connection, post: Post, *, is_left: bool) -> Claim:
    now = clock.now().isoformat()
    key = [post.jurisdiction, post.kind, post.key]
    row = db.execute(
        "select digest, state, answer, first_at, last_at from posts" + _WHERE, key
    ).fetchone()
    if row is None:
        db.execute(
            "insert into posts (jurisdiction, kind, key, digest, state, first_at, last_at)"
            " values (?, ?, ?, ?, 'sending', ?, ?)",
            [*key, post.digest, now, now],
        )
        return Claim(Standing.FRESH, mark=object())
    digest, state, answer, first_at, last_at = row
    if post.digest and digest and digest != post.digest:
        return Claim(Standing.OTHER)
    if state == "answered":
        return Claim(Standing.ANSWERED, answer=answer)
    if state == "sending" and not is_left:
        return Claim(Standing.BUSY)
    db.execute("update posts set state = 'sending'" + _WHERE, key)
    return Claim(
        Standing.UNSURE,
        answer=answer,
        first_at=datetime.fromisoformat(first_at),
        last_at=datetime.fromisoformat(last_at),
        mark=object(),
    )


def do_once(
    store: Store,
    post: Post,
    *,
    send: Callable[[], str],
    look_up: LookUp | None,
    settles_after: timedelta,
    also: Also = None,
) -> str:
    """Sends a post unless it was sent before; gives its id, the same however often it is asked.

    `look_up` asks the vendor whether something sent since a moment arrived. It is believed when
    it finds nothing only `settles_after` the last attempt: until then the vendor may still be at
    it. Without `look_up` nobody can tell, and Unknown is raised. The errors of `NOTHING_DONE` from
    `send` mean that nothing was done; any other error, or the end of the process, leaves the post
    unsure. Raises KeyReused, TryLater and what `send` and `look_up` raise.
    """
    claim = _patient_claim(store, post)
    if claim.standing is Standing.ANSWERED:
        return claim.answer
    if claim.standing is Standing.OTHER:
        raise KeyReused
    if claim.standing is Standing.BUSY:
        raise TryLater("The same call is still being worked on. Please ask again in a moment.")
    try:
        answer = _done(store, post, claim, send=send, look_up=look_up, settles_after=settles_after)
        store.answered(post, answer, also=also)
    finally:
        store.let_go(post, claim.mark)
    return answer


def _done(
    store: Store,
    post: Post,
    claim: Claim,
    *,
    send: Callable[[], str],
    look_up: LookUp | None,
    settles_after: timedelta,
) -> str:
    """The answer to a post that is ours: of an earlier attempt that arrived, else sent now."""
    try:
        answer = _arrived(claim, look_up=look_up, settles_after=settles_after)
    except BaseException:
        store.unsure(post)
        raise
    if answer is not None:
        return answer
    if claim.standing is Standing.UNSURE:
        store.sending_now(post)
    return _sent(store, post, send)


def _patient_claim(store: Store, post: Post) -> Claim:
    give_up_at = time.monotonic() + WAIT_SECONDS
    while (claim := store.claim(post)).standing is Standing.BUSY and time.monotonic() < give_up_at:
        time.sleep(_LOOK_EVERY)
    return claim


def _arrived(claim: Claim, *, look_up: LookUp | None, settles_after: timedelta) -> str | None:
    """The id of an earlier attempt that did arrive, None when surely none did."""
    if claim.first_at is None or claim.last_at is None:
        return None
    if claim.answer:
        return claim.answer  # somebody has looked, and said so
    if look_up is None:
        message = "An earlier attempt may have arrived, and this system cannot be asked."
        raise Unknown(message)
    found = look_up(claim.first_at)
    if found is None and clock.now() < claim.last_at + settles_after:
        raise TryLater("An earlier attempt may still arrive. Please ask again in a minute.")
    return found


def _sent(store: Store, post: Post, send: Callable[[], str]) -> str:
    try:
        return send()
    except NOTHING_DONE:
        store.forget(post)
        raise
    except BaseException:
        store.unsure(post)
        raise
