"""The works system's database: jobs, their types, and the update table a trigger fills."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waywarden.kernel.errors import RuleBroken

STATES: Mapping[str, str] = {
    "NEW": "New",
    "INSPECTED": "Inspected",
    "ORDERED": "Work ordered",
    "DONE": "Done",
    "NO_ACTION": "No action",
    "DUPLICATE": "Duplicate",
}
"""The vendor's words for a job's state, with what its pages call them."""

ORIGINS = {"STAFF": "Our staff", "OPEN311": "Open311"}
PAGE = 200
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that came with a job."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be entered. Latitude and longitude are WGS84 degrees."""

    job_type: str
    details: str
    lat: float
    lon: float
    place: str = ""
    answers: Mapping[str, list[str]] = field(default_factory=dict)
    reporter: str = ""
    reporter_email: str = ""
    reporter_phone: str = ""
    their_ref: str = ""
    photo_urls: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    is_public: bool = True
    origin: str = "STAFF"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted. Times are aware and both ends count; `after` is a job number."""

    job_nos: tuple[int, ...] | None = None
    their_ref: str = ""
    job_types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    changed_from: datetime | None = None
    changed_to: datetime | None = None
    after: int = 0
    before: int | None = None
    newest_first: bool = False
    limit: int = PAGE


Row = dict[str, Any]


class Works:
    """The database of a works system. Each call opens a connection, so threads may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as db:
            db.execute("pragma journal_mode = wal")
            db.executescript((_HERE / "schema.sql").read_text(encoding="utf-8"))
            if not db.execute("select 1 from job_types").fetchone():
                db.executescript((_HERE / "job_types.sql").read_text(encoding="utf-8"))

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("pragma synchronous = normal")
            db.execute("pragma foreign_keys = on")
            yield db
        finally:
            db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connect() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def job_types(self) -> list[Row]:
        """Every type with its questions, in the order of the desk's list."""
        with self._connect() as db:
            kinds = [dict(row) for row in db.execute("select * from job_types order by position")]
            asked = [
                dict(row)
                for row in db.execute("select * from job_type_questions order by position")
            ]
        for question in asked:
            question["choices"] = json.loads(question["choices"])
            question["mandatory"] = bool(question["mandatory"])
        for kind in kinds:
            kind["words"] = [word for word in kind["words"].split(",") if word]
            kind["questions"] = [one for one in asked if one["job_type"] == kind["code"]]
        return kinds

    def add_job(self, new: NewJob) -> int:
        """Enters a job and gives its number. Raises RuleBroken for what it cannot use."""
        if not (-90 <= new.lat <= 90 and -180 <= new.lon <= 180):
            raise RuleBroken("The place is not on this earth.", field="lat")
        if not new.details.strip():
            raise RuleBroken("Say what is wrong.", field="details")
        values: Row = {one.name: getattr(new, one.name) for one in fields(new)}
        photos: tuple[Photo, ...] = values.pop("photos")
        values["answers"] = json.dumps(values["answers"])
        values["photo_urls"] = "\n".join(values["photo_urls"])
        with self._transaction() as db:
            if not db.execute("select 1 from job_types where code = ?", [new.job_type]).fetchone():
                raise RuleBroken("There is no such type of job.", field="job_type")
            names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            statement = f"insert into jobs ({names}) values ({marks})"  # noqa: S608 - our own field names
            job_no = db.execute(statement, values).lastrowid or 0
            db.executemany(
                "insert into job_photos (job_no, filename, content_type, data) values (?, ?, ?, ?)",
                [(job_no, photo.filename, photo.content_type, photo.data) for photo in photos],
            )
        return job_no

    def change_job(self, job_no: int, *, state: str, note: str) -> None:
        """Sets state and note. What is told to others is the trigger's affair."""
        if state not in STATES:
            raise RuleBroken("There is no such state.", field="state")
        with self._transaction() as db:
            found = db.execute(
                "update jobs set state = ?, note = ? where job_no = ?", [state, note, job_no]
            )
            if found.rowcount == 0:
                raise RuleBroken("There is no such job.", field="job_no")

    def add_message(self, job_no: int, message: Mapping[str, str]) -> int:
        """Keeps what somebody wrote about a job; gives the message's number."""
        with self._transaction() as db:
            if not db.execute("select 1 from jobs where job_no = ?", [job_no]).fetchone():
                raise RuleBroken("There is no such job.", field="job_no")
            made = db.execute(
                "insert into job_messages (job_no, their_ref, sender, wanted, text, photo_urls)"
                " values (:job_no, :their_ref, :sender, :wanted, :text, :photo_urls)",
                {"job_no": job_no, **message},
            )
        return made.lastrowid or 0

    def messages(self, job_no: int) -> list[Row]:
        """What people wrote about a job, oldest first."""
        statement = "select * from job_messages where job_no = ? order by message_no"
        with self._connect() as db:
            return [_with_lists(row) for row in db.execute(statement, [job_no])]

    def jobs(self, wanted: JobFilter) -> list[Row]:
        """At most `limit` jobs, by number."""
        where, values = _conditions(wanted)
        order = "desc" if wanted.newest_first else "asc"
        statement = (
            "select jobs.*, job_types.title as job_type_title,"  # noqa: S608 - fixed conditions
            " (select group_concat(photo_no) from job_photos where job_photos.job_no = jobs.job_no)"
            " as photo_nos"
            " from jobs join job_types on job_types.code = jobs.job_type"
            f" where {' and '.join(where)} order by job_no {order} limit ?"
        )
        with self._connect() as db:
            return [_with_lists(row) for row in db.execute(statement, [*values, wanted.limit])]

    def job(self, job_no: int) -> Row | None:
        """One job, or None."""
        return next(iter(self.jobs(JobFilter(job_nos=(job_no,)))), None)

    def photo(self, photo_no: int) -> Photo | None:
        """A stored photo, or None."""
        statement = "select filename, content_type, data from job_photos where photo_no = ?"
        with self._connect() as db:
            row = db.execute(statement, [photo_no]).fetchone()
        return Photo(**dict(row)) if row else None

    def updates(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after_seq: int = 0,
        limit: int = PAGE,
    ) -> list[Row]:
        """Rows of the update table, by number; both ends of the window count."""
        statement = (
            "select job_updates.*, jobs.their_ref, jobs.job_type, jobs.is_public from job_updates"
            " join jobs using (job_no)"
            " where seq > ? and job_updates.changed_at >= ? and job_updates.changed_at <= ?"
            " order by seq limit ?"
        )
        lowest = stamp(since) if since else ""
        highest = stamp(until) if until else "9999"
        with self._connect() as db:
            found = db.execute(statement, [after_seq, lowest, highest, limit]).fetchall()
        return [_with_lists(row) for row in found]

    def updates_of(self, job_no: int) -> list[Row]:
        """A job's own rows of the update table, oldest first."""
        with self._connect() as db:
            found = db.execute("select * from job_updates where job_no = ? order by seq", [job_no])
            return [dict(row) for row in found]


