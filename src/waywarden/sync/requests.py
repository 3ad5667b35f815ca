"""Problems born in a body's system: piece by piece, a bad row costs itself only."""

import logging
from collections.abc import Sequence

from waywarden.open311.types import ServiceRequest
from waywarden.sync.request_services import set_aside_failed, take_in_piece
from waywarden.sync.rows import Counts, Skipped, key_of_report, trouble_of
from waywarden.sync.source import Source
from waywarden.sync.updates import ROW_TROUBLE

log = logging.getLogger(__name__)


def take_in(rows: Sequence[ServiceRequest], *, source: Source, dry_run: bool = False) -> Counts:
    """Takes one piece in; when that fails, row by row."""
    try:
        return take_in_piece(rows, source=source, dry_run=dry_run)
    except ROW_TROUBLE as error:
        log.warning("%d problems are done again row by row: %s", len(rows), trouble_of(error))
    counts = Counts()
    for row in rows:
        counts.add(_take_in_alone(row, source=source, dry_run=dry_run))
    return counts


def _take_in_alone(row: ServiceRequest, *, source: Source, dry_run: bool) -> Counts:
    try:
        return take_in_piece([row], source=source, dry_run=dry_run)
    except ROW_TROUBLE as error:
        log.warning("a problem of %s failed: %s", source, trouble_of(error))
        words = f"Taking it in failed: {type(error).__name__}."
    if not dry_run:
        set_aside_failed(row, words=words, source=source)
    return Counts(rows=1, set_aside=1, skipped=[Skipped(key_of_report(row), words)])
