"""The body of a POST as it arrives: a form, or a form with files; bounded, nothing on disk."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from waywarden.kernel.errors import RuleBroken
from waywarden.open311.params import Fields
from waywarden.open311.types import Upload

MOST_FIELDS = 1000
MOST_FILES = 20


def read_query(query: str) -> Fields:
    """The parameters of a query string. Raises RuleBroken when there are too many."""
    return Fields(_pairs(query))


def read_form(body: bytes, content_type: str) -> Fields:
    """The parameters and files of a body. Raises RuleBroken for what is no form."""
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        return _multipart(body, options.get(b"boundary", b""))
    if kind in (b"application/x-www-form-urlencoded", b""):
        return Fields(_pairs(body.decode("utf-8", "replace")))
    message = "The body must be application/x-www-form-urlencoded or multipart/form-data."
    raise RuleBroken(message)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        message = f"There are more than {MOST_FIELDS} parameters."
        raise RuleBroken(message) from error


@dataclass(slots=True)
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    data: bytearray = field(default_factory=bytearray)


class _Parts:
    """Takes in what the parser calls out. The names of its methods are the parser's."""

    def __init__(self) -> None:
        self.found: list[_Part] = []
        self.is_whole = False

    def on_part_begin(self) -> None:
        self.found.append(_Part())
        if len(self.found) > MOST_FIELDS:
            message = f"There are more than {MOST_FIELDS} parameters."
            raise RuleBroken(message)

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.found[-1].name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.found[-1].value += data[start:end]

    def on_header_end(self) -> None:
        part = self.found[-1]
        part.headers[bytes(part.name).lower()] = bytes(part.value)
        part.name, part.value = bytearray(), bytearray()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found[-1].data += data[start:end]

    def on_end(self) -> None:
        self.is_whole = True


def _multipart(body: bytes, boundary: bytes) -> Fields:
    parts = _Parts()
    names = ("part_begin", "header_field", "header_value", "header_end", "part_data", "end")
    try:
        parser = MultipartParser(
            boundary,
            {f"on_{name}": getattr(parts, f"on_{name}") for name in names},  # type: ignore[arg-type] # a TypedDict
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        message = "The multipart body cannot be read."
        raise RuleBroken(message) from error
    if not parts.is_whole:
        message = "The multipart body is cut off."
        raise RuleBroken(message)
    return _fields_of(parts.found)


def _fields_of(parts: list[_Part]) -> Fields:
    pairs: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    for part in parts:
        _, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            pairs.append((name, part.data.decode("utf-8", "replace")))
        elif part.data:  # a file field left empty is sent as a part without bytes
            uploads.append(_upload(part, name, options[b"filename"]))
    if len(uploads) > MOST_FILES:
        message = f"There are more than {MOST_FILES} files."
        raise RuleBroken(message)
    return Fields(pairs, tuple(uploads))


def _upload(part: _Part, name: str, filename: bytes) -> Upload:
    kind = part.headers.get(b"content-type", b"application/octet-stream")
    bare = filename.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return Upload(
        name=name,
        filename=bare,
        content_type=kind.decode("latin-1").strip(),
        data=bytes(part.data),
    )
