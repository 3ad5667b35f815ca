"""Every other write of sync: cursors, the mop-up, connections made by hand."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, Value
from django.db.models.functions import Least, Random

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.events.services import Fact
from waywarden.kernel import clock
from waywarden.reports.fetched_services import hide_echoes
from waywarden.sync import queries
from waywarden.sync.models import Cursor, SeenItem, What
from waywarden.sync.rows import KEY_LENGTH
from waywarden.sync.run_services import forget_marks
from waywarden.sync.windows import MOP_UP

#: The mop-up of many connections is spread over this long.
MOP_UP_SPREAD = timedelta(minutes=30)


def ensure_cursors() -> int:
    """Gives connections that were switched on a cursor that is due at once; how many are new."""
    moment = clock.now()
    new = [
        Cursor(connection_id=number, what=what, position=moment, next_poll_at=moment)
        for what in What
        for number in queries.without_cursor(what).values_list("pk", flat=True)
    ]
    if new:
        Cursor.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def note_own_updates(facts: Iterable[Fact]) -> int:
    """Updates of ours that bodies took: under their ids they must not come in as new ones.

    One that a poll brought before the answer was written is hidden; how many those were.
    """
    moment = clock.now()
    own = {
        (int(fact.data["body"]), str(fact.data["external_id"])[:KEY_LENGTH])
        for fact in facts
        if fact.data["external_id"]
    }
    if not own:
        return 0
    bodies, keys = {body_id for body_id, _key in own}, {key for _body_id, key in own}
    came_first = queries.seen_keys(keys, bodies) & own
    SeenItem.objects.bulk_create(
        (SeenItem(body_id=body_id, key=key, at=moment) for body_id, key in sorted(own)),
        ignore_conflicts=True,
    )
    return hide_echoes(came_first) if came_first else 0


def mop_up(moment: datetime) -> int:
    """The next poll of each connection for updates asks for the last 24 hours, soon; how many.

    A list of all problems is read in full once a day, even where it says that nothing changed.
    """
    forget_marks(Cursor.objects.all())
    spread = ExpressionWrapper(Random() * Value(MOP_UP_SPREAD), output_field=models.DurationField())
    soon = ExpressionWrapper(Value(moment) + spread, output_field=models.DateTimeField())
    return Cursor.objects.filter(
        what=What.UPDATES,
        connection__in=Connection.objects.filter(fetches_updates=True, is_paused=False),
    ).update(
        reach_back_to=moment - MOP_UP,
        next_poll_at=Least("next_poll_at", soon),
    )


def ensure_connection_by_hand(body: Body, options: Mapping[str, str]) -> Connection:
    """The connection that owns what was fetched by hand from an address; it sends nothing.

    Credited like the body's own connection. The polls do not use it.
    """
    own = body.connection_for_fetching
    connection, _is_new = Connection.objects.update_or_create(
        kind="open311",
        name=f"{body.name}: {options['endpoint']}"[:200],
        defaults={"options": dict(options)},
        create_defaults={
            "options": dict(options),
            "update_user": own.update_user if own is not None else None,
            "zone": own.zone if own is not None else settings.TIME_ZONE,
        },
    )
    return connection


def connection_of_files(body: Body) -> Connection:
    """The connection, unsaved, that owns what came in a file for a body that has none."""
    return Connection(name=f"{body.name}: files"[:200], kind="email", zone=settings.TIME_ZONE)


def ensure_connection_of_files(body: Body) -> Connection:
    """The same, saved. The polls do not use it, and it sends nothing."""
    wanted = connection_of_files(body)
    connection, _is_new = Connection.objects.get_or_create(
        kind=wanted.kind, name=wanted.name, defaults={"zone": wanted.zone}
    )
    return connection
