"""Tells somebody once when a deployment needs a person, and once when all is well again."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from waywarden.adapters.kept import Kept
from waywarden.adapters.status_pages import Standing, extras
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.text import one_line

log = logging.getLogger(__name__)

MARK = "alarms"
AGAIN_AFTER = timedelta(days=1)
"""More of the same is told again after so long."""
TRY_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that a person must look at. `kind` is told once; `number` says how much of it."""

    kind: str
    words: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class News:
    """What is told: what is new, what is mended, and all that stands now."""

    name: str
    jurisdiction: str
    new: tuple[Trouble, ...]
    mended: tuple[str, ...]
    standing: tuple[Trouble, ...]

    @property
    def subject(self) -> str:
        """One line."""
        state = "needs somebody" if self.standing else "works again"
        return one_line(f"{self.name}: the adapter {state}")

    @property
    def text(self) -> str:
        """A few lines for a person, with nothing of a reporter's."""
        lines = [f"The adapter of {self.name} ({self.jurisdiction}):"]
        lines += [f"* new: {one.words}" for one in self.new]
        lines += [f"* mended: {kind}" for kind in self.mended]
        lines += [f"* still so: {one.words}" for one in self.standing if one not in self.new]
        if self.standing:
            lines.append("`waywarden adapter stuck` says more, and the adapter's page at /.")
        return "\n".join(lines) + "\n"


Told = Mapping[str, tuple[int, datetime]]
Send = Callable[[News], None]


def troubles_of(standing: Standing) -> list[Trouble]:
    """What is wrong with a deployment now."""
    found = [
        Trouble(way.way, f"{way.way} has failed {way.in_a_row} times in a row: {way.words}")
        for way in standing.ways
        if way.is_broken
    ]
    if standing.steps_dead:
        words = f"{extras(standing.steps_dead)} given up"
        found.append(Trouble("given up", words, standing.steps_dead))
    if standing.unsure_long:
        words = f"of {standing.unsure_long} sent nobody knows whether they arrived"
        found.append(Trouble("unsure", words, standing.unsure_long))
    return found


def news_of(standing: Standing, told: Told, *, now: datetime) -> News | None:
    """What must be told, None when everything was told before. Pure."""
    found = troubles_of(standing)
    kinds = {one.kind for one in found}
    new = tuple(one for one in found if _is_news(one, told, now))
    mended = tuple(kind for kind in told if kind not in kinds)
    if not new and not mended:
        return None
    return News(standing.name, standing.jurisdiction, new, mended, tuple(found))


def _is_news(one: Trouble, told: Told, now: datetime) -> bool:
    if one.kind not in told:
        return True
    number, at = told[one.kind]
    return one.number > number and now - at >= AGAIN_AFTER


class Alarms:
    """The alarms of one deployment; what was told outlives the process."""

    def __init__(self, kept: Kept, ways: Iterable[Send]) -> None:
        self._kept, self._ways = kept, tuple(ways)
        self._not_before: datetime | None = None

    def look(self, standing: Standing) -> None:
        """Tells what is new. What could not be told is tried again later; never raises for it."""
        now = clock.now()
        if not self._ways or (self._not_before is not None and now < self._not_before):
            return
        told = _told(self._kept.mark(MARK))
        news = news_of(standing, told, now=now)
        if news is None:
            return
        went = [_could(send, news) for send in self._ways]  # each is tried
        if not any(went):
            self._not_before = now + TRY_AGAIN
            return
        after = {one.kind: (one.number, now) for one in news.new}
        known = {one.kind for one in news.standing}
        self._kept.set_mark(MARK, _written({k: v for k, v in told.items() if k in known} | after))


def _could(send: Send, news: News) -> bool:
    try:
        send(news)
    except (WaywardenError, OSError) as error:
        log.error("An alarm of %s could not be sent: %s", news.jurisdiction, type(error).__name__)
        return False
    return True


def _told(text: str) -> Told:
    return msgspec.json.decode(text or "{}", type=dict[str, tuple[int, datetime]])


def _written(told: Told) -> str:
    return msgspec.json.encode(told).decode()
