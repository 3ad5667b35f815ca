"""Reads a body's problems whole: an answer that was cut is asked for again in shorter spans."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from waywarden.backends.contract import Backend, Notes, Span
from waywarden.kernel.errors import BadReply
from waywarden.open311.types import Deviation, ServiceRequest
from waywarden.sync.rows import in_pieces
from waywarden.sync.windows import halved, next_length

#: Rows held back until it is known that their answer was not cut: a usual answer is shorter.
HELD_ROWS = 2_000
#: Rows of one part of a long answer.
PART_OF_ROWS = 5_000
#: A row may lie so far outside of its span and still count as inside: zones, and days for times.
LEEWAY = timedelta(days=1)
#: Fewer rows than this prove nothing about a server's dates.
ENOUGH_TO_TELL = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of an import. `upto`: all before it has been read, None within a span."""

    rows: list[ServiceRequest] = field(default_factory=list)
    upto: datetime | None = None
    length: timedelta = timedelta()
    """How long the next span is to be."""
    row_position: int = 0
    """How many rows of a file have been read."""
    rejects: tuple["Reject", ...] = ()
    """Rows of a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken in: its id (or its place), why, and how it came."""

    key: str
    reason: str
    raw: dict[str, object]


@dataclass(slots=True)
class _Answer:
    """What is seen of the answer to one span."""

    span: Span
    count: int = 0
    inside: int = 0

    def see(self, row: ServiceRequest) -> ServiceRequest:
        """Counts a row, and whether it fits the span that was asked for."""
        self.count += 1
        first, last = self.span.start - LEEWAY, self.span.end + LEEWAY
        moments = [one for one in (row.requested_datetime, row.updated_datetime) if one]
        if not moments or any(first <= moment <= last for moment in moments):
            self.inside += 1
        return row

    @property
    def ignores_dates(self) -> bool:
        """Whether the server answers the same whatever it is asked."""
        return self.count >= ENOUGH_TO_TELL and self.inside * 2 < self.count


def read_whole(backend: Backend, span: Span | None, notes: Notes) -> Iterator[ServiceRequest]:
    """Every problem of a span, oldest span first; None is all that the system lists at once.

    Where an answer is cut its rows come all the same, and come again with the shorter spans.
    """
    if span is None:
        yield from backend.fetch_reports(None, notes)
        if notes.is_cut:
            _note_cut(notes, "the whole list")
        return
    waiting = [span]
    while waiting:
        piece = waiting.pop()
        answer = _Answer(piece)
        notes.is_cut = False
        yield from map(answer.see, backend.fetch_reports(piece, notes))
        if not notes.is_cut:
            continue
        halves = None if answer.ignores_dates else halved(piece)
        if halves is None:
            _note_cut(notes, f"{piece.start} to {piece.end}")
        else:
            waiting += reversed(halves)


def read_parts(
    backend: Backend, span: Span, notes: Notes, *, length: timedelta
) -> Iterator[Part]:  # fmt: skip
    """The problems of years, in spans that grow and halve with what the server answers.

    Raises BadReply when answers are cut and the server does not keep to the dates.
    """
    position = span.start
    while position < span.end:
        piece = Span(position, min(position + length, span.end))
        answer = _Answer(piece)
        notes.is_cut = False
        yield from _held_back(map(answer.see, backend.fetch_reports(piece, notes)), notes)
        if answer.ignores_dates:
            yield from _without_dates(notes, span)
            return
        shorter = halved(piece) if notes.is_cut else None
        if shorter is not None:
            length = shorter[0].end - shorter[0].start
            continue
        if notes.is_cut:
            _note_cut(notes, f"{piece.start} to {piece.end}")
        position = piece.end
        length = next_length(length, answer.count)
        yield Part(upto=position, length=length)


def _held_back(rows: Iterator[ServiceRequest], notes: Notes) -> Iterator[Part]:
    """The rows of an answer, none of them when it turns out soon that the answer was cut."""
    first = list(islice(rows, HELD_ROWS))
    following = next(rows, None) if len(first) == HELD_ROWS else None
    if following is None and notes.is_cut:
        return
    for piece in in_pieces(first, size=PART_OF_ROWS):
        yield Part(rows=piece)
    if following is not None:
        for piece in in_pieces(chain([following], rows), size=PART_OF_ROWS):
            yield Part(rows=piece)


def _without_dates(notes: Notes, span: Span) -> Iterator[Part]:
    if notes.is_cut:
        message = (
            "The server does not keep to the dates it was asked for, and its list is cut: nothing"
            " older can be had. If it has pages, set the size of a page on the connection."
        )
        raise BadReply(message)
    message = "The server does not keep to the dates it was asked for; it lists all at once."
    notes.deviations.append(Deviation("dates-ignored", message))
    yield Part(upto=span.end)


def _note_cut(notes: Notes, where: str) -> None:
    message = "An answer was cut and cannot be asked for in shorter spans: rows may be missing."
    notes.deviations.append(Deviation("answer-cut", message, where))
