"""The file of rows that an import did not take: to be looked over, mended and imported again."""

import csv
import json
from pathlib import Path

from waywarden.sync.files import TableFile, rejected_rows
from waywarden.sync.models import ImportReject, ImportRun

#: The column that is added to a table.
REASON = "reason"


def write_rejects(run: ImportRun, path: Path, *, file: TableFile | None = None) -> int:
    """Writes every row that the run rejected, with its reason; how many.

    A table's own rows come as a table with one column more, so that it can be mended and imported
    again with the same mapping; all others as JSON, one object a line.
    """
    if file is not None and not file.is_geojson:
        return _write_table(run, path, file)
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for reject in _rejects_of(run):
            row = {"id": reject.key, REASON: reject.reason, "row": reject.raw}
            out.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            count += 1
    return count


def _write_table(run: ImportRun, path: Path, file: TableFile) -> int:
    reasons = {reject.key: reject.reason for reject in _rejects_of(run)}
    count = 0
    with path.open("w", encoding=file.mapping.file.encoding, newline="") as out:
        writer = None
        for values, reason in rejected_rows(file, reasons):
            if writer is None:
                names = [name for name in values if name != REASON]
                delimiter = file.mapping.file.delimiter
                writer = csv.DictWriter(
                    out, [*names, REASON], delimiter=delimiter, extrasaction="ignore"
                )
                writer.writeheader()
            writer.writerow({**values, REASON: reason})
            count += 1
    return count


def _rejects_of(run: ImportRun) -> list[ImportReject]:
    return list(ImportReject.objects.filter(run=run).order_by("id"))
