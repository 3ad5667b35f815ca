"""Whole documents in, in either format and as they really come: `read_*` for each of them.

`data` is bytes or an iterable of chunks (lists are streamed: memory stays small). The format is
seen from the content. `deviations` takes what was forgiven. All of them raise NotOpen311 for what
is no such document and Fault when it is an errors document; `status` is the HTTP status for those.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from html import unescape
from itertools import chain, islice
from typing import Any, TypeVar

from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import codec_json, codec_xml, encodings, reading, types
from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.noting import Noting
from waywarden.open311.rows import Row, items_of, leaves_of

Data = bytes | Iterable[bytes]
T = TypeVar("T")

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
#: Bounded, and looked for in the beginning only: a page may be made to keep us busy.
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,1000}?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 10_000
MOST_ERRORS = 50
_ID_KEYS = frozenset(
    {"service_code", "service_request_id", "token", "update_id", "attributes", "endpoints"}
)
_ERROR_KEYS = frozenset({"code", "description", "message", "error", "detail"})


@dataclass(frozen=True, slots=True)
class Source:
    """How to read: the zone of dates without one, where to note, what came with it."""

    zone: tzinfo = UTC
    noting: Noting = field(default_factory=Noting)
    status: int | None = None
    format: str = ""
    """The format that was asked for, "" when any will do."""
    max_bytes: int = encodings.MAX_BYTES
    is_projected: bool = False
    """Whether `lat` and `long` hold metres of a projection instead of degrees."""

    def row(self, plain: dict[str, Any], where: str) -> Row:
        """A row read this way."""
        return Row(
            plain,
            where=where,
            noting=self.noting,
            zone=self.zone,
            is_projected=self.is_projected,
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """A list document. The first root name is the right one."""

    roots: tuple[str, ...]
    rows: tuple[str, ...]


_SERVICES = _Kind(("services",), ("service",))
_REQUESTS = _Kind(("service_requests", "requests"), ("request", "service_request"))
_UPDATES = _Kind(
    ("service_request_updates", "service_requests_updates", "servicerequestupdates"),
    ("request_update", "service_request_update"),
)
_TOKENS = _Kind((*_REQUESTS.roots, *_UPDATES.roots), (*_REQUESTS.rows, *_UPDATES.rows))


def read_services(data: Data, source: Source | None = None) -> Iterator[types.Service]:
    """GET services, streamed."""
    return _each(data, source, _SERVICES, reading.service_of)


def read_requests(data: Data, source: Source | None = None) -> Iterator[types.ServiceRequest]:
    """GET requests, streamed; rows without an id are noted and left out."""
    return _each(data, source, _REQUESTS, reading.request_of)


def read_updates(data: Data, source: Source | None = None) -> Iterator[types.ServiceRequestUpdate]:
    """GET servicerequestupdates, streamed."""
    return _each(data, source, _UPDATES, reading.update_of)


def read_receipt(data: Data, source: Source | None = None) -> types.Receipt:
    """The answer to POST requests. Raises NotOpen311 when it holds neither id nor token."""
    source = source or Source()
    receipts = list(_each(data, source, _REQUESTS, reading.receipt_of))
    for receipt in receipts:
        if receipt.service_request_id or receipt.token:
            return receipt
    message = "The answer holds neither a service_request_id nor a token."
    raise NotOpen311(message, status=source.status)


def read_update_receipt(data: Data, source: Source | None = None) -> types.UpdateReceipt:
    """The answer to POST servicerequestupdates. Raises NotOpen311 without id and token."""
    source = source or Source()
    receipts = list(_each(data, source, _UPDATES, reading.update_receipt_of))
    for receipt in receipts:
        if receipt.update_id or receipt.token:
            return receipt
    message = "The answer holds neither an update_id nor a token."
    raise NotOpen311(message, status=source.status)


def read_token(data: Data, token: str, source: Source | None = None) -> types.TokenAnswer:
    """GET tokens/TOKEN; the id is "" while it is not ready."""
    return _token(data, token, source, kind=_REQUESTS, name="service_request_id")


def read_update_token(data: Data, token: str, source: Source | None = None) -> types.TokenAnswer:
    """GET update_tokens/TOKEN; the id is "" while it is not ready."""
    return _token(data, token, source, kind=_UPDATES, name="update_id")


def token_rows(data: Data, source: Source | None = None) -> Iterator[types.TokenAnswer]:
    """Every row of an answer about a token, whichever token was asked about."""
    source = source or Source()
    for row in _rows(data, source, _TOKENS):
        number = row.text("service_request_id") or row.text("update_id")
        yield types.TokenAnswer(token=row.text("token"), id=number)


def _token(
    data: Data, token: str, source: Source | None, *, kind: _Kind, name: str
) -> types.TokenAnswer:
    source = source or Source()
    rows = list(_rows(data, source, kind))
    ours = [row for row in rows if row.text("token") == token]
    if not ours and rows:
        source.noting.note("token-not-echoed", "No row has the token that was asked about.")
    for row in ours or rows:
        if number := row.text(name):
            return types.TokenAnswer(token=token, id=number)
    return types.TokenAnswer(token=token)


def read_definition(
    data: Data, service_code: str = "", source: Source | None = None
) -> types.ServiceDefinition:
    """GET services/CODE; `service_code` is the code that was asked for."""
    row = _object(data, source, "service_definition")
    if not {"service_code", "attributes", "attribute"} & set(row.plain):
        message = "The answer is no service definition."
        raise NotOpen311(message, status=source.status if source else None)
    return reading.definition_of(row, service_code)


def read_discovery(data: Data, source: Source | None = None) -> types.Discovery:
    """GET discovery."""
    row = _object(data, source, "discovery")
    if not {"endpoints", "changeset", "contact", "key_service"} & set(row.plain):
        message = "The answer is no discovery document."
        raise NotOpen311(message, status=source.status if source else None)
    return reading.discovery_of(row)


def read_errors(data: Data, source: Source | None = None) -> tuple[types.ErrorItem, ...]:
    """What an error answer says; empty when it cannot be told. Never raises."""
    source = source or Source()
    try:
        for _ in _rows(data, source, _Kind(("errors",), ("error",))):
            pass
    except Fault as fault:
        return fault.items
    except NotOpen311 as error:
        return (types.ErrorItem("", str(error)),) if str(error).startswith("An HTML page") else ()
    return ()


def _each(
    data: Data, source: Source | None, kind: _Kind, read: Callable[[Row], T | None]
) -> Iterator[T]:
    for row in _rows(data, source or Source(), kind):
        value = read(row)
        if value is not None:
            yield value


def _rows(data: Data, source: Source, kind: _Kind) -> Iterator[Row]:
    for index, plain in enumerate(_plain_rows(data, source, kind), 1):
        where = f"{kind.rows[0]}[{index}]"
        if isinstance(plain, dict):
            yield source.row(plain, where)
        elif plain is not None:
            source.noting.note("not-an-object", "Each row must be an object.", where)
            if source.noting.counts["not-an-object"] > MOST_ERRORS:
                message = "The rows of the list are no objects."
                raise NotOpen311(message)


def _plain_rows(data: Data, source: Source, kind: _Kind) -> Iterator[Any]:
    found, pieces = _sniffed(data, source)
    if found == "json":
        yield from _json_rows(pieces, source, kind)
    else:
        yield from _xml_rows(codec_xml.children(pieces, source.noting), source, kind)


def _sniffed(data: Data, source: Source) -> tuple[str, Iterator[str]]:
    """`xml` or `json`, seen from the content, and all of the text. Raises NotOpen311 for HTML."""
    chunks = [data] if isinstance(data, bytes) else data
    pieces = encodings.text_pieces(chunks, source.noting, max_bytes=source.max_bytes)
    head = ""
    for piece in pieces:
        head += piece
        if len(head.lstrip()) > 100:
            break
    start = head.lstrip()[:2000]
    whole = chain([head], pieces)
    if not start:
        message = "The answer is empty."
        raise NotOpen311(message)
    if start.startswith("<"):
        if _HTML.search(start.partition("<services")[0]):
            raise NotOpen311(_html_message(head))
        found = "xml"
    elif start.startswith(("{", "[", "null")):
        found = "json"
    else:
        message = "The answer is neither XML nor JSON."
        raise NotOpen311(message)
    if source.format and source.format != found:
        message = f"Asked for {source.format} and got {found}."
        source.noting.note("wrong-format", message)
    return found, whole


def _html_message(text: str) -> str:
    title = _TITLE.search(text[:_TITLE_WITHIN])
    if not title:
        return "An HTML page came instead of an answer."
    words = shorten(one_line(unescape(re.sub(r"<[^>]*>", "", title[1]))), 120)
    return f"An HTML page came instead of an answer: {words}"


def _xml_rows(found: Iterator[tuple[str, Any]], source: Source, kind: _Kind) -> Iterator[Any]:
    root = next(found)[0].lower()
    _check_no_errors(root, found, source)
    if root in kind.rows:
        source.noting.note("bare-object", f"`{root}` must stand inside `{kind.roots[0]}`.")
        yield _folded(found)
        return
    is_known = root in kind.roots
    if is_known and root != kind.roots[0]:
        source.noting.note("root-name", f"The root must be called `{kind.roots[0]}`, not `{root}`.")
    yield from _xml_list(found, source, kind, root="" if is_known else root)


def _xml_list(
    found: Iterator[tuple[str, Any]], source: Source, kind: _Kind, *, root: str
) -> Iterator[Any]:
    """The rows under the root; `root` is its name when it is not a right one."""
    for name, plain in found:
        child = name.lower()
        if child in kind.rows:
            root = ""
            yield plain
        elif child in kind.roots:
            source.noting.note("root-name", f"`{child}` must be the root.")
            root = ""
            yield from items_of(plain, kind.rows[0])
        elif child == "errors":
            raise _fault(plain, source)
    if root:
        message = f"The root is `{root[:60]}` and not `{kind.roots[0]}`."
        raise NotOpen311(message)


def _check_no_errors(root: str, found: Iterator[tuple[str, Any]], source: Source) -> None:
    if root == "errors":
        raise _fault([plain for _, plain in found], source)
    if root == "error":
        plain = _folded(found)
        raise _fault(plain.get(codec_xml.ROOT_TEXT, plain), source)


def _folded(found: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in found:
        codec_xml.add_child(plain, name, value)
    return plain


def _json_rows(pieces: Iterator[str], source: Source, kind: _Kind) -> Iterator[Any]:
    head = next(pieces)
    whole = chain([head], pieces)
    if head.lstrip().startswith("["):
        items = codec_json.items(whole, source.noting)
    else:
        value = codec_json.document(whole, source.noting)
        items = iter(_unwrapped(value, source, kind) if isinstance(value, dict) else [])
    first = list(islice(items, 1))
    if first and _is_error(first[0], kind):
        raise _fault([*first, *islice(items, MOST_ERRORS)], source)
    yield from chain(first, items)


def _unwrapped(value: dict[str, Any], source: Source, kind: _Kind) -> list[Any]:
    for root in kind.roots:
        if root in value:
            source.noting.note("json-wrapped", f"The list must not stand inside `{root}`.")
            return items_of(value[root], kind.rows[0])
    if _is_error(value, kind):
        raise _fault(value, source)
    source.noting.note("bare-object", "A list was expected, one object came.")
    if not _ID_KEYS & set(value):
        message = "The answer is another kind of document."
        raise NotOpen311(message)
    return [value]


def _is_error(value: Any, kind: _Kind) -> bool:
    if not isinstance(value, dict):
        return False
    keys = set(value)
    if "errors" in keys and not keys & _ID_KEYS:
        return True
    if kind.roots[0] == "errors":
        return bool(keys & _ERROR_KEYS)
    return bool(keys & (_ERROR_KEYS - {"description"})) and not keys & _ID_KEYS


def _fault(plain: Any, source: Source) -> Fault:
    """The Fault that an errors document means."""
    if isinstance(plain, dict) and "errors" in plain:
        plain = plain["errors"]
    items = []
    for item in items_of(plain, "error"):
        if isinstance(item, dict):
            items.append(reading.error_of(source.row(item, "error")))
        else:
            items.append(types.ErrorItem("", " ".join(leaves_of(item)).strip()))
    told = [item for item in items if item.code or item.description]
    words = shorten(one_line(told[0].description), 300) if told else ""
    message = f"The server answered with an error: {words or 'no description'}"
    return Fault(message, status=source.status or 200, items=tuple(told))


def _object(data: Data, source: Source | None, name: str) -> Row:
    source = source or Source()
    found, pieces = _sniffed(data, source)
    if found == "json":
        plain = _json_object(codec_json.document(pieces, source.noting), source, name)
    else:
        plain = _xml_object(codec_xml.children(pieces, source.noting), source, name)
    return source.row(plain, "")


def _xml_object(found: Iterator[tuple[str, Any]], source: Source, name: str) -> dict[str, Any]:
    root = next(found)[0].lower()
    _check_no_errors(root, found, source)
    if root != name:
        source.noting.note("root-name", f"The root must be called `{name}`, not `{root[:60]}`.")
    return _folded(found)


def _json_object(value: Any, source: Source, name: str) -> dict[str, Any]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        if _is_error(value[0], _SERVICES):
            raise _fault(value, source)
        source.noting.note("object-in-list", f"`{name}` must be an object, not a list.")
        value = value[0]
    if isinstance(value, dict) and isinstance(value.get(name), dict):
        source.noting.note("json-wrapped", f"The object must not stand inside `{name}`.")
        value = value[name]
    if not isinstance(value, dict):
        message = "The answer is no object."
        raise NotOpen311(message)
    if _is_error(value, _SERVICES) and "contact" not in value:
        raise _fault(value, source)
    return value
