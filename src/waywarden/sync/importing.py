"""Problems fetched once by hand, from the body's connection or from any Open311 address."""

from datetime import datetime

from waywarden.backends.contract import Capability, Notes, Span
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.connections.services import keep_exchanges, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, Misconfigured, Refused
from waywarden.sync import requests
from waywarden.sync.rows import Counts, in_pieces
from waywarden.sync.service_lists import connection_to, endpoints_at
from waywarden.sync.services import ensure_connection_by_hand
from waywarden.sync.source import Source


def fetch_reports(
    body: Body, *, address: str = "", since: datetime | None = None, dry_run: bool = False
) -> Counts:
    """Takes problems in for one body; without `since` all that the server lists.

    `address` is any Open311 endpoint or list, else the body's connection is asked. The cursor of
    the polls stays. Running it twice adds nothing. Raises Misconfigured without a connection,
    BackendError when the list breaks off: what came until then is taken in.
    """
    candidates = endpoints_at(address) if address else ({},)
    for options in candidates[:-1]:
        counts = Counts()
        try:
            _fetch(_connection(body, options, dry_run), body, since, counts=counts, dry_run=dry_run)
        except (Refused, BadReply):
            if counts.rows:
                raise
        else:
            return counts
    counts = Counts()
    last = _connection(body, candidates[-1], dry_run)
    _fetch(last, body, since, counts=counts, dry_run=dry_run)
    return counts


def _connection(body: Body, options: dict[str, str], dry_run: bool) -> Connection:
    if options:
        return connection_to(options) if dry_run else ensure_connection_by_hand(body, options)
    connection = body.connection_for_fetching
    if connection is None:
        message = f"{body.name} has no connection; say where its problems are with --from."
        raise Misconfigured(message)
    return connection


def _fetch(
    connection: Connection,
    body: Body,
    since: datetime | None,
    *,
    counts: Counts,
    dry_run: bool,
) -> None:
    opened = open_backend(connection)
    if not opened.backend.can(Capability.FETCHES_REPORTS):
        message = f"The send method {connection.kind} cannot be asked for problems."
        raise Misconfigured(message)
    source = Source(connection=connection, backend=opened.backend, bodies=(body,))
    notes = Notes()
    span = Span(start=since, end=clock.now()) if since is not None else None
    try:
        for piece in in_pieces(opened.backend.fetch_reports(span, notes)):
            counts.add(requests.take_in(piece, source=source, dry_run=dry_run))
    finally:
        counts.deviations[:0] = notes.deviations
        if connection.pk is not None:
            keep_exchanges(opened)
