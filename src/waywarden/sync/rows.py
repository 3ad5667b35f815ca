"""A row of a body's system as sync keeps it: its identity, its raw form, its fate. Pure."""

import hashlib
import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, TypeVar

import msgspec

from waywarden.kernel.text import without_control_characters
from waywarden.open311.types import Deviation, ServiceRequest, ServiceRequestUpdate

Row = TypeVar("Row", ServiceRequest, ServiceRequestUpdate)

#: Rows of one transaction.
PIECE_OF_ROWS = 300
#: Longest key that is kept as it came.
KEY_LENGTH = 200
#: What a row that must be cleaned has in its JSON (and, rarely, one that is clean).
_UNCLEAN = re.compile(rb"\\[bfu]|[\x00-\x1f\x7f]|\xef\xbf[\xbe\xbf]")
#: Rows that were not taken in, and deviations of one kind, which are kept of a whole poll.
MOST_SKIPPED, KEPT_OF_EACH = 1000, 20
#: Kinds of deviation that one run keeps.
KEPT_DEVIATIONS = 50


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not taken in, and why, in words."""

    row_id: str
    reason: str


@dataclass(slots=True)
class Counts:
    """What became of some rows; grows as they are taken in."""

    rows: int = 0
    new: int = 0
    repeated: int = 0
    set_aside: int = 0
    ignored: int = 0
    """Rows whose status the connection's table says to drop."""
    skipped: list[Skipped] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)
    """Of many pieces, at most twenty of each kind."""
    more_deviations: Counter[str] = field(default_factory=Counter)
    """Kind → how many there were besides."""
    unmatched: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(service code, service name) → rows that went to "Other"."""
    matched: Counter[str] = field(default_factory=Counter)
    """Category's name → rows."""

    def add(self, other: "Counts") -> None:
        """Takes another count in."""
        self.rows += other.rows
        self.new += other.new
        self.repeated += other.repeated
        self.set_aside += other.set_aside
        self.ignored += other.ignored
        # A list of a hundred thousand rows that are all alike must not fill the memory.
        self.skipped += other.skipped[: max(MOST_SKIPPED - len(self.skipped), 0)]
        self._add_deviations(other)
        self.unmatched += other.unmatched
        self.matched += other.matched

    def _add_deviations(self, other: "Counts") -> None:
        kept = Counter(deviation.code for deviation in self.deviations)
        self.more_deviations += other.more_deviations
        for deviation in other.deviations:
            if kept[deviation.code] < KEPT_OF_EACH:
                kept[deviation.code] += 1
                self.deviations.append(deviation)
            else:
                self.more_deviations[deviation.code] += 1


def key_of(row: ServiceRequestUpdate) -> str:
    """The identity of an update at its body: its id, else a hash of its content."""
    if row.update_id and len(row.update_id) <= KEY_LENGTH:
        return row.update_id
    return "hash:" + hashlib.sha256(msgspec.json.encode(row, order="sorted")).hexdigest()


def key_of_report(row: ServiceRequest) -> str:
    """The identity of a problem at its body: its id, else a hash of its content."""
    if row.service_request_id and len(row.service_request_id) <= KEY_LENGTH:
        return row.service_request_id
    return "hash:" + hashlib.sha256(msgspec.json.encode(row, order="sorted")).hexdigest()


def in_pieces(rows: Iterable[Row], *, size: int = PIECE_OF_ROWS) -> Iterator[list[Row]]:
    """A stream in lists of at most `size`, cleaned of what the database cannot hold."""
    piece: list[Row] = []
    for row in rows:
        piece.append(cleaned(row))
        if len(piece) >= size:
            yield piece
            piece = []
    if piece:
        yield piece


def cleaned(row: Row) -> Row:
    """The row without characters that the database cannot hold."""
    try:
        if not _UNCLEAN.search(msgspec.json.encode(row)):
            return row
    except UnicodeEncodeError:  # a lone surrogate
        pass
    return msgspec.convert(plain_cleaned(msgspec.to_builtins(row)), type(row))


def plain_cleaned(value: Any) -> Any:
    """Plain data without characters that the database cannot hold."""
    if isinstance(value, str):
        # A lone surrogate cannot be written as UTF-8.
        return without_control_characters(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {plain_cleaned(name): plain_cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_cleaned(item) for item in value]
    return value


def raw_of(row: ServiceRequest | ServiceRequestUpdate) -> dict[str, Any]:
    """The row as JSON can hold it."""
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain


def update_from(raw: dict[str, Any]) -> ServiceRequestUpdate:
    """The update that `raw_of` kept."""
    return msgspec.convert(raw, ServiceRequestUpdate)


def report_from(raw: dict[str, Any]) -> ServiceRequest:
    """The problem that `raw_of` kept."""
    return msgspec.convert(raw, ServiceRequest)


def summary_of(
    deviations: Iterable[Deviation], more: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Each kind of deviation once, with its first example and how often it came.

    `more` says how many of a kind there were besides.
    """
    found: dict[str, dict[str, Any]] = {}
    for deviation in deviations:
        kept = found.setdefault(
            deviation.code,
            {
                "code": deviation.code,
                "message": deviation.message,
                "where": deviation.where,
                "count": 0,
            },
        )
        kept["count"] += 1
    for code, count in (more or {}).items():
        if code in found:
            found[code]["count"] += count
    return list(found.values())[:KEPT_DEVIATIONS]


def trouble_of(error: Exception) -> str:
    """What went wrong and where in our code; not its message, which may quote what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((frame for frame in reversed(frames) if "waywarden" in frame.filename), None)
    place = f" at {PurePath(ours.filename).name}:{ours.lineno}" if ours else ""
    return f"{type(error).__name__}{place}"
