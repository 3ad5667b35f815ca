"""Collects what a tolerant reader forgave, without drowning in a long list's repetitions."""

from collections import Counter

from waywarden.open311.types import Deviation

KEPT_OF_EACH = 20
"""A list of a hundred thousand rows that all do the same wrong is told in so many lines."""


class Noting:
    """Writes deviations into a list, at most twenty of each code."""

    def __init__(self, into: list[Deviation] | None = None) -> None:
        self.deviations: list[Deviation] = [] if into is None else into
        self.counts: Counter[str] = Counter()

    def note(self, code: str, message: str, where: str = "") -> None:
        """Notes one deviation."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_OF_EACH:
            self.deviations.append(Deviation(code, message, where))
