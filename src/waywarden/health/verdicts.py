"""What is wrong with a connection, and how much it matters. Pure: facts in, troubles out."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

#: A poll that has not succeeded for so many intervals raises an alarm.
MISSED_INTERVALS = 4
#: … but never sooner than this: a connection polled every few seconds may stumble.
MISSED_AT_LEAST = timedelta(minutes=15)
#: Something that waits to go out for longer than this is looked at.
WAITS_LONG = timedelta(hours=1)
#: Seconds that another's clock may differ from ours.
CLOCK_MAY_DIFFER = 120.0
#: Deviations that mean that the other side's clock is ahead of ours.
CLOCK_CODES = frozenset({"update-in-the-future", "request-in-the-future"})


class Level(enum.IntEnum):
    """How a connection does; the worst of its troubles."""

    WELL = 0
    WATCH = 1  # it may mend by itself
    PERSON = 2  # it will not


class Kind(enum.StrEnum):
    """What can be wrong. Those of `ALARMING` are told by mail, once when they come and go."""

    PAUSED = "paused"  # 401 or 403, or by hand
    CIRCUIT = "circuit"  # five failures in a row
    MAIL = "mail"  # five mails in a row that the mail server did not take
    STUCK = "stuck"  # deliveries refused or held
    AGED = "aged"  # deliveries tried for seven days
    POLL = "poll"  # no success for some intervals
    CLOCK = "clock"  # the other side dates things into the future, or its Date is wrong
    BOUNCE = "bounce"  # an address that mail does not reach
    WAITING = "waiting"  # something has waited for long
    SET_ASIDE = "set_aside"  # rows that could not be applied
    UNKNOWN = "unknown"  # rows of late about reports that we do not know, or not yet
    PROPOSAL = "proposal"  # a new service list waits for a person
    WEBHOOK = "webhook"  # an endpoint of a machine was stopped, because it failed


#: Told by mail and webhook.
ALARMING = frozenset(
    {
        Kind.PAUSED,
        Kind.CIRCUIT,
        Kind.MAIL,
        Kind.STUCK,
        Kind.AGED,
        Kind.POLL,
        Kind.CLOCK,
        Kind.BOUNCE,
        Kind.WEBHOOK,
    }
)
#: What may mend by itself, unless it lasts.
_MAY_MEND = frozenset({Kind.CIRCUIT, Kind.MAIL, Kind.WAITING, Kind.CLOCK, Kind.UNKNOWN})
#: A system that has been down for so long needs a person to ring the body.
DOWN_LONG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fetching:
    """How asking for one thing (`updates`, `reports`) goes."""

    what: str
    interval: timedelta
    read_to: datetime | None
    next_at: datetime
    last_success_at: datetime | None
    since: datetime
    """Since when it is asked for at all."""
    failures: int = 0
    last_error: str = ""

    def lag(self, now: datetime) -> timedelta | None:
        """How far behind we are; None before the first poll."""
        return None if self.read_to is None else max(now - self.read_to, timedelta())

    def is_missed(self, now: datetime) -> bool:
        """Whether it has not succeeded for too many intervals."""
        patience = max(self.interval * MISSED_INTERVALS, MISSED_AT_LEAST)
        return now - (self.last_success_at or self.since) > patience


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one connection; `connection_id` None is plain e-mail."""

    connection_id: int | None
    name: str
    kind: str = "email"
    bodies: tuple[tuple[int, str], ...] = ()
    is_paused: bool = False
    pause_reason: str = ""
    circuit_opened_at: datetime | None = None
    probe_at: datetime | None = None
    failures_in_a_row: int = 0
    last_failure: str = ""
    last_sent_at: datetime | None = None
    waiting: int = 0
    oldest_waiting_at: datetime | None = None
    stuck: int = 0
    aged: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    """Deliveries that are stuck, by the class of their last failure."""
    late: Mapping[str, int] = field(default_factory=dict)
    """Deliveries that have failed and are tried again by themselves, the same way."""
    seconds: float | None = None
    """The middle of the last calls' times."""
    clock_ahead: float | None = None
    """Seconds that the other side's clock is ahead of ours, the middle of the last calls."""
    fetching: tuple[Fetching, ...] = ()
    deviations: tuple[tuple[str, str, int], ...] = ()
    """Code, words, how often, in the last runs."""
    set_aside: int = 0
    """Rows, but for those about reports that we do not know."""
    unknown: int = 0
    """Rows about such, of the last day: a system may list much that never was ours."""
    bouncing: tuple[str, ...] = ()
    answers: int = 0
    """Mails that bodies answered in the last seven days."""
    proposals: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `count` and `detail` fill its words (`health.wording`)."""

    kind: Kind
    count: int = 0
    detail: str = ""
    since: datetime | None = None
    level: Level = Level.PERSON


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection's facts and what is wrong with it."""

    facts: Facts
    troubles: tuple[Trouble, ...]
    level: Level


