"""A machine that is told: a small WSGI app with a memory and switches, for tests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Receiver:
    """Keeps what it was told; `answers` are given in turn, then 204s."""

    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers in lower case, and the body as it came."""
    answers: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    url: str = ""

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {
            name[5:].lower().replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        self.heard.append((headers, environ["wsgi.input"].read(length)))
        status, more = self.answers.pop(0) if self.answers else ("204 No Content", [])
        start_response(status, [("Content-Type", "text/plain"), *more])
        return [b"heard" if not status.startswith("204") else b""]
