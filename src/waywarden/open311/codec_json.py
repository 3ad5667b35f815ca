"""JSON in and out: the Spark mapping of GeoReport, with the repairs that real servers need."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from waywarden.open311.encodings import without_unreadable
from waywarden.open311.errors import NotOpen311
from waywarden.open311.noting import Noting

MAX_DEPTH = 30
MOST_PARTS = 2_000_000
"""Values in a document that is no list; each costs memory, however short it is."""
MOST_ROW_PARTS = 500_000
"""Values in one row of a list."""

_NOT_JSON = "The answer is not JSON."
_TOO_DEEP = "The answer is nested too deeply or holds too much in one row."

# A whole string (or one that the piece cuts off), or a number that begins with a zero.
_STRING_OR_ZEROS = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|(?<![\w.+-])-?0\d+(?:\.\d+)?(?=[\s,\]}])', re.DOTALL
)
_SPACE = re.compile(r"[ \t\r\n]*")
# Numbers stay text, so that an id keeps its digits.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def items(pieces: Iterable[str], noting: Noting) -> Iterator[Any]:
    """The items of a list document, one by one as they come. Raises NotOpen311."""
    text = _Text(pieces, noting)
    text.take("[")
    if text.peek() == "]":
        text.take("]")
    else:
        yield text.value()
        while text.peek() == ",":
            text.take(",")
            yield text.value()
        text.take("]")
    if text.peek():
        raise NotOpen311(_NOT_JSON)


def document(pieces: Iterable[str], noting: Noting) -> Any:
    """The whole document as plain data; numbers are text. Raises NotOpen311."""
    whole = "".join(pieces)
    text = _Text([whole], noting, most=MOST_PARTS)
    text.check_size(whole)
    value = text.value()
    if text.peek():
        raise NotOpen311(_NOT_JSON)
    return value


class _Text:
    """A text that comes in pieces, and the place in it that is read next."""

    def __init__(
        self, pieces: Iterable[str], noting: Noting, *, most: int = MOST_ROW_PARTS
    ) -> None:
        self._source, self._noting, self._most = iter(pieces), noting, most
        self._text, self._at = "", 0

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        """Moves past this character."""
        if self.peek() != character:
            raise NotOpen311(_NOT_JSON)
        self._at += 1

    def value(self) -> Any:
        """The next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._repair() or self._more():
                    continue
                raise NotOpen311(_NOT_JSON) from error
            except RecursionError as error:
                raise NotOpen311(_TOO_DEEP) from error
            if end == len(self._text) and self._more():
                continue  # a number at the end of a piece may go on in the next
            value = self._checked(value, self._text[self._at : end])
            self._at = end
            return value

    def _more(self) -> bool:
        """Reads on, as much again as is waiting, so that a long value is not tried too often."""
        waiting = self._text[self._at :]
        self.check_size(waiting)
        taken, wanted = [waiting], max(len(waiting), 1)
        for piece in self._source:
            taken.append(piece)
            wanted -= len(piece)
            if wanted <= 0:
                break
        self._text, self._at = "".join(taken), 0
        return len(self._text) > len(waiting)

    def _repair(self) -> bool:
        """Numbers that begin with a zero, as in the specification's own sample, become strings."""

        def quote(found: re.Match[str]) -> str:
            return found[0] if found[0].startswith('"') else f'"{found[0]}"'

        waiting = self._text[self._at :]
        repaired = _STRING_OR_ZEROS.sub(quote, waiting)
        if repaired == waiting:
            return False
        self._noting.note("json-malformed", "Numbers must not begin with a zero; quote codes.")
        self._text, self._at = repaired, 0
        return True

    def check_size(self, text: str) -> None:
        """Refuses what would take too much memory, before it is decoded."""
        if len(text) > self._most and sum(map(text.count, ",[{")) > self._most:
            raise NotOpen311(_TOO_DEEP)

    def _checked(self, value: Any, text: str) -> Any:
        self.check_size(text)
        if text.count("{") + text.count("[") > MAX_DEPTH:
            _check_depth(value)
        if "\\u" not in text:
            return value
        clean = _clean(value)
        if clean != value:
            self._noting.note("control-characters", "Control characters were dropped.")
        return clean


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise NotOpen311(_TOO_DEEP)


def write_list(rows: Iterable[Any]) -> Iterator[str]:
    """A list document, row by row."""
    between = "["
    for row in rows:
        yield between + write_object(row)
        between = ",\n"
    yield "[]" if between == "[" else "]"


_ENCODER = msgspec.json.Encoder()


def write_object(row: Any) -> str:
    """A document of one object."""
    try:
        text = _ENCODER.encode(row).decode()
    except UnicodeError:
        return _ENCODER.encode(_clean(row)).decode()
    if "\\" in text or without_unreadable(text) != text:
        return _ENCODER.encode(_clean(row)).decode()
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_unreadable(value).replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, dict):
        return {without_unreadable(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
