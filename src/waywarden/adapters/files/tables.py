"""CSV as bytes, out and in: charset, separator, and no formulas for a spreadsheet. Pure."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from waywarden.kernel.errors import BadReply
from waywarden.kernel.text import shorten

CUT_OFF = "\0cut off"
"""The heading that only a row has in whose middle the file ends."""
UNREADABLE = "\0unreadable"
"""The heading that only a row has whose letters are not of the file's charset."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
csv.field_size_limit(1_000_000)


def written(row: Mapping[str, Any], *, separator: str, encoding: str, decimal: str = ".") -> bytes:
    """A file of a heading and one row. What the charset does not have becomes `?`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(row)
    writer.writerow([_cell(value, decimal) for value in row.values()])
    return out.getvalue().encode(encoding, "replace")


def _cell(value: Any, decimal: str) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value).replace(".", decimal)
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"  # a spreadsheet would compute what a reporter wrote
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def rows_in(
    content: bytes,
    *,
    separator: str,
    encoding: str,
    needed: Iterable[str] = (),
    is_settled: bool = True,
) -> Iterator[dict[str, str]]:
    """The rows by heading; cells beyond the headings are left out. Raises BadReply.

    `needed` are headings that must be there. A file that does not end with a line may still be
    written: unless it `is_settled`, its last row is left out. A row in whose middle a settled file
    ends has `CUT_OFF` in it, one with letters of another charset `UNREADABLE`.
    """
    text, is_clean = _text_of(content, encoding)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    lines, is_ended = len(text.splitlines()), text.endswith(("\n", "\r"))
    try:
        headings = [heading.strip() for heading in next(reader, [])]
        _check(headings, needed, separator)
        for cells in reader:
            is_half = reader.line_num >= lines and not is_ended
            if not any(cell.strip() for cell in cells) or (is_half and not is_settled):
                continue
            row = dict(zip(headings, cells, strict=False))
            if is_half and len(cells) < len(headings):
                row[CUT_OFF] = ""
            yield row if is_clean else _shown(row)
    except csv.Error as error:
        raise BadReply(f"The file is no CSV: {error}.") from error


def is_ended(content: bytes) -> bool:
    """Whether a file ends with a line, so that nobody is in the middle of one."""
    return not content or content.rstrip(b"\0").endswith((b"\n", b"\r"))


def _text_of(content: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether all of its letters are of the charset. A mark at the beginning that
    names a charset is believed."""
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), encoding)
    try:
        return content.decode(encoding), True
    except UnicodeDecodeError as error:
        if not _is_ascii_within(encoding):
            raise BadReply(f"The file is not written in {encoding}.") from error
        return content.decode(encoding, "surrogateescape"), False


def _is_ascii_within(encoding: str) -> bool:
    """Whether a letter that is wrong leaves those around it as they are."""
    return ";,\n".encode(encoding) in (b";,\n", codecs.BOM_UTF8 + b";,\n")


def _check(headings: Sequence[str], needed: Iterable[str], separator: str) -> None:
    missing = [one for one in needed if one not in headings]
    if not missing:
        return
    have = ", ".join(headings) or "nothing"
    words = f"The file has no column {missing[0]!r}; it has: {shorten(have, 300)}."
    if len(headings) == 1 and any(mark in headings[0] for mark in ",;\t|"):
        words += f" Is {separator!r} what stands between its cells?"
    raise BadReply(words)


def _shown(row: dict[str, str]) -> dict[str, str]:
    """A row whose letters may be of another charset, with marks for those."""
    shown = {
        name: text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, text in row.items()
    }
    return shown if shown == row else shown | {UNREADABLE: ""}
