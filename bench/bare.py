"""The bare machine, to compare with: a WSGI answer of nothing, and a back-end of 20 ms.

The back-end stands for one on a machine of its own, so it costs this one as little as may be.
"""

import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIEnvironment

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

#: Seconds until the back-end answers.
SLOW = 0.02
CODE = "POT"
_RUN, _NUMBERS = uuid4().hex[:8], count(1)
_REQUEST = (
    "<service_requests><request><service_request_id>{}</service_request_id></request>"
    "</service_requests>"
)
_UPDATE = (
    "<service_request_updates><request_update><update_id>{}</update_id></request_update>"
    "</service_request_updates>"
)


def nothing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A small answer."""
    _ = environ
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def backend(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Takes any new request or update after a while, and gives the next number."""
    environ["wsgi.input"].read()
    time.sleep(SLOW)
    form = _UPDATE if "servicerequestupdates" in environ["PATH_INFO"] else _REQUEST
    body = form.format(f"N{_RUN}-{next(_NUMBERS)}").encode()
    start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]


#: Updates of the long answer; reports of the city that they are about, in turn.
LONG, ABOUT = 100_000, 10_000
_EMPTY = b"<service_request_updates/>"


def quiet(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """An Open311 server that never has any news."""
    _ = environ
    start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(_EMPTY)))])
    return [_EMPTY]


def long(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """One answer of a hundred thousand updates, 40 MB; `/MARK/…` makes their ids new ones.

    Of a mark that begins with `few` there are a thousand.
    """
    mark = environ["PATH_INFO"].split("/")[1]
    rows = 1000 if mark.startswith("few") else LONG
    start_response("200 OK", [("Content-Type", "text/xml")])
    now = datetime.now(UTC) - timedelta(hours=1)
    yield b"<service_request_updates>"
    for first in range(0, rows, 1000):
        yield "".join(_row(mark, first + turn, now) for turn in range(1000)).encode()
    yield b"</service_request_updates>"


def _row(mark: str, number: int, now: datetime) -> str:
    at = (now + timedelta(milliseconds=10 * number)).isoformat()
    return (
        f"<request_update><update_id>{mark}-{number}</update_id>"
        f"<service_request_id>B{number % ABOUT + 1}</service_request_id>"
        "<status>IN_PROGRESS</status>"
        f"<updated_datetime>{at}</updated_datetime><description>{number} of {mark}: {_WORDS}"
        "</description></request_update>"
    )


_WORDS = "We have looked at it and will come back. " * 4


def main() -> None:
    """Serves one of them: `nothing`, `backend`, `quiet` or `long`, on a port."""
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
