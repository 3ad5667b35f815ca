"""A receiver of webhooks with a memory and switches, for tests and demonstrations."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment


@dataclass(slots=True)
class Switches:
    """How the receiver misbehaves."""

    status: int = 0
    """Answers every call with it; nothing is done."""
    lost_reply: bool = False
    """It is done; a gateway answers 504."""
    html: bool = False
    """Nothing is done; a login page comes with 200."""
    forgets_key: bool = False
    """A repeated key is taken once more."""


@dataclass(slots=True)
class FakeReceiver:
    """Keeps what it takes, by key; `calls` are all that came, with their headers."""

    switches: Switches = field(default_factory=Switches)
    taken: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        said = json.loads(raw)
        headers = {
            name[5:].replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        self.calls.append((said, {**headers, "body": raw.decode()}))
        if self.switches.html:
            return _answer(start_response, 200, "text/html", "<title>Sign in</title>")
        if self.switches.status:
            told = json.dumps({"error": "We do not take this."})
            return _answer(start_response, self.switches.status, "application/json", told)
        number = self._take(said)
        if self.switches.lost_reply:
            return _answer(start_response, 504, "text/html", "<h1>Gateway timeout</h1>")
        told = json.dumps({"id": number})
        return _answer(start_response, 201, "application/json", told)

    def _take(self, said: dict[str, Any]) -> str:
        keys = [one["key"] for one in self.taken]
        if said["key"] in keys and not self.switches.forgets_key:
            return f"W{keys.index(said['key']) + 1}"
        self.taken.append(said)
        return f"W{len(self.taken)}"


def _answer(start_response: StartResponse, status: int, kind: str, text: str) -> list[bytes]:
    body = text.encode()
    start_response(f"{status} Answer", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
