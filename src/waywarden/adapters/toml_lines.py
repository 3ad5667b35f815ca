"""On which line of a TOML file a key stands. Pure; for files that were parsed already.

Reading TOML is the standard library's work; it forgets lines. This looks for headers and keys only
and skips what stands in lists, inline tables and texts of several lines.
"""

import re
from collections.abc import Iterator, Mapping

_HEADER = re.compile(r"\s*(\[\[|\[)\s*(.+?)\s*\]{1,2}\s*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.)?""")
_LONG = ('"""', "'''")
_QUIET = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*')


def lines_of(text: str) -> Mapping[str, int]:
    """Each dotted key, such as `services.TREE.notice` or `keys[0].name`, → its line, from 1."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header and "=" not in line.split("]")[0]:
            table = ".".join(_parts(header[2]))
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = f"{table}[{counts[table]}]"
            found.setdefault(table, number)
        elif key := ".".join(_parts(line)):
            found.setdefault(f"{table}.{key}" if table else key, number)
    return found


def line_for(key: str, lines: Mapping[str, int]) -> int:
    """The line of a key, else of what it stands in; 1 where nothing is known."""
    while key:
        if key in lines:
            return lines[key]
        inside = [line for name, line in lines.items() if name.startswith(f"{key}.")]
        if inside:
            return min(inside)
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return 1


def _parts(text: str) -> list[str]:
    """The parts of a dotted key at the beginning of a text."""
    parts, at = [], 0
    while match := _PART.match(text, at):
        parts.append(next(part for part in match.groups()[:3] if part is not None))
        at = match.end()
        if not match[4]:
            break
    return parts


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which a statement begins, with their numbers."""
    depth, closing = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        begins = not depth and not closing
        if begins and line.strip() and not line.lstrip().startswith("#"):
            yield number, line
        rest, closing = _after_long_text(line, closing)
        if begins and _HEADER.match(line):
            continue
        bare = _QUIET.sub("", rest)
        depth += sum(bare.count(one) for one in "[{") - sum(bare.count(one) for one in "]}")


def _after_long_text(line: str, closing: str) -> tuple[str, str]:
    """The line without texts of several lines, and what closes the one that goes on."""
    kept = ""
    while line:
        if closing:
            _, mark, line = line.partition(closing)
            if not mark:
                return kept, closing
            closing = ""
            continue
        starts = [(line.find(mark), mark) for mark in _LONG if mark in line]
        if not starts:
            return kept + line, ""
        at, closing = min(starts)
        kept, line = kept + line[:at], line[at + 3 :]
    return kept, closing
