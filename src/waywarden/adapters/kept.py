"""Rows kept to be asked for again, rows set aside, and how far a system was read."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from waywarden.adapters.contract import BadRow
from waywarden.adapters.store import Store
from waywarden.kernel import clock
from waywarden.open311 import types

UPDATE, REQUEST = "update", "request"
PAGE = 1000
_INTO_KEPT = " into kept (jurisdiction, kind, id, at, body) values (?, ?, ?, ?, ?)"
Row = TypeVar("Row", types.ServiceRequest, types.ServiceRequestUpdate)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that could not be used, as often as it came."""

    kind: str
    key: str
    reason: str
    times: int
    last_at: datetime


class Kept:
    """What is kept of one jurisdiction's system."""

    def __init__(self, store: Store, jurisdiction: str) -> None:
        self._store, self._jurisdiction = store, jurisdiction

    def take_in(self, letter: bytes, *, source: str, mark: tuple[str, str] | None = None) -> None:
        """Keeps a whole answer before anybody looks into it: it will not be given again.

        `mark` says, in the same moment, how far the system was read with it.
        """
        with self._store.transaction() as db:
            db.execute(
                "insert into inbox (jurisdiction, source, body, taken_at) values (?, ?, ?, ?)",
                [self._jurisdiction, source, letter, _stamp(clock.now())],
            )
            if mark is not None:
                self._mark(db, *mark)

    def letters(self, source: str) -> list[tuple[int, bytes, datetime]]:
        """Number, content and time of the answers that nobody has looked into."""
        with self._store.connect() as db:
            found = db.execute(
                "select letter_no, body, taken_at from inbox where jurisdiction = ?"
                " and source = ? order by letter_no",
                [self._jurisdiction, source],
            ).fetchall()
        return [(number, body, datetime.fromisoformat(at)) for number, body, at in found]

    def opened(
        self,
        letter_no: int | None,
        *,
        updates: Iterable[types.ServiceRequestUpdate] = (),
        requests: Iterable[types.ServiceRequest] = (),
        bad: Iterable[BadRow] = (),
        marks: Iterable[tuple[str, str]] = (),
    ) -> int:
        """Keeps the rows of a letter and throws the letter away, all at once; how many are new.

        An update that is known stays as it was; a request is replaced by its newer self.
        """
        with self._store.transaction() as db:
            before = db.total_changes
            db.executemany(
                "insert or ignore" + _INTO_KEPT,
                (self._line(UPDATE, row.update_id, row.updated_datetime, row) for row in updates),
            )
            new = db.total_changes - before
            db.executemany(
                "insert or replace" + _INTO_KEPT,
                (
                    self._line(REQUEST, row.service_request_id, row.requested_datetime, row)
                    for row in requests
                ),
            )
            for row in bad:
                self._aside(db, "update", row)
            for name, value in marks:
                self._mark(db, name, value)
            if letter_no is not None:
                db.execute("delete from inbox where letter_no = ?", [letter_no])
        return new

    def updates(self, since: datetime, until: datetime) -> Iterator[types.ServiceRequestUpdate]:
        """The kept updates between two moments, oldest first."""
        return self._rows(UPDATE, since, until, types.ServiceRequestUpdate)

    def requests(
        self, since: datetime | None, until: datetime | None
    ) -> Iterator[types.ServiceRequest]:
        """The kept reports that were made between two moments, oldest first."""
        return self._rows(REQUEST, since, until, types.ServiceRequest)

    def requests_by_id(self, ids: Iterable[str]) -> Iterator[types.ServiceRequest]:
        """Those of the ids that are kept."""
        statement = "select body from kept where jurisdiction = ? and kind = ? and id = ?"
        with self._store.connect() as db:
            for one in ids:
                found = db.execute(statement, [self._jurisdiction, REQUEST, one]).fetchone()
                if found:
                    yield msgspec.json.decode(found[0], type=types.ServiceRequest)

    def set_aside(self, kind: str, row: BadRow) -> None:
        """Counts a row that could not be used."""
        with self._store.connect() as db:
            self._aside(db, kind, row)

    def all_set_aside(self) -> list[SetAside]:
        """The rows that could not be used, the latest first."""
        with self._store.connect() as db:
            found = db.execute(
                "select kind, key, reason, times, last_at from set_aside"
                " where jurisdiction = ? or jurisdiction glob ? order by last_at desc limit 200",
                [self._jurisdiction, f"{self._jurisdiction}/*"],
            ).fetchall()
        return [
            SetAside(kind, key, reason, times, datetime.fromisoformat(last_at))
            for kind, key, reason, times, last_at in found
        ]

    def mark(self, name: str) -> str:
        """How far something was read, "" at the beginning."""
        with self._store.connect() as db:
            found = db.execute(
                "select value from marks where jurisdiction = ? and name = ?",
                [self._jurisdiction, name],
            ).fetchone()
        return found[0] if found else ""

    def set_mark(self, name: str, value: str) -> None:
        """Notes how far something was read."""
        with self._store.connect() as db:
            self._mark(db, name, value)

    def _line(
        self, kind: str, number: str, at: datetime | None, row: object
    ) -> tuple[str, str, str, str, str]:
        body = msgspec.json.encode(row).decode()
        return self._jurisdiction, kind, number, _stamp(at or clock.now()), body

    def _aside(self, db: sqlite3.Connection, kind: str, row: BadRow) -> None:
        now = _stamp(clock.now())
        db.execute(
            "insert into set_aside (jurisdiction, kind, key, reason, raw, first_at, last_at)"
            " values (?, ?, ?, ?, ?, ?, ?) on conflict do update set times = times + 1,"
            " reason = excluded.reason, raw = excluded.raw, last_at = excluded.last_at",
            [self._jurisdiction, kind, row.key, row.reason, row.raw, now, now],
        )

    def _mark(self, db: sqlite3.Connection, name: str, value: str) -> None:
        db.execute(
            "insert or replace into marks values (?, ?, ?)", [self._jurisdiction, name, value]
        )

    def _rows(
        self, kind: str, since: datetime | None, until: datetime | None, shape: type[Row]
    ) -> Iterator[Row]:
        """Page after page, so that a slow reader holds nothing open."""
        at, last = _stamp(since) if since else "", -1
        end = _stamp(until) if until else "9999"
        statement = (
            "select at, seq, body from kept where jurisdiction = ? and kind = ?"
            " and (at, seq) > (?, ?) and at <= ? order by at, seq limit ?"
        )
        while True:
            asked = [self._jurisdiction, kind, at, last, end, PAGE]
            with self._store.connect() as db:
                found = db.execute(statement, asked).fetchall()
            for _at, _seq, body in found:
                yield msgspec.json.decode(body, type=shape)
            if len(found) < PAGE:
                return
            at, last, _body = found[-1]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
