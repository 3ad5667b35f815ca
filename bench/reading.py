"""Reads a long answer of updates as it streams in; prints seconds and megabytes as JSON."""

import json
import resource
import sys
import time
from collections.abc import Iterator

from waywarden.open311.documents import read_updates

HEAD, TAIL = b"<service_request_updates>", b"</service_request_updates>"
ROW = (
    "<request_update><update_id>{0}</update_id><service_request_id>B{0}</service_request_id>"
    "<status>IN_PROGRESS</status><updated_datetime>2026-11-26T10:00:00Z</updated_datetime>"
    "<description>The crew has looked at it and will come again next week, job {0}. "
    "Please keep away from the place until then; it has been made safe.</description>"
    "<media_url/><external_status_code>INSP-02</external_status_code></request_update>"
)
PIECE = 64 * 1024


def main() -> None:
    """Argument: how many updates."""
    count = int(sys.argv[1])
    list(read_updates(answer(10)))
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = sum(1 for _row in read_updates(answer(count)))
    seconds = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if found != count:
        sys.exit(f"only {found} of {count} were read")
    print(json.dumps({"seconds": seconds, "megabytes": (most - idle) / 1024}))


def answer(count: int) -> Iterator[bytes]:
    """The document in pieces, as a socket gives it; it is never held whole."""
    held = HEAD
    for number in range(1, count + 1):
        held += ROW.format(number).encode()
        if len(held) >= PIECE:
            yield held
            held = b""
    yield held + TAIL


if __name__ == "__main__":
    main()
