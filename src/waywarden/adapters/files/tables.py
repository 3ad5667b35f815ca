"""CSV as bytes, out and in: charset, separator, and no formulas for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from waywarden.kernel.errors import BadReply

CUT_OFF = "\0"
"""The heading that only a row has in whose middle the file ends."""
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
    """The rows by heading; cells beyond the headings are left out. Raises BadReply.

    A file that is still being written may end in the middle of a row: it has `CUT_OFF` in it.
    """
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadReply(f"The file is not written in {encoding}.") from error
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    lines, is_ended = len(text.splitlines()), text.endswith(("\n", "\r"))
    try:
        headings = [heading.strip() for heading in next(reader, [])]
        for cells in reader:
            if any(cell.strip() for cell in cells):
                is_last = reader.line_num >= lines and not is_ended
                more = {CUT_OFF: ""} if is_last and len(cells) < len(headings) else {}
                yield dict(zip(headings, cells, strict=False)) | more
    except csv.Error as error:
        raise BadReply(f"The file is no CSV: {error}.") from error
