"""The table of states at work: the vendor's words to Open311's, and filters back. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from waywarden.open311.statuses import FAMILY_OF, IGNORE, STATE_OF, folded

UNMAPPED = "unchanged"
"""What an update says of a state that no table knows."""


@dataclass(frozen=True, slots=True)
class StatusTable:
    """The vendor's word for a state → Open311's, or `ignore`. Case does not matter.

    A word that the table does not hold and that is Open311's own stands for itself.
    """

    words: Mapping[str, str]

    def for_update(self, word: str) -> str | None:
        """The status of an update, None when it is to be dropped."""
        found = self._found(word)
        return None if found == IGNORE else found or UNMAPPED

    def for_request(self, word: str) -> str | None:
        """The status of a request, None when it is to be dropped; an unknown one is open."""
        found = self._found(word)
        return None if found == IGNORE else found or "open"

    def knows(self, word: str) -> bool:
        """Whether a word of the vendor's stands for something."""
        return self._found(word) is not None

    def theirs_for(self, statuses: Iterable[str]) -> tuple[str, ...]:
        """The vendor's words that a filter of statuses asks for.

        `open` and `closed` are GeoReport's and stand for all that is under way or over.
        """
        wanted = {folded(status) for status in statuses}
        return tuple(theirs for theirs, ours in self.words.items() if _names(folded(ours)) & wanted)

    def _found(self, word: str) -> str | None:
        wanted = folded(word)
        for theirs, ours in self.words.items():
            if folded(theirs) == wanted:
                return folded(ours)
        return wanted if wanted in STATE_OF and wanted else None


def is_wanted_status(status: str, wanted: Iterable[str]) -> bool:
    """Whether a filter of statuses lets this status through; an empty one lets all through."""
    asked = {folded(one) for one in wanted}
    return not asked or bool(_names(status) & asked)


def _names(status: str) -> set[str]:
    family = FAMILY_OF.get(STATE_OF.get(status, ""), "open")
    return {status, "open" if family == "open" else "closed"}
