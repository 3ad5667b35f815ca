"""XML in and out: streamed, no DTD, no entities, bounded depth."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from waywarden.open311.encodings import without_unreadable
from waywarden.open311.errors import NotOpen311
from waywarden.open311.noting import Noting

MAX_DEPTH = 30
MOST_ELEMENTS = 200_000
"""Elements inside one child of the root; a definition of 5,000 questions has fewer."""
PROLOG_CHARACTERS = 65_536
ROOT_TEXT = "#text"
"""The name under which a root without children gives its text."""

SINGULAR = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "groups": "group",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "media_urls": "media_url",
}
"""The name of a list's elements (open311.md 1)."""

_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>\s*", re.DOTALL)
_ROOT = re.compile(r"<[A-Za-z_]")
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def children(pieces: Iterable[str], noting: Noting) -> Iterator[tuple[str, Any]]:
    """The root's name with None, then each child's name and plain value, as they are read.

    A plain value is text (stripped), None when empty, a dict of children, where a name that
    repeats holds a list. Raises NotOpen311 when it is no well-formed XML, or nested too deeply.
    """
    taken = _Taken(noting)
    parser = etree.XMLParser(
        target=taken,  # type: ignore[arg-type] # the stub wants methods that lxml does not
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for piece in _without_bad_references(_without_prolog(pieces), noting):
            parser.feed(piece.encode())
            yield from taken.drained()
        parser.close()
        yield from taken.drained()
    except etree.XMLSyntaxError as error:
        message = f"The answer is not well-formed XML (line {error.lineno})."
        raise NotOpen311(message) from error


class _Node:
    """An element that is still open."""

    __slots__ = ("children", "inner", "texts")

    def __init__(self) -> None:
        self.children: dict[str, Any] | None = None
        self.texts: list[str] = []
        self.inner: list[tuple[int, str]] | None = None
        """Text of closed children, and after how many of our own texts it stood."""


class _Taken:
    """Takes in what the parser calls out (the names of its methods are the parser's).

    No tree is built: only the child of the root that is being read is held. It is called for
    every element, so it is written for speed.
    """

    def __init__(self, noting: Noting) -> None:
        self._noting = noting
        self._open: list[_Node] = []
        self._found: list[tuple[str, Any]] = []
        self._elements = 0

    def drained(self) -> list[tuple[str, Any]]:
        """What was finished since the last time."""
        found, self._found = self._found, []
        return found

    def start(self, tag: str, _attributes: Any) -> None:
        depth = len(self._open)
        self._open.append(_Node())
        self._elements += 1
        if depth < 2:
            self._elements = 0
            if depth == 0:
                self._found.append((_local(tag), None))
        elif depth >= MAX_DEPTH or self._elements > MOST_ELEMENTS:
            message = "The answer is nested too deeply or holds too much in one element."
            raise NotOpen311(message)

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, tag: str) -> None:
        node = self._open.pop()
        depth = len(self._open)
        if depth == 0:
            self._end_of_root(node)
            return
        value: Any = node.children
        if value is None:
            value = "".join(node.texts).strip() or None
        elif depth > 1 and "".join(node.texts).strip():  # in a row, text between fields is nothing
            value = self._mixed(node)
        parent = self._open[-1]
        if depth == 1:
            self._found.append((_local(tag), value))
            parent.children = {}
            parent.texts.clear()
            return
        if parent.children is None:
            parent.children = {}
        add_child(parent.children, _local(tag), value)
        if depth > 2 and isinstance(value, str):
            if parent.inner is None:
                parent.inner = []
            parent.inner.append((len(parent.texts), value))

    def _end_of_root(self, root: _Node) -> None:
        text = "".join(root.texts).strip()
        if text and root.children is None:
            self._found.append((ROOT_TEXT, text))

    def _mixed(self, node: _Node) -> str:
        self._noting.note("markup-in-text", "Text holds markup; the markup was dropped.")
        pieces: list[str] = []
        at = 0
        for count, text in node.inner or []:
            pieces += [*node.texts[at:count], text]
            at = count
        return "".join([*pieces, *node.texts[at:]]).strip()

    def close(self) -> None:
        """The parser calls this at the end."""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2] if "}" in tag else tag


def add_child(found: dict[str, Any], name: str, value: Any) -> None:
    """Puts a child into a plain dict; a name that repeats becomes a list."""
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _without_prolog(pieces: Iterable[str]) -> Iterator[str]:
    """Drops the XML declaration (the text is decoded already) and refuses a document type."""
    source = iter(pieces)
    prolog = ""
    for piece in source:
        prolog += piece
        if _ROOT.search(prolog) or len(prolog) > PROLOG_CHARACTERS:
            break
    root = _ROOT.search(prolog)
    if _DOCTYPE.search(prolog[: root.start() if root else None]):
        message = "The answer holds a document type definition, which is refused."
        raise NotOpen311(message)
    yield _DECLARATION.sub("", prolog).lstrip()
    yield from source


def _without_bad_references(pieces: Iterable[str], noting: Noting) -> Iterator[str]:
    """Drops references to control characters, which XML forbids, also across two pieces."""
    rest = ""
    for piece in pieces:
        text = rest + piece
        start = text.rfind("&", max(len(text) - 12, 0))
        rest = text[start:] if start >= 0 and ";" not in text[start:] else ""
        yield _dereferenced(text[: len(text) - len(rest)], noting)
    yield rest


def _dereferenced(text: str, noting: Noting) -> str:
    def keep(found: re.Match[str]) -> str:
        digits, base = (found[1], 16) if found[1] else (found[2], 10)
        number = int(digits, base) if len(digits) < 9 else 0
        if number < 0x110000 and without_unreadable(chr(number)):
            return found[0]
        noting.note("control-characters", "Control characters were dropped.")
        return ""

    return _REFERENCE.sub(keep, text) if "&#" in text else text


def write_list(root: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A list document, row by row."""
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n'
    for row in rows:
        yield _element(SINGULAR[root], row) + "\n"
    yield f"</{root}>\n"


def write_object(root: str, row: dict[str, Any]) -> str:
    """A document of one object."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_element(root, row)}\n'


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = "".join(_element(_safe_name(key), item) for key, item in value.items())
    elif isinstance(value, list):
        inner = "".join(_element(SINGULAR.get(name, "item"), item) for item in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = "" if value is None else _text(str(value))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _text(value: str) -> str:
    if not _SPECIAL.search(value):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return escape(without_unreadable(value))


@functools.lru_cache(maxsize=1000)
def _safe_name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    return "_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
