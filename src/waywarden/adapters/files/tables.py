"""CSV as bytes, out and in: charset, separator, and no formulas for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from waywarden.kernel.errors import BadReply

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
csv.field_size_limit(1_000_000)


def written(row: Mapping[str, Any], *, separator: str, encoding: str) -> bytes:
    """A file of a heading and one row. What the charset does not have becomes `?`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(row)
    writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue().encode(encoding, "replace")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"  # a spreadsheet would compute what a reporter wrote
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def rows_in(content: bytes, *, separator: str, encoding: str) -> Iterator[dict[str, str]]:
    """The rows by heading; cells beyond the headings are left out. Raises BadReply."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadReply(f"The file is not written in {encoding}.") from error
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    try:
        headings = [heading.strip() for heading in next(reader, [])]
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield dict(zip(headings, cells, strict=False))
    except csv.Error as error:
        raise BadReply(f"The file is no CSV: {error}.") from error
