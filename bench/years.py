"""Serves a back-end with years of requests, on a port: how many it holds, rows of a page."""

import os
import sys
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from waywarden.sync.tests.years import MOST, Years

#: How many requests it holds; the server's own process reads it from its environment.
COUNT = "BENCH_YEARS"
#: Rows of a page, each beginning with the last row of the one before; 0 for a list that is cut.
PAGE = "BENCH_YEARS_PAGE"
_page = int(os.environ.get(PAGE, "0"))
_years = Years(int(os.environ.get(COUNT, "1000")), pages=_page > 0, most=_page or MOST)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The years; it need not remember what was asked."""
    _years.asked.clear()
    return _years(environ, start_response)


def main() -> None:
    """Serves on a port."""
    port, count, page = sys.argv[1:]
    os.environ |= {COUNT: count, PAGE: page}
    Granian(
        "bench.years:app",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=1,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
