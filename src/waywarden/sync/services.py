"""Every other write of sync: cursors, the mop-up, rows set aside that can be applied now."""

import logging
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from waywarden.bodies.models import Body
from waywarden.bodies.queries import bodies_fetched_through
from waywarden.connections.models import Connection
from waywarden.connections.queries import polled_connections
from waywarden.connections.services import open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.sync import queries, requests
from waywarden.sync.models import Cursor, SetAside, What
from waywarden.sync.rows import Counts, report_from, update_from
from waywarden.sync.update_services import Source
from waywarden.sync.updates import take_in
from waywarden.sync.windows import MOP_UP

log = logging.getLogger(__name__)

#: The mop-up of many connections is spread over this long.
MOP_UP_SPREAD = timedelta(minutes=30)


def ensure_cursors() -> int:
    """Gives connections that were switched on a cursor that is due at once; how many are new."""
    moment = clock.now()
    wanted = [
        (connection.pk, what)
        for connection in polled_connections()
        for what, is_on in (
            (What.UPDATES, connection.fetches_updates),
            (What.REPORTS, connection.fetches_reports),
        )
        if is_on
    ]
    there = set(Cursor.objects.values_list("connection_id", "what"))
    new = [
        Cursor(connection_id=connection_id, what=what, position=moment, next_poll_at=moment)
        for connection_id, what in wanted
        if (connection_id, what.value) not in there
    ]
    if new:
        Cursor.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def mop_up(moment: datetime) -> int:
    """The next poll of each connection for updates asks for the last 24 hours, soon; how many."""
    cursors = list(
        Cursor.objects.filter(
            what=What.UPDATES, connection__fetches_updates=True, connection__is_paused=False
        )
    )
    for cursor in cursors:
        cursor.reach_back_to = moment - MOP_UP
        at = moment + MOP_UP_SPREAD * random.random()  # noqa: S311 - spreads the load only
        cursor.next_poll_at = min(cursor.next_poll_at, at)
    Cursor.objects.bulk_update(cursors, ["reach_back_to", "next_poll_at"], batch_size=500)
    return len(cursors)


def apply_set_aside_for(report_ids: Iterable[int]) -> None:
    """Updates that came before a report's reference did are applied once this transaction is done.

    After the commit, so that the locks of the sending and of the applying never cross. What is
    missed when the process dies in between is found by the connection's next poll.
    """
    ids = list(queries.waiting_for(report_ids).values_list("pk", flat=True))
    if ids:
        transaction.on_commit(partial(apply_set_aside, ids), robust=True)


def apply_known(source: Source) -> Counts:
    """Applies what waits for a report that is known by now."""
    found = queries.waiting_whose_report_is_known(source.connection.pk, source.body_ids)
    rows = [update_from(row.raw) for row in found.order_by("id")]
    return take_in(rows, source=source) if rows else Counts()


def apply_set_aside(ids: Iterable[int]) -> Counts:
    """Tries rows set aside again, by connection; a connection that cannot be opened is left."""
    counts = Counts()
    waiting: dict[int, list[SetAside]] = {}
    for row in SetAside.objects.filter(pk__in=list(ids), settled_at=None).order_by("id"):
        waiting.setdefault(row.connection_id, []).append(row)
    for connection_id, rows in waiting.items():
        try:
            source = source_of(Connection.objects.get(pk=connection_id), rows)
        except WaywardenError:
            log.warning("connection %d cannot be opened", connection_id, exc_info=True)
            continue
        updates = [update_from(row.raw) for row in rows if row.what == What.UPDATES]
        problems = [report_from(row.raw) for row in rows if row.what == What.REPORTS]
        if updates:
            counts.add(take_in(updates, source=source))
        if problems:
            counts.add(requests.take_in(problems, source=source))
    return counts


def source_of(connection: Connection, rows: Iterable[SetAside] = ()) -> Source:
    """A connection ready to take rows in again. Raises Misconfigured.

    It speaks for the bodies that are fetched through it, and for those the rows came for: a row
    that was pushed, or fetched by hand, came another way.
    """
    bodies = {body.pk: body for body in bodies_fetched_through(connection.pk)}
    named = {row.body_id for row in rows if row.body_id is not None}
    bodies |= Body.objects.in_bulk(named - set(bodies))
    return Source(
        connection=connection,
        backend=open_backend(connection).backend,
        bodies=tuple(bodies[number] for number in sorted(bodies)),
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


def drop_set_aside(set_aside_id: int) -> None:
    """A person decides that a row is not wanted; it does not come back. Raises RuleBroken."""
    done = SetAside.objects.filter(pk=set_aside_id, settled_at=None).update(
        settled_at=clock.now(), settled_as=SetAside.DROPPED
    )
    if not done:
        message = "This row has been settled already."
        raise RuleBroken(message)
