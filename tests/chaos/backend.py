"""The body's system: an Open311 server with a memory, behind a wire that is cut as dice fall.

A process of its own. What it did is never lost; what it answers often is. It knows nothing of
idempotency keys, as most servers: a report that is posted twice stands in it twice. Another port
answers `GET /state` and takes `POST /control` (JSON): how rough it is, down or up, say updates.
"""

import enum
import io
import json
import random
import socket
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from waywarden.backends.open311.fake import FakeServer
from waywarden.kernel import clock
from waywarden.open311 import types

HOST = "127.0.0.1"
CODE = "POT"
#: Tokens are answered after so many seconds.
TOKENS_TAKE = 20.0
#: An update may be told this much later than it says it was made: less than the polls' overlap.
LATE = timedelta(minutes=4)


class Fault(enum.StrEnum):
    """What becomes of one call: whether it is done, and what is answered."""

    NONE = "none"
    SLOW = "slow"  # done, answered after a while
    BUSY = "busy"  # nothing done, 503
    ERROR_BEFORE = "error before"  # nothing done, 500
    ERROR_AFTER = "error after"  # done, 500
    GATEWAY_BEFORE = "gateway before"  # nothing done, 502 with HTML
    GATEWAY_AFTER = "gateway after"  # done, 502 with HTML
    LOGIN = "login"  # nothing done, 200 with a login page
    GARBAGE = "garbage"  # done, 200 with rubbish
    CUT_BEFORE = "cut before"  # nothing done, the connection is cut
    CUT_AFTER = "cut after"  # done, the connection is cut
    CUT_WITHIN = "cut within"  # done, the answer breaks off
    TOKEN = "token"
    EXISTS = "exists"  # done, and said to exist already


WHEN_POSTED = tuple(Fault)
WHEN_ASKED = (
    Fault.NONE, Fault.SLOW, Fault.BUSY, Fault.ERROR_BEFORE, Fault.GATEWAY_BEFORE, Fault.LOGIN,
    Fault.CUT_BEFORE, Fault.CUT_WITHIN,
)  # fmt: skip
UNDONE = {
    Fault.BUSY: (503, "text/html", "<h1>Busy</h1>"),
    Fault.ERROR_BEFORE: (500, "text/xml", "<errors><error><code>500</code></error></errors>"),
    Fault.GATEWAY_BEFORE: (502, "text/html", "<html><h1>Bad gateway</h1></html>"),
    Fault.LOGIN: (200, "text/html", "<!doctype html><title>Sign in</title>"),
}
DONE = {
    Fault.ERROR_AFTER: (500, "text/xml", "<errors><error><code>500</code></error></errors>"),
    Fault.GATEWAY_AFTER: (502, "text/html", "<html><h1>Bad gateway</h1></html>"),
    Fault.GARBAGE: (200, "text/xml", "\x00\x01 <<< no document"),
    Fault.EXISTS: (
        400,
        "text/xml",
        "<errors><error><description>This already exists.</description></error></errors>",
    ),
}


class Remote:
    """The system and its dice. `roughness` is the share of calls that something happens to."""

    def __init__(self, seed: int) -> None:
        self.lock = threading.RLock()
        self.dice = random.Random(seed)  # noqa: S311 - dice
        self.roughness = 0.0
        self.server = FakeServer([types.Service(CODE, "Potholes")])
        self.server.switches.forgets_key = True
        self.server.switches.lists_most = 1000
        self.token_times: dict[str, float] = {}
        self.faults: dict[str, int] = {}

    def throw(self, method: str) -> Fault:
        """What becomes of the next call."""
        with self.lock:
            fault = Fault.NONE
            if self.dice.random() < self.roughness:
                fault = self.dice.choice(WHEN_POSTED if method == "POST" else WHEN_ASKED)
            self.faults[fault] = self.faults.get(fault, 0) + 1
            return fault

    def call(self, environ: dict[str, Any], *, as_token: bool = False) -> tuple[int, bytes]:
        """Does it, one at a time; the status and the body."""
        said: list[str] = []
        with self.lock:
            self._settle_tokens()
            self.server.switches.token = as_token
            pieces = self.server(environ, lambda status, _headers: said.append(status))
            body = b"".join(pieces)
            for token in self.server.memory.tokens:
                self.token_times.setdefault(token, time.monotonic())
        return int(said[0][:3]), body

    def _settle_tokens(self) -> None:
        now = time.monotonic()
        self.server.memory.settled.update(
            token for token, began in self.token_times.items() if now - began > TOKENS_TAKE
        )

    def say_updates(self, count: int) -> int:
        """So many updates of reports that are here: some late, some doubled, in no order."""
        with self.lock:
            held = list(self.server.memory.requests)
            if not held:
                return 0
            made = len({one.update_id for one in self.server.memory.updates})
            rows = [self._update(made + turn, self.dice.choice(held)) for turn in range(count)]
            rows += [one for one in rows if self.dice.random() < 0.1]
            self.dice.shuffle(rows)
            self.server.memory.updates += rows
            return count

    def _update(self, number: int, request_id: str) -> types.ServiceRequestUpdate:
        late = LATE * self.dice.random() if self.dice.random() < 0.3 else timedelta()
        return types.ServiceRequestUpdate(
            update_id=f"U{number}",
            service_request_id=request_id,
            status=self.dice.choice(["in_progress", "planned", "open", "investigating", "fixed"]),
            updated_datetime=clock.now() - late,
            description=f"Note {number} of the crew.",
        )

    def state(self) -> dict[str, Any]:
        """Which report of ours stands here under which ids, and what happened to calls."""
        with self.lock:
            arrived: dict[str, list[str]] = {}
            for kept in self.server.memory.requests.values():
                ours = kept.new.attributes.get("fixmystreet_id", ("",))[0]
                arrived.setdefault(ours, []).append(kept.id)
            updates = sorted({one.update_id for one in self.server.memory.updates})
            return {"arrived": arrived, "updates": updates, "faults": self.faults}


