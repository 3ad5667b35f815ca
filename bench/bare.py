"""The bare machine, to compare with: a WSGI answer of nothing, and a back-end of 20 ms."""

import sys
import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from waywarden.backends.open311.fake import FakeServer
from waywarden.open311.types import Service

#: Seconds until the back-end answers.
SLOW = 0.02
CODE = "POT"
_fake = FakeServer([Service(service_code=CODE, service_name="Potholes")])
_one_at_a_time = threading.Lock()


def nothing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A small answer."""
    _ = environ
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def backend(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The fake Open311 server, which takes its time; its memory is written by one at a time."""
    time.sleep(SLOW)
    with _one_at_a_time:
        return list(_fake(environ, start_response))


def main() -> None:
    """Serves one of the two: `nothing` or `backend`, on a port."""
    name, port = sys.argv[1:]
    Granian(
        f"bench.bare:{name}",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=2 if name == "nothing" else 1,
        blocking_threads=2 if name == "nothing" else 64,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
