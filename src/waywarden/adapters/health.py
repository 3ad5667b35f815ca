"""How it goes with a deployment, each way: last success, last failures in words, in a row."""

import logging
import re
import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from waywarden.adapters.store import Store
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.text import one_line, shorten

log = logging.getLogger(__name__)

SENDING, FETCHING, STEPS = "sending", "fetching", "steps"
WAYS = (SENDING, FETCHING, STEPS)
KEPT_ERRORS = 10
BROKEN_AFTER = 3
"""Failures in a row that mean that a way is broken."""
_WRITE_EVERY = timedelta(seconds=60)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<=://)[^/\s@]+@|\?\S+")


@dataclass(frozen=True, slots=True)
class WayHealth:
    """How it goes one way."""

    way: str
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    words: str = ""
    in_a_row: int = 0
    """Failures since the last success."""

    @property
    def is_broken(self) -> bool:
        """Whether a person should look."""
        return self.in_a_row >= BROKEN_AFTER


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure, in words that hold no secret and nothing of a reporter."""

    at: datetime
    way: str
    words: str


class Health:
    """One deployment's. Threads may share it; it outlives the process, up to a minute."""

    def __init__(self, store: Store, jurisdiction: str) -> None:
        self.jurisdiction = jurisdiction
        self.failures: deque[Failure] = deque(maxlen=KEPT_ERRORS)
        self._store, self._lock = store, threading.Lock()
        self._ways = {way: WayHealth(way) for way in WAYS}
        self._written: dict[str, datetime] = {}
        with store.connect() as db:
            found = db.execute(
                "select way, succeeded_at, failed_at, words, in_a_row from health"
                " where jurisdiction = ?",
                [jurisdiction],
            ).fetchall()
        for way, succeeded_at, failed_at, words, in_a_row in found:
            self._ways[way] = WayHealth(
                way, _moment(succeeded_at), _moment(failed_at), words, in_a_row
            )

    def all(self) -> tuple[WayHealth, ...]:
        """Each way."""
        with self._lock:
            return tuple(self._ways.values())

    def succeeded(self, way: str) -> None:
        """Something worked."""
        with self._lock:
            before = self._ways[way]
            after = replace(before, succeeded_at=clock.now(), in_a_row=0)
            self._ways[way] = after
        if before.is_broken:
            log.warning("%s of %s works again", way, self.jurisdiction)
        self._write(after, is_news=before.in_a_row > 0)

    def failed(self, way: str, error: Exception) -> None:
        """Something did not work."""
        words, now = in_words(error), clock.now()
        with self._lock:
            before = self._ways[way]
            after = replace(before, failed_at=now, words=words, in_a_row=before.in_a_row + 1)
            self._ways[way] = after
            self.failures.appendleft(Failure(now, way, words))
        if after.is_broken and not before.is_broken:
            log.error("%s of %s is broken: %s", way, self.jurisdiction, words)
        self._write(after, is_news=after.in_a_row <= BROKEN_AFTER)

    def _write(self, way: WayHealth, *, is_news: bool) -> None:
        now = clock.now()
        last = self._written.get(way.way)
        if not is_news and last is not None and now - last < _WRITE_EVERY:
            return
        self._written[way.way] = now
        with self._store.connect() as db:
            db.execute(
                "insert or replace into health values (?, ?, ?, ?, ?, ?)",
                [
                    self.jurisdiction,
                    way.way,
                    way.succeeded_at.isoformat() if way.succeeded_at else "",
                    way.failed_at.isoformat() if way.failed_at else "",
                    way.words,
                    way.in_a_row,
                ],
            )


def in_words(error: Exception) -> str:
    """What went wrong, without addresses of people and without logins and queries of URLs."""
    known = isinstance(error, WaywardenError)
    text = str(error) if known else f"something unforeseen ({type(error).__name__})"
    notes = getattr(error, "__notes__", ()) if known else ()  # for the operator alone
    return shorten(one_line(without_people(" ".join([text, *notes]))), 400)


def without_people(text: str) -> str:
    """The text without addresses of people and without logins and queries of URLs."""
    return _ADDRESS.sub("…", text)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
