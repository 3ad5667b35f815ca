"""What the reader makes of one saved document, as plain rows: for support, and for trying it.

The rows have the names of the wire, whatever the document's format was.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain
from typing import Any

import msgspec

from waywarden.open311 import documents, types, writing
from waywarden.open311.documents import Source
from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.noting import Noting

Reader = Callable[[bytes, Source], Iterator[str]]
"""Reads a document and writes what it found as JSON, in pieces."""


@dataclass(slots=True)
class Explained:
    """The rows that were understood, and what was forgiven on the way."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    deviations: list[types.Deviation] = field(default_factory=list)


def explain(data: bytes, kind: str, *, zone: tzinfo = UTC) -> Explained:
    """What a saved answer says; `kind` is one of KINDS, `zone` is for dates that have none.

    A list that breaks off gives the rows before the break, and says so. Raises Fault for an
    errors document where another was meant, NotOpen311 where there is nothing to read.
    """
    found = Explained()
    source = Source(zone=zone, noting=Noting(found.deviations))
    if kind in _LISTS:
        found.rows = list(_rows_until_broken(_LISTS[kind](data, source), source))
    else:
        found.rows = _plain(_WHOLE[kind](data, source))
    return found


def _rows_until_broken(rows: Iterator[str], source: Source) -> Iterator[dict[str, Any]]:
    first = next(rows, None)
    if first is None:
        return
    try:
        for text in chain([first], rows):
            yield from _plain([text])
    except NotOpen311 as error:
        source.noting.note("document-broken-off", f"Only the rows before this were read: {error}")


def _plain(pieces: Iterable[str]) -> list[dict[str, Any]]:
    value = msgspec.json.decode("".join(pieces))
    return list(value) if isinstance(value, list) else [value]


def _services(data: bytes, source: Source) -> Iterator[str]:
    for row in documents.read_services(data, source):
        yield "".join(writing.write_services([row], "json"))


def _requests(data: bytes, source: Source) -> Iterator[str]:
    for row in documents.read_requests(data, source):
        yield "".join(writing.write_requests([row], "json"))


def _updates(data: bytes, source: Source) -> Iterator[str]:
    for row in documents.read_updates(data, source):
        yield "".join(writing.write_updates([row], "json"))


def _definition(data: bytes, source: Source) -> Iterator[str]:
    return writing.write_definition(documents.read_definition(data, source=source), "json")


def _discovery(data: bytes, source: Source) -> Iterator[str]:
    return writing.write_discovery(documents.read_discovery(data, source), "json")


def _receipt(data: bytes, source: Source) -> Iterator[str]:
    try:
        return writing.write_receipt(documents.read_receipt(data, source), "json")
    except Fault:
        raise
    except NotOpen311:
        # An update is answered with a document of another name.
        try:
            update = documents.read_update_receipt(data, Source(noting=source.noting))
        except NotOpen311:
            update = None
        if update is None:
            raise
        return writing.write_update_receipt(update, "json")


def _token(data: bytes, source: Source) -> Iterator[str]:
    """Either kind of token; which one was asked about is not known, so the first with an id."""
    rows = list(documents.token_rows(data, source))
    answer = next((row for row in rows if row.id), rows[0] if rows else None)
    return writing.write_token(answer, "json") if answer else iter(("[]",))


def _error(data: bytes, source: Source) -> Iterator[str]:
    items = documents.read_errors(data, source)
    if not items:
        message = "This holds no error."
        raise NotOpen311(message)
    return writing.write_errors(items, "json")


_LISTS: dict[str, Reader] = {"services": _services, "requests": _requests, "updates": _updates}
_WHOLE: dict[str, Reader] = {
    "definition": _definition,
    "discovery": _discovery,
    "post": _receipt,
    "token": _token,
    "error": _error,
}
KINDS = ("services", "definition", "requests", "updates", "post", "token", "discovery", "error")
"""What a document may be read as; `post` is the answer to a new request or update."""
