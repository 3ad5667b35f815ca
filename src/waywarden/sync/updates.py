"""Updates from a body's system, by poll or by push: piece by piece, a bad row costs itself only."""

import logging
from collections.abc import Iterable, Sequence

from django.db import DatabaseError

from waywarden.backends.contract import Backend
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.connections.services import default_email_backend, open_backend
from waywarden.kernel.errors import WaywardenError
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.sync.rows import Counts, Skipped, in_pieces, key_of, trouble_of
from waywarden.sync.source import Source
from waywarden.sync.update_services import set_aside_failed, take_in_piece

log = logging.getLogger(__name__)

#: What one row can break; anything else is a fault of ours and stops the run.
ROW_TROUBLE = (DatabaseError, WaywardenError, ValueError, TypeError, LookupError, ArithmeticError)


def take_in_updates(
    *,
    body: Body,
    connection: Connection | None,
    rows: Iterable[ServiceRequestUpdate],
    backend: Backend | None = None,
) -> Counts:
    """Takes rows about one body's reports in, whatever path they came by (poll, push, file).

    Repeats are harmless and counted. `backend` saves opening the connection, which tells what its
    statuses mean; without a connection the protocol's own words do. Raises Misconfigured or
    RuleBroken when the connection cannot be opened.
    """
    if backend is None:
        backend = open_backend(connection).backend if connection else default_email_backend()
    source = Source(connection=connection, backend=backend, bodies=(body,))
    counts = Counts()
    for piece in in_pieces(rows):
        counts.add(take_in(piece, source=source))
    return counts


def take_in(
    rows: Sequence[ServiceRequestUpdate], *, source: Source, dry_run: bool = False
) -> Counts:
    """Takes one piece in; when that fails, row by row, so that a bad row costs itself only."""
    try:
        return take_in_piece(rows, source=source, dry_run=dry_run)
    except ROW_TROUBLE as error:
        log.warning("%d updates are done again row by row: %s", len(rows), trouble_of(error))
    counts = Counts()
    for row in rows:
        counts.add(_take_in_alone(row, source=source, dry_run=dry_run))
    return counts


def _take_in_alone(row: ServiceRequestUpdate, *, source: Source, dry_run: bool) -> Counts:
    try:
        return take_in_piece([row], source=source, dry_run=dry_run)
    except ROW_TROUBLE as error:
        log.warning("an update of %s failed: %s", source, trouble_of(error))
        words = f"Applying it failed: {type(error).__name__}."
    if not dry_run:
        set_aside_failed(row, words=words, source=source)
    return Counts(rows=1, set_aside=1, skipped=[Skipped(key_of(row), words)])
