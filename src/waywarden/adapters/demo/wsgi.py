"""One web request and its answer, as much of WSGI as the works system's small server needs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.kernel.errors import RuleBroken

MAX_BODY = 40_000_000
"""Bytes; photos travel inside the JSON of a new job."""
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Question:
    """A request. `path` has no trailing slash; `body` is read once, at the start."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def asked(self, name: str) -> str:
        """The first value of a query parameter, or ""."""
        return self.query.get(name, [""])[0]

    def form(self) -> dict[str, str]:
        """The body as an urlencoded form; of a repeated field the first value."""
        fields = _parsed(self.body.decode(errors="replace"))
        return {name: values[0] for name, values in fields.items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Hands it to the server."""
        headers = {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.body)),
            "X-Content-Type-Options": "nosniff",
            **self.headers,
        }
        start_response(f"{self.status} {HTTPStatus(self.status).phrase}", list(headers.items()))
        return [self.body]


def read(environ: WSGIEnvironment) -> Question:
    """The request in a WSGI environment. Raises RuleBroken when its body is too long."""
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdigit() else 0
    if size > MAX_BODY:
        raise RuleBroken("The body is too long.")
    return Question(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").rstrip("/") or "/",
        query=_parsed(environ.get("QUERY_STRING", "")),
        headers={
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
        body=environ["wsgi.input"].read(size) if size else b"",
    )


def _parsed(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise RuleBroken("There are too many fields.") from error


def as_json(value: Any, *, status: int = 200) -> Reply:
    """An answer that is JSON."""
    return Reply(status, "application/json; charset=utf-8", json.dumps(value).encode())


def as_html(text: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that is a page."""
    return Reply(status, "text/html; charset=utf-8", text.encode(), headers or {})


def see_other(path: str) -> Reply:
    """Sends the browser on after a form was taken."""
    return Reply(303, "text/plain; charset=utf-8", b"", {"Location": path})
