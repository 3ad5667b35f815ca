"""From bytes as they come to clean text: wrong declarations, stray bytes, control characters."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

from waywarden.open311.errors import NotOpen311
from waywarden.open311.noting import Noting

HEAD_BYTES = 1024
PIECE_BYTES = 65_536
MAX_BYTES = 100_000_000
"""More than the largest list an honest server sends."""

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_HTTP_HEAD = re.compile(rb"^\s*HTTP/\d.*?(?:\r?\n){2}|^\s*HTTP/\d[^<\[{]*", re.DOTALL)
_BELIEVED = ("iso8859", "cp", "koi8", "mac", "big5", "gb", "shift", "euc")

Decode = Callable[[bytes, bool], str]


def without_unreadable(text: str) -> str:
    """The text without characters that neither XML 1.0 nor UTF-8 can carry."""
    return _UNREADABLE.sub("", text)


def text_pieces(
    chunks: Iterable[bytes], noting: Noting, *, max_bytes: int = MAX_BYTES
) -> Iterator[str]:
    """The text of a document, cleaned, piece by piece. Raises NotOpen311 past `max_bytes`."""
    source = (
        chunk[at : at + PIECE_BYTES] for chunk in chunks for at in range(0, len(chunk), PIECE_BYTES)
    )
    head = _head_of(source)
    decode, head = _decoder_for(_without_http_head(head, noting), noting)
    taken = len(head)
    yield _cleaned(decode(head, False), noting)
    for chunk in source:
        taken += len(chunk)
        if taken > max_bytes:
            message = f"The answer is larger than {max_bytes} bytes."
            raise NotOpen311(message)
        yield _cleaned(decode(chunk, False), noting)
    yield _cleaned(decode(b"", True), noting)


def _head_of(source: Iterator[bytes]) -> bytes:
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head


def _without_http_head(head: bytes, noting: Noting) -> bytes:
    found = _HTTP_HEAD.match(head)
    if not found:
        return head
    noting.note("http-head-in-body", "HTTP header lines stand inside the document.")
    return head[found.end() :]


def _decoder_for(head: bytes, noting: Noting) -> tuple[Decode, bytes]:
    """How to decode, and the head without a byte-order mark."""
    if head.startswith(codecs.BOM_UTF8):
        noting.note("byte-order-mark", "A byte-order mark stands before the document.")
        return _utf8(noting), head[len(codecs.BOM_UTF8) :]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _other("utf-16", noting), head
    if head[:2] in (b"<\0", b"\0<"):
        return _other("utf-16-le" if head[1] == 0 else "utf-16-be", noting), head
    found = _DECLARED.match(head)
    declared = found[1].decode("ascii").lower() if found else "utf-8"
    name = _codec_named(declared)
    if name == "utf-8":
        return _utf8(noting), head
    if name.startswith(_BELIEVED):
        return _other(name, noting), head
    message = f"The encoding is declared as {declared!r} and the bytes are not."
    noting.note("wrong-encoding-declared", message)
    return _utf8(noting), head


def _codec_named(declared: str) -> str:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return "unknown"
    return "utf-8" if name == "ascii" else name


def _other(name: str, noting: Noting) -> Decode:
    noting.note("encoding-not-utf-8", f"The document is written in {name}; UTF-8 is required.")
    decoder = codecs.getincrementaldecoder(name)("replace")
    return decoder.decode


def _utf8(noting: Noting) -> Decode:
    rest = b""

    def decode(data: bytes, final: bool) -> str:
        nonlocal rest
        data = rest + data
        try:
            text, used = codecs.utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            noting.note("bytes-not-utf-8", "Some bytes are not UTF-8; they were read as Latin-1.")
            text, used = codecs.utf_8_decode(data, _LATIN, final)
        rest = data[used:]
        return text

    return decode


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return stray.decode("cp1252", "replace"), error.end


_LATIN = "waywarden-latin"
codecs.register_error(_LATIN, _as_latin)


def _cleaned(text: str, noting: Noting) -> str:
    clean = without_unreadable(text)
    if len(clean) != len(text):
        noting.note("control-characters", "Control characters were dropped.")
    return clean
