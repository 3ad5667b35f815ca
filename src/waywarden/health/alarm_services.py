"""Alarms: raised once when something breaks, cleared once when it mends, by any of many workers.

The rows are the memory: an open alarm's key is unique, and what is told follows from facts that
are written with the row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction

from waywarden.events.services import Fact, record
from waywarden.health import queries
from waywarden.health.models import Alarm, AlarmReader
from waywarden.health.verdicts import ALARMING, Kind, Trouble
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import shorten
from waywarden.webhooks.queries import stopped

#: The key of the lock that one worker holds while it compares.
_LOCK = 4_711_002
#: What is seen in the last runs only is over when it has not been seen for so long.
_PATIENCE = {Kind.CLOCK: timedelta(hours=24)}
#: Alarms that are over are kept for so long.
ALARMS_LIVE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong now; `body_id` None means the connection itself."""

    trouble: Trouble
    connection_id: int | None
    body_id: int | None = None
    webhook_id: int | None = None

    @property
    def key(self) -> str:
        """The same while the same thing is wrong."""
        if self.webhook_id is not None:
            return f"{self.trouble.kind.value}:{self.webhook_id}"
        where = self.connection_id or "email"
        return f"{self.trouble.kind.value}:{where}" + (f":{self.body_id}" if self.body_id else "")


def watch() -> None:
    """Compares what is wrong with what is known to be; writes and tells the difference."""
    compare(list(wrong_now()))


def wrong_now() -> Iterable[Wrong]:
    """Everything alarming: what is stuck and what bounces by body, the rest by connection."""
    per_body = {Kind.STUCK, Kind.AGED, Kind.BOUNCE}
    for standing in queries.standings():
        for trouble in standing.troubles:
            if trouble.kind in ALARMING - per_body:
                yield Wrong(trouble, standing.facts.connection_id)
    for one in queries.stuck_by_body():
        kind = Kind.AGED if one.is_aged else Kind.STUCK
        yield Wrong(Trouble(kind, one.count), one.connection_id, one.body_id)
    for bounced in queries.bouncing_by_body():
        words = ", ".join(bounced.addresses)
        yield Wrong(Trouble(Kind.BOUNCE, len(bounced.addresses), words), None, bounced.body_id)
    for endpoint in stopped():
        words = f"{endpoint.host}: {endpoint.stopped_for}"
        trouble = Trouble(Kind.WEBHOOK, 1, words)
        yield Wrong(trouble, None, endpoint.body_id, webhook_id=endpoint.pk)


def compare(wrong: list[Wrong]) -> None:
    """Raises what is new, keeps what is known, clears what is over; one worker at a time."""
    moment = clock.now()
    by_key = {one.key: one for one in wrong}
    with transaction.atomic():
        if not _is_ours():
            return
        known = {alarm.key: alarm for alarm in Alarm.objects.filter(closed_at=None)}
        _raise([one for key, one in by_key.items() if key not in known], moment)
        still = [alarm.pk for key, alarm in known.items() if key in by_key]
        Alarm.objects.filter(pk__in=still).update(seen_at=moment)
        _clear([alarm for key, alarm in known.items() if key not in by_key], moment)


def _is_ours() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _raise(wrong: list[Wrong], moment: datetime) -> None:
    alarms = Alarm.objects.bulk_create(
        Alarm(
            key=one.key,
            kind=one.trouble.kind,
            connection_id=one.connection_id,
            body_id=one.body_id,
            webhook_id=one.webhook_id,
            count=one.trouble.count,
            detail=shorten(one.trouble.detail, 500),
            opened_at=moment,
            seen_at=moment,
        )
        for one in wrong
    )
    record(*[_fact("alarm.raised", alarm) for alarm in alarms])


def _clear(alarms: list[Alarm], moment: datetime) -> None:
    over = [one for one in alarms if moment - one.seen_at >= _patience(one)]
    Alarm.objects.filter(pk__in=[one.pk for one in over]).update(closed_at=moment)
    record(*[_fact("alarm.cleared", alarm) for alarm in over])


def _patience(alarm: Alarm) -> timedelta:
    return _PATIENCE.get(Kind(alarm.kind), timedelta())


def _fact(kind: str, alarm: Alarm) -> Fact:
    data = {"kind": alarm.kind, "connection": alarm.connection_id, "body": alarm.body_id}
    return Fact(kind, "alarm", alarm.pk, data=data)


def drop_old_alarms() -> int:
    """Deletes alarms that were over a year ago; how many."""
    deleted, _by_model = Alarm.objects.filter(closed_at__lt=clock.now() - ALARMS_LIVE).delete()
    return deleted


def hear(*, user_id: int, body_id: int | None) -> None:
    """A person is mailed from now on about a body; None: about everything."""
    reader = AlarmReader(user_id=user_id, body_id=body_id)
    AlarmReader.objects.bulk_create([reader], ignore_conflicts=True)


def hear_no_more(*, user_id: int, body_id: int | None) -> None:
    """A person is mailed no more about a body. Raises RuleBroken when they were not."""
    if not AlarmReader.objects.filter(user=user_id, body=body_id).delete()[0]:
        message = "You are not mailed about this."
        raise RuleBroken(message)