def standing_of(facts: Facts, *, now: datetime) -> Standing:
    """How a connection does."""
    troubles = troubles_of(facts, now=now)
    return Standing(facts, troubles, max((one.level for one in troubles), default=Level.WELL))


def troubles_of(facts: Facts, *, now: datetime) -> tuple[Trouble, ...]:
    """Everything that is wrong, what needs a person first."""
    found = [*_sending(facts, now), *_fetching(facts, now)]
    if facts.bouncing:
        found.append(Trouble(Kind.BOUNCE, len(facts.bouncing), ", ".join(facts.bouncing[:3])))
    if facts.proposals:
        found.append(Trouble(Kind.PROPOSAL, facts.proposals))
    levelled = [replace(trouble, level=_level(trouble, now)) for trouble in found]
    return tuple(sorted(levelled, key=lambda trouble: -trouble.level))


def _level(trouble: Trouble, now: datetime) -> Level:
    if trouble.kind not in _MAY_MEND:
        return Level.PERSON
    is_down = trouble.kind in (Kind.CIRCUIT, Kind.MAIL)
    is_long = is_down and trouble.since and now - trouble.since > DOWN_LONG
    return Level.PERSON if is_long else Level.WATCH


def _sending(facts: Facts, now: datetime) -> Iterator[Trouble]:
    if facts.is_paused:
        yield Trouble(Kind.PAUSED, detail=facts.pause_reason)
    if facts.circuit_opened_at is not None:
        kind = Kind.MAIL if facts.connection_id is None else Kind.CIRCUIT
        yield Trouble(kind, detail=facts.last_failure, since=facts.circuit_opened_at)
    if facts.stuck:
        yield Trouble(Kind.STUCK, facts.stuck)
    if facts.aged:
        yield Trouble(Kind.AGED, facts.aged)
    oldest = facts.oldest_waiting_at
    is_known = facts.is_paused or facts.circuit_opened_at is not None
    if oldest is not None and not is_known and now - oldest > WAITS_LONG:
        yield Trouble(Kind.WAITING, facts.waiting, since=oldest)


def _fetching(facts: Facts, now: datetime) -> Iterator[Trouble]:
    missed = [one for one in facts.fetching if one.is_missed(now) and not facts.is_paused]
    if missed:
        worst = min(missed, key=lambda one: one.last_success_at or one.since)
        since = worst.last_success_at or worst.since
        yield Trouble(Kind.POLL, worst.failures, worst.last_error, since)
    ahead = sum(count for code, _words, count in facts.deviations if code in CLOCK_CODES)
    is_off = facts.clock_ahead is not None and abs(facts.clock_ahead) > CLOCK_MAY_DIFFER
    if ahead or is_off:
        yield Trouble(Kind.CLOCK, ahead, f"{facts.clock_ahead:+.0f} s" if is_off else "")
    if facts.set_aside:
        yield Trouble(Kind.SET_ASIDE, facts.set_aside)
    if facts.unknown:
        yield Trouble(Kind.UNKNOWN, facts.unknown)
