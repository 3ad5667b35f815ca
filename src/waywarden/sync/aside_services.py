"""Rows set aside: applied when what they waited for is there, or by hand, or dropped."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from waywarden.bodies.models import Body
from waywarden.bodies.queries import bodies_fetched_through
from waywarden.connections.models import Connection
from waywarden.connections.services import default_email_backend, open_backend
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.text import one_line
from waywarden.reports.queries import bodies_of_report
from waywarden.sync import queries, requests
from waywarden.sync.models import SetAside, What
from waywarden.sync.rows import PIECE_OF_ROWS, Counts, report_from, update_from
from waywarden.sync.source import Source
from waywarden.sync.updates import take_in

log = logging.getLogger(__name__)

#: Problems outside that are tried again in a night.
MOST_AGAIN = 5_000

#: An update may have met its report's reference while both were being written; it is looked at
#: again when it has waited for so long.
MISSED_AFTER = timedelta(minutes=2)


def apply_set_aside_for(report_ids: Iterable[int]) -> None:
    """Updates that came before a report's reference did are applied once this transaction is done.

    After the commit, so that the locks of the sending and of the applying never cross. What is
    missed when the process dies in between is found by the connection's next poll, or where none
    comes by `apply_missed`.
    """
    ids = list(queries.waiting_for(report_ids).values_list("pk", flat=True))
    if ids:
        transaction.on_commit(partial(apply_set_aside, ids), robust=True)


def apply_missed(*, most: int = 1000) -> int:
    """Applies pushed updates whose report is known by now, where no poll would; how many."""
    before = clock.now() - MISSED_AFTER
    return apply_set_aside(queries.missed(before)[:most]).new


def apply_known(source: Source) -> Counts:
    """Applies what waits for a report that is known by now."""
    found = queries.whose_report_is_known(source.asides(What.UPDATES), source.body_ids)
    rows = [update_from(row.raw) for row in found.order_by("id")]
    return take_in(rows, source=source) if rows else Counts()


def apply_waiting_at(body: Body) -> Counts:
    """Applies updates of a body that wait for reports which are there by now: after an import."""
    waiting = SetAside.objects.filter(what=What.UPDATES)
    own = body.connection_for_fetching
    mine = Q(body=body) | (Q(connection=own) if own is not None else Q())
    found = queries.whose_report_is_known(waiting.filter(mine), [body.pk])
    return apply_set_aside(found.values_list("pk", flat=True))


def try_problems_again() -> Counts:
    """Problems that lay outside their body's areas, the latest first: those may have grown."""
    outside = SetAside.objects.filter(
        what=What.REPORTS, settled_at=None, reason=SetAside.Reason.OUTSIDE
    )
    ids = list(outside.order_by("-id").values_list("pk", flat=True)[:MOST_AGAIN])
    counts = Counts()
    for start in range(0, len(ids), PIECE_OF_ROWS):
        counts.add(apply_set_aside(ids[start : start + PIECE_OF_ROWS]))
    return counts


def apply_set_aside(ids: Iterable[int]) -> Counts:
    """Tries rows set aside again, by connection; a connection that cannot be opened is left."""
    counts = Counts()
    waiting: dict[tuple[int | None, int | None], list[SetAside]] = {}
    rows_left = SetAside.objects.filter(pk__in=list(ids), settled_at=None).order_by("id")
    for row in rows_left.select_related("connection", "body"):
        # Pushes without a connection are told apart by their body.
        group = (row.connection_id, None if row.connection_id else row.body_id)
        waiting.setdefault(group, []).append(row)
    for rows in waiting.values():
        try:
            source = source_of(rows[0].connection, rows)
        except WaywardenError:
            log.warning("%s cannot be opened", rows[0].connection, exc_info=True)
            continue
        updates = [update_from(row.raw) for row in rows if row.what == What.UPDATES]
        problems = [report_from(row.raw) for row in rows if row.what == What.REPORTS]
        if updates:
            counts.add(take_in(updates, source=source))
        if problems:
            counts.add(requests.take_in(problems, source=source))
    return counts


def source_of(connection: Connection | None, rows: Iterable[SetAside] = ()) -> Source:
    """A connection ready to take rows in again. Raises Misconfigured.

    It speaks for the bodies that are fetched through it, and for those the rows came for: a row
    that was pushed, or fetched by hand, came another way.
    """
    named = {row.body_id for row in rows if row.body_id is not None}
    bodies = {body.pk: body for body in bodies_fetched_through(connection.pk)} if connection else {}
    bodies |= Body.objects.in_bulk(named - set(bodies))
    backend = open_backend(connection).backend if connection else default_email_backend()
    return Source(
        connection=connection,
        backend=backend,
        bodies=tuple(bodies[number] for number in sorted(bodies)),
    )


def apply_by_hand(
    set_aside_id: int,
    *,
    report_id: int | None = None,
    said_at: datetime | None = None,
    by: Actor = NOBODY,
) -> bool:
    """A person has an update applied, with what it lacks; False when it still cannot be.

    `report_id` says which report of the body it is about, `said_at` when it was said. Its identity
    stays, so that the same row does not come in again. Raises RuleBroken, Misconfigured.
    """
    row = _open_row(set_aside_id)
    if row.what != What.UPDATES:
        raise RuleBroken(_("Only an update can be applied with other values."))
    source = source_of(row.connection, [row])
    if report_id is not None and not bodies_of_report(report_id) & set(source.body_ids):
        raise RuleBroken(_("This body has no report %d.") % report_id, field="report_id")
    update = update_from(row.raw)
    take_in(
        [
            replace(
                update,
                update_id=row.key,
                fixmystreet_id=report_id if report_id is not None else update.fixmystreet_id,
                updated_datetime=said_at or update.updated_datetime,
            )
        ],
        source=source,
    )
    with transaction.atomic():
        applied = SetAside.objects.filter(pk=row.pk, settled_as=SetAside.APPLIED).exists()
        if applied:
            record(Fact("set_aside.applied", "set_aside", row.pk, actor=by))
    return applied


def _open_row(set_aside_id: int) -> SetAside:
    row = SetAside.objects.filter(pk=set_aside_id, settled_at=None).first()
    if row is None:
        raise RuleBroken(_("This row has been settled already."))
    return row


def drop_set_aside(set_aside_id: int, *, reason: str = "", by: Actor = NOBODY) -> None:
    """A person decides that a row is not wanted; it does not come back. Raises RuleBroken."""
    with transaction.atomic():
        done = SetAside.objects.filter(pk=set_aside_id, settled_at=None).update(
            settled_at=clock.now(), settled_as=SetAside.DROPPED
        )
        if not done:
            raise RuleBroken(_("This row has been settled already."))
        data = {"reason": one_line(reason)[:500]}
        record(Fact("set_aside.dropped", "set_aside", set_aside_id, actor=by, data=data))
