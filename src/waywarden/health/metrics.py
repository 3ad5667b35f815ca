"""The same health as numbers: Prometheus' text and JSON, from the database, kept for a moment."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from waywarden.health import queries
from waywarden.health.models import Alarm
from waywarden.health.verdicts import Facts, Standing
from waywarden.kernel import clock

#: Seconds for which an answer is given again: scrapers do not wear out the database.
KEPT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is told, as of one moment."""

    standings: tuple[Standing, ...]
    alarms: dict[str, int]
    jobs: dict[tuple[str, str], int]


_kept: tuple[float, Snapshot] | None = None
_lock = threading.Lock()


def snapshot() -> Snapshot:
    """How everything does, at most ten seconds old."""
    global _kept  # noqa: PLW0603 - one answer of this process, shared by its threads
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_SECONDS:
            _kept = (time.monotonic(), _look())
        return _kept[1]


def forget() -> None:
    """Looks again at the next question."""
    global _kept  # noqa: PLW0603 - as above
    _kept = None


def _look() -> Snapshot:
    found = queries.standings()
    alarms = Alarm.objects.filter(closed_at=None).order_by().values_list("kind")
    return Snapshot(
        standings=tuple(found),
        alarms=dict(alarms.annotate(count=Count("pk"))),
        jobs=_jobs(),
    )


def _jobs() -> dict[tuple[str, str], int]:
    """Jobs that wait or run, by queue and state."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') GROUP BY 1, 2"
        )
        return {(queue, status): count for queue, status, count in cursor.fetchall()}


class _Health(Collector):
    """The snapshot as metrics."""

    def collect(self) -> Iterator[Metric]:
        """Every metric with a row a connection."""
        found = snapshot()
        for name, words, value in _GAUGES:
            family = GaugeMetricFamily(f"waywarden_{name}", words, labels=["connection", "name"])
            for standing in found.standings:
                number = value(standing)
                if number is not None:
                    family.add_metric(_labels(standing.facts), float(number))
            yield family
        yield from _fetching(found)
        yield from _causes(found)
        yield _counted("alarms_open", "Alarms that are open.", ["kind"], found.alarms)
        yield _counted("jobs", "Jobs in the queue.", ["queue", "state"], found.jobs)


def _labels(facts: Facts) -> list[str]:
    return [str(facts.connection_id or "email"), facts.name]


def _age(moment: Any) -> float | None:
    return None if moment is None else max((clock.now() - moment).total_seconds(), 0.0)


_GAUGES: tuple[tuple[str, str, Any], ...] = (
    ("connection_level", "0 works, 1 may mend by itself, 2 needs a person.", lambda s: s.level),
    ("connection_paused", "1 while a connection is paused.", lambda s: s.facts.is_paused),
    (
        "circuit_open",
        "1 while the body's system does not answer.",
        lambda s: s.facts.circuit_opened_at is not None,
    ),
    (
        "failures_in_a_row",
        "Failed calls since the last that worked.",
        lambda s: s.facts.failures_in_a_row,
    ),
    ("deliveries_waiting", "Deliveries on their way.", lambda s: s.facts.waiting),
    (
        "oldest_waiting_seconds",
        "Age of the oldest delivery on its way.",
        lambda s: _age(s.facts.oldest_waiting_at),
    ),
    (
        "last_sent_seconds",
        "Seconds since sending worked last.",
        lambda s: _age(s.facts.last_sent_at),
    ),
    ("answer_seconds", "Middle of the last 20 calls' times.", lambda s: s.facts.seconds),
    ("clock_ahead_seconds", "How far its clock is ahead of ours.", lambda s: s.facts.clock_ahead),
    ("rows_set_aside", "Rows from the body that could not be used.", lambda s: s.facts.set_aside),
    (
        "rows_about_unknown_reports",
        "Rows of the last day about reports that are not known here.",
        lambda s: s.facts.unknown,
    ),
    (
        "deviations",
        "Deviations from the standard in the last polls.",
        lambda s: sum(count for _code, _words, count in s.facts.deviations),
    ),
)


def _fetching(found: Snapshot) -> Iterator[Metric]:
    labels = ["connection", "name", "what"]
    lag = GaugeMetricFamily("waywarden_fetch_lag_seconds", "How far we are behind.", labels=labels)
    failures = GaugeMetricFamily(
        "waywarden_fetch_failures", "Failed polls since the last that worked.", labels=labels
    )
    following = GaugeMetricFamily(
        "waywarden_next_poll_seconds", "Seconds until it is asked again.", labels=labels
    )
    for standing in found.standings:
        for one in standing.facts.fetching:
            row = [*_labels(standing.facts), one.what]
            behind = one.lag(clock.now())
            if behind is not None:
                lag.add_metric(row, behind.total_seconds())
            failures.add_metric(row, one.failures)
            following.add_metric(row, (one.next_at - clock.now()).total_seconds())
    yield from (lag, failures, following)


def _causes(found: Snapshot) -> Iterator[Metric]:
    labels = ["connection", "name", "cause"]
    stuck = GaugeMetricFamily(
        "waywarden_deliveries_stuck",
        "Deliveries that need a person, by the class of their failure.",
        labels=labels,
    )
    late = GaugeMetricFamily(
        "waywarden_deliveries_late",
        "Deliveries that failed and are tried again, by the class of their failure.",
        labels=labels,
    )
    for standing in found.standings:
        for family, counts in ((stuck, standing.facts.causes), (late, standing.facts.late)):
            for cause, count in counts.items():
                family.add_metric([*_labels(standing.facts), cause or "none"], count)
    yield from (stuck, late)


def _counted(name: str, words: str, labels: list[str], counts: dict[Any, int]) -> Metric:
    family = GaugeMetricFamily(f"waywarden_{name}", words, labels=labels)
    for key, count in counts.items():
        family.add_metric(list(key) if isinstance(key, tuple) else [key], count)
    return family


REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(_Health())


def as_text() -> bytes:
    """Prometheus' text format."""
    return generate_latest(REGISTRY)


def as_plain() -> dict[str, Any]:
    """The same for people's scripts: a row a connection, its troubles by name."""
    found = snapshot()
    return {
        "connections": [_plain(standing) for standing in found.standings],
        "alarms": found.alarms,
        "jobs": [
            {"queue": queue, "state": state, "count": count}
            for (queue, state), count in found.jobs.items()
        ],
    }


def _plain(standing: Standing) -> dict[str, Any]:
    facts = standing.facts
    return {
        "connection": facts.connection_id,
        "name": facts.name,
        "kind": facts.kind,
        "level": standing.level.name.lower(),
        "troubles": [trouble.kind.value for trouble in standing.troubles],
        **{name: value(standing) for name, _words, value in _GAUGES[1:]},
        "stuck": dict(facts.causes),
        "late": dict(facts.late),
        "deviations_seen": [
            {"code": code, "words": words, "count": count}
            for code, words, count in facts.deviations
        ],
        "fetching": [
            {
                "what": one.what,
                "lag_seconds": _age(one.read_to),
                "failures": one.failures,
                "last_success_at": one.last_success_at.isoformat() if one.last_success_at else None,
                "next_at": one.next_at.isoformat(),
            }
            for one in facts.fetching
        ],
    }