class Rough(BaseHTTPRequestHandler):
    """One connection of the rough wire."""

    protocol_version = "HTTP/1.1"
    server: "RoughServer"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        remote = self.server.remote
        fault = remote.throw(self.command)
        if fault is Fault.CUT_BEFORE:
            self._cut()
            return
        if fault in UNDONE:
            self._answer(*UNDONE[fault])
            return
        status, made = remote.call(self._environ(body), as_token=fault is Fault.TOKEN)
        if fault is Fault.SLOW:
            time.sleep(1.5)
        if fault is Fault.CUT_AFTER:
            self._cut()
        elif fault in DONE:
            self._answer(*DONE[fault])
        else:
            self._answer(status, "text/xml", made, within=fault is Fault.CUT_WITHIN)

    def _environ(self, body: bytes) -> dict[str, Any]:
        split = urlsplit(self.path)
        return {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": split.path,
            "QUERY_STRING": split.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_IDEMPOTENCY_KEY": self.headers.get("Idempotency-Key", ""),
            "wsgi.input": io.BytesIO(body),
        }

    def _answer(self, status: int, kind: str, body: bytes | str, *, within: bool = False) -> None:
        data = body.encode() if isinstance(body, str) else body
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if within else data)
        if within:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class RoughServer(ThreadingHTTPServer):
    """The rough wire, before the system."""

    daemon_threads = True

    def __init__(self, port: int, remote: Remote) -> None:
        super().__init__((HOST, port), Rough)
        self.remote = remote


class Wire:
    """The listening port, which can be taken away and given back."""

    def __init__(self, remote: Remote, port: int) -> None:
        self._remote, self._port = remote, port
        self._server: RoughServer | None = None

    def up(self) -> None:
        """Listens."""
        if self._server is None:
            self._server = RoughServer(self._port, self._remote)
            threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def down(self) -> None:
        """Refuses connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Control(BaseHTTPRequestHandler):
    """What the storm asks of the system."""

    server: "ControlServer"

    def do_GET(self) -> None:
        self._answer(self.server.remote.state())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(self.server.obey(asked))

    def _answer(self, told: dict[str, Any]) -> None:
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class ControlServer(ThreadingHTTPServer):
    """The other port."""

    def __init__(self, port: int, remote: Remote, wire: Wire) -> None:
        super().__init__((HOST, port), Control)
        self.remote, self._wire = remote, wire

    def obey(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Does what is asked: `roughness`, `is_up`, `updates`."""
        if "roughness" in asked:
            self.remote.roughness = asked["roughness"]
        if asked.get("is_up") is True:
            self._wire.up()
        if asked.get("is_up") is False:
            self._wire.down()
        made = self.remote.say_updates(asked["updates"]) if "updates" in asked else 0
        return {"made": made}


def main() -> None:
    """Arguments: port, control port, seed."""
    port, control, seed = (int(one) for one in sys.argv[1:])
    remote = Remote(seed)
    wire = Wire(remote, port)
    wire.up()
    ControlServer(control, remote, wire).serve_forever()


if __name__ == "__main__":
    main()