def stamp(moment: datetime) -> str:
    """A moment as the database writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _conditions(wanted: JobFilter) -> tuple[list[str], list[Any]]:
    where, values = ["job_no > ?"], [wanted.after]
    simple: Iterable[tuple[str, Any]] = (
        ("job_no < ?", wanted.before),
        ("their_ref = ?", wanted.their_ref or None),
        ("created_at >= ?", wanted.created_from and stamp(wanted.created_from)),
        ("created_at <= ?", wanted.created_to and stamp(wanted.created_to)),
        ("changed_at >= ?", wanted.changed_from and stamp(wanted.changed_from)),
        ("changed_at <= ?", wanted.changed_to and stamp(wanted.changed_to)),
    )
    for condition, value in simple:
        if value is not None:
            where.append(condition)
            values.append(value)
    lists: Iterable[tuple[str, tuple[Any, ...] | None]] = (
        ("job_no", wanted.job_nos),
        ("job_type", wanted.job_types or None),
        ("state", wanted.states or None),
    )
    for column, several in lists:
        if several is not None:
            where.append(f"{column} in ({', '.join('?' * len(several))})")
            values.extend(several)
    return where, values


def _with_lists(row: sqlite3.Row) -> Row:
    """A row as plain values: lists as lists, yes and no as such."""
    plain = dict(row)
    for name, read in (
        ("answers", json.loads),
        ("is_public", bool),
        ("photo_urls", str.splitlines),
        ("photo_nos", lambda text: [int(one) for one in (text or "").split(",") if one]),
    ):
        if name in plain:
            plain[name] = read(plain[name])
    return plain
