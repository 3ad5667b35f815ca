"""Every write to addresses: a gazetteer's file takes the place of the one before."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from waywarden.areas.gazetteer_file import Counts, Row, rows_of
from waywarden.areas.models import Address
from waywarden.geo.many import cells_of
from waywarden.kernel.errors import RuleBroken

#: Rows that are made ready at a time.
PIECE = 20_000
_COLUMNS = ("uprn", "usrn", "lat", "lon", "cell")


def import_addresses(
    path: Path, *, grid: str = "", progress: Callable[[int], None] = lambda _rows: None
) -> Counts:
    """Takes a CSV file in, in place of the addresses that were there; `progress` hears of rows.

    One transaction: until its end the old ones are found, and a wrong line (RuleBroken) changes
    nothing.
    """
    counts = Counts()
    with path.open(encoding="utf-8-sig", newline="") as lines, transaction.atomic():
        last = Address.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        try:
            _copy(rows_of(lines, grid=grid, counts=counts), counts, progress)
        except UnicodeDecodeError as error:
            message = f"{path.name} is not UTF-8."
            raise RuleBroken(message) from error
        Address.objects.filter(pk__lte=last).delete()
    return counts


def _copy(rows: Iterator[Row], counts: Counts, progress: Callable[[int], None]) -> None:
    names = ", ".join(_COLUMNS)
    table = Address._meta.db_table
    with connection.cursor() as cursor, connection.wrap_database_errors:
        while piece := list(islice(rows, PIECE)):
            cells = cells_of([row.lat for row in piece], [row.lon for row in piece])
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row, cell in zip(piece, cells, strict=True):
                    copy.write_row((row.uprn, row.usrn, row.lat, row.lon, cell))
            progress(counts.read)
