"""Bulk import of what already exists: read ahead in a thread, written in large batches."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from waywarden.backends.contract import Backend, Capability, Mapped, Notes, Span
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.connections.services import Opened, keep_exchanges, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, Misconfigured, Refused, RuleBroken
from waywarden.kernel.http import Way
from waywarden.open311.types import Deviation
from waywarden.sync import import_run_services as runs
from waywarden.sync.ahead import read_ahead
from waywarden.sync.aside_services import apply_waiting_at
from waywarden.sync.files import TableFile, read_file
from waywarden.sync.import_run_services import Plan, Totals
from waywarden.sync.models import ImportRun
from waywarden.sync.reading import Part, read_parts, read_whole
from waywarden.sync.rows import in_pieces
from waywarden.sync.service_lists import connection_to, endpoints_at
from waywarden.sync.services import (
    connection_of_files,
    ensure_connection_by_hand,
    ensure_connection_of_files,
)
from waywarden.sync.source import Source

#: Rows of one transaction, at most by one part more.
BATCH_OF_ROWS = 5_000
#: Seconds that a batch waits for more rows.
PATIENCE = 1.0

Tell = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: a moment, or rows of a file."""

    totals: Totals
    since: datetime | None = None
    until: datetime | None = None
    position: datetime | None = None
    row_position: int = 0
    is_waiting: bool = False
    """Nothing yet: the same import seems to run, and is waited for."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `run` is None for a dry run."""

    run: ImportRun | None
    totals: Totals
    deviations: tuple[Deviation, ...]


def import_open311(
    body: Body,
    *,
    address: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    dry_run: bool = False,
    afresh: bool = False,
    tell: Tell = lambda _progress: None,
) -> Imported:
    """Imports what a server has since a day, or all that it lists; goes on where it stopped.

    `address` is any Open311 endpoint, else the body's connection is asked. Raises Misconfigured
    without a connection, RuleBroken while the same import runs, BackendError when the server
    breaks off: what came until then is taken in.
    """
    if until is not None and since is None:
        message = "An end needs a beginning: say since when."
        raise RuleBroken(message, field="until")
    candidates: tuple[dict[str, str], ...] = endpoints_at(address) if address else ({},)
    asked = {"since": since, "until": until}
    for options in candidates[:-1]:
        try:
            return _import_from(body, options, **asked, dry_run=dry_run, afresh=afresh, tell=tell)
        except (Refused, BadReply):
            continue
    return _import_from(body, candidates[-1], **asked, dry_run=dry_run, afresh=afresh, tell=tell)


def _import_from(
    body: Body,
    options: dict[str, str],
    *,
    since: datetime | None,
    until: datetime | None,
    dry_run: bool,
    afresh: bool,
    tell: Tell,
) -> Imported:
    """From the body's connection, or from the endpoint of some options."""
    connection = _connection_for(body, options, dry_run=dry_run)
    opened = open_backend(connection)
    if not opened.backend.can(Capability.FETCHES_REPORTS):
        message = f"The send method {connection.kind} cannot be asked for problems."
        raise Misconfigured(message)
    kind = ImportRun.Kind.OPEN311
    plan = Plan(
        body=body,
        connection=connection,
        kind=kind,
        source=options.get("endpoint") or connection.name,
        fingerprint=runs.fingerprint_of(
            kind, options.get("endpoint") or connection.pk, since, until
        ),
        since=since,
        asked_until=until,
    )
    notes = Notes()

    def read(run: ImportRun | None) -> Iterator[Part]:
        if since is None:
            pieces = in_pieces(read_whole(opened.backend, None, notes), size=BATCH_OF_ROWS)
            return (Part(rows=piece) for piece in pieces)
        start = run.position if run is not None and run.position else since
        span = Span(start=_whole_second(start), end=_end_of(run, until))
        length = runs.FIRST_SPAN if run is None else timedelta(seconds=run.span_seconds)
        return read_parts(opened.backend, span, notes, length=length)

    return _run(plan, read, opened=opened, notes=notes, dry_run=dry_run, afresh=afresh, tell=tell)


