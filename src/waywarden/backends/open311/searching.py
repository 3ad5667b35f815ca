"""Looks for reports of ours in the server's list, which is asked for once for many of them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Lock

from waywarden.backends.contract import LookedUp, OutgoingReport, Span
from waywarden.backends.open311.finding import find
from waywarden.kernel import clock
from waywarden.open311.types import ServiceRequest

#: The server's clock may be this far from ours when a lost report is looked for.
CLOCKS_APART = timedelta(minutes=10)
#: A span that a server must answer (open311.md 1).
LONGEST_SPAN = timedelta(days=89)
#: A span that is not halved any more, and the lists read in one look-up at most.
SHORTEST_SPAN = timedelta(seconds=10)
MOST_LISTS = 24
#: Lists kept for the next look-up: at most some ten thousand rows.
MOST_KEPT = 8

Ask = Callable[[Span], Iterable[ServiceRequest]]
"""Asks the server for the requests of a span."""


class Search:
    """The lists that look-ups of one batch have in common. Used by several threads.

    A list may serve a report whose outcome was known to be unknown before the list was asked for;
    so a Search lives no longer than one batch. Its spans begin at a full hour and have one end:
    what was lost in the same hour is looked for in the same lists.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[Span, tuple[ServiceRequest, ...]] = {}
        self._end = clock.now() + CLOCKS_APART

    def look_for(
        self, report: OutgoingReport, since: datetime, *, ask: Ask, id_field: str, plain: str
    ) -> LookedUp:
        """Whether it stands in the list since the attempt began; see `find`.

        What `ask` raises goes on to the caller.
        """
        earliest = self._end - LONGEST_SPAN
        start = (since - CLOCKS_APART).replace(minute=0, second=0, microsecond=0)
        waiting, is_trustworthy = [Span(max(start, earliest), self._end)], since >= earliest
        for _list in range(MOST_LISTS):
            if not waiting:
                break
            span = waiting.pop()
            found = find(report, self._rows(span, ask), id_field=id_field, plain=plain)
            if found.external_id is not None:
                return found
            if found.is_trustworthy:
                continue
            if span.end - span.start < SHORTEST_SPAN:
                is_trustworthy = False
                continue
            # It may have been cut: it is asked for in halves, the newer first.
            middle = span.start + (span.end - span.start) / 2
            waiting += [Span(span.start, middle), Span(middle, span.end)]
        return LookedUp(external_id=None, is_trustworthy=is_trustworthy and not waiting)

    def _rows(self, span: Span, ask: Ask) -> tuple[ServiceRequest, ...]:
        with self._lock:  # the others wait for the list, rather than ask for it too
            if span not in self._kept:
                rows = tuple(ask(span))
                while len(self._kept) >= MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[span] = rows
            return self._kept[span]
