"""What the reader forgave in any document, gathered into one result."""

from collections.abc import Iterable
from typing import Any

from waywarden.open311.conformance.registry import Result, failed, passed, skipped
from waywarden.open311.conformance.target import Read

SHOWN = 3
"""Examples in a sentence."""


def forgiven(reads: Iterable[Read[Any]], codes: Iterable[str], *, change: str) -> Result:
    """Fails when one of these deviations stands in a document that could be read."""
    wanted = frozenset(codes)
    known = [read for read in reads if read.values is not None or read.deviations]
    if not known:
        return skipped("No document could be read.")
    for read in known:
        found = [one for one in read.deviations if one.code in wanted]
        if found:
            told = [f"{one.where}: {one.message}" if one.where else one.message for one in found]
            return failed(read, listed(told), change)
    return passed(known[0], f"Nothing had to be forgiven in {counted(len(known), 'document')}.")


def listed(texts: Iterable[str]) -> str:
    """The first few, and how many more."""
    all_of_them = list(dict.fromkeys(texts))
    more = len(all_of_them) - SHOWN
    return " ".join(all_of_them[:SHOWN]) + (f" And {more} more." if more > 0 else "")


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def twice(values: Iterable[str]) -> list[str]:
    """Which of them occur more than once, in order."""
    seen: set[str] = set()
    found: dict[str, None] = {}
    for value in values:
        if value in seen:
            found[value] = None
        seen.add(value)
    return list(found)