def import_file(
    body: Body,
    file: TableFile,
    *,
    dry_run: bool = False,
    afresh: bool = False,
    tell: Tell = lambda _progress: None,
) -> Imported:
    """Imports the rows of a file; goes on where it stopped, while file and mapping stay the same.

    Raises RuleBroken for a file that cannot be read, or while the same import runs.
    """
    kind = ImportRun.Kind.GEOJSON if file.is_geojson else ImportRun.Kind.CSV
    connection = body.connection_for_fetching
    if connection is None:
        connection = connection_of_files(body) if dry_run else ensure_connection_of_files(body)
    plan = Plan(
        body=body,
        connection=connection,
        kind=kind,
        source=file.path.name,
        fingerprint=runs.fingerprint_of(kind, _digest_of(file.path), file.mapping.file),
    )
    opened = Opened(connection_id=None, backend=_FileBackend(file))

    def read(run: ImportRun | None) -> Iterator[Part]:
        return read_file(file, start=run.row_position if run is not None else 0)

    notes = Notes()
    return _run(plan, read, opened=opened, notes=notes, dry_run=dry_run, afresh=afresh, tell=tell)


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror or error}"
        raise RuleBroken(message, field="file") from error


class _FileBackend(Backend):
    """Knows what the statuses of a file mean, and nothing else."""

    kind = "file"
    label = "File"
    capabilities = frozenset()

    def __init__(self, file: TableFile) -> None:
        super().__init__(options=None, secrets=None, way=Way())
        self._mapping = file.mapping

    def state_for(self, status: str) -> Mapped:
        """By the mapping."""
        return self._mapping.state_for(status)


def _connection_for(body: Body, options: dict[str, str], *, dry_run: bool) -> Connection:
    if not options:
        connection = body.connection_for_fetching
        if connection is None:
            message = f"{body.name} has no connection; say where its problems are with --from."
            raise Misconfigured(message)
        return connection
    return connection_to(options) if dry_run else ensure_connection_by_hand(body, options)


def _end_of(run: ImportRun | None, until: datetime | None) -> datetime:
    end = run.until if run is not None and run.until else until or clock.now()
    return end.astimezone(UTC)


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _run(
    plan: Plan,
    read: Callable[[ImportRun | None], Iterator[Part]],
    *,
    opened: Opened,
    notes: Notes,
    dry_run: bool,
    afresh: bool,
    tell: Tell,
) -> Imported:
    source = Source(connection=plan.connection, backend=opened.backend, bodies=(plan.body,))
    if dry_run:
        totals = _take_in(read(None), None, source=source, opened=opened, tell=tell)
        return Imported(run=None, totals=totals, deviations=tuple(notes.deviations))
    with (
        _without_searching(),
        runs.alone(plan, on_wait=lambda: tell(Progress(Totals(), is_waiting=True))),
    ):
        run = runs.begin_or_resume(plan, afresh=afresh)
        try:
            totals = _take_in(read(run), run, source=source, opened=opened, tell=tell)
        except Exception as error:
            runs.stop(run, error, notes.deviations)
            raise
        runs.finish(run, notes.deviations)
        apply_waiting_at(plan.body)
        run.refresh_from_db()
    return Imported(run=run, totals=totals, deviations=tuple(notes.deviations))


@contextmanager
def _without_searching() -> Iterator[None]:
    """What lives by now is not searched for garbage as millions of rows come and go.

    That took a seventh of an import's own time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _take_in(
    parts: Iterator[Part], run: ImportRun | None, *, source: Source, opened: Opened, tell: Tell
) -> Totals:
    """Writes what is read, in batches; the run moves when all before it has been written."""
    totals = runs.totals_of(run) if run is not None else Totals()
    for batch in _in_batches(read_ahead(parts, patience=PATIENCE)):
        rows = [row for part in batch for row in part.rows]
        rejects = [one for part in batch for one in part.rejects]
        if rows or rejects:
            totals = runs.take_in_batch(
                rows, run=run, totals=totals, source=source, rejects=rejects
            )
        moved = [part for part in batch if part.upto is not None or part.row_position]
        if run is not None:
            if moved:
                runs.move(run, moved[-1])
            if opened.connection_id is not None:
                keep_exchanges(opened)
        tell(_progress(totals, run, moved))
    return totals


def _progress(totals: Totals, run: ImportRun | None, moved: list[Part]) -> Progress:
    last = moved[-1] if moved else Part()
    return Progress(
        totals=totals,
        since=run.since if run is not None else None,
        until=run.until if run is not None else None,
        position=run.position if run is not None else last.upto,
        row_position=last.row_position,
    )


def _in_batches(parts: Iterator[Part | None]) -> Iterator[list[Part]]:
    """Parts together until they hold enough rows, or until none is ready (None)."""
    batch: list[Part] = []
    rows = 0
    for part in parts:
        if part is None:
            if batch:
                yield batch
            batch, rows = [], 0
            continue
        batch.append(part)
        rows += len(part.rows) + len(part.rejects)
        if rows >= BATCH_OF_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch
