"""Starting the adapter server. The process that starts it stays small: it imports nothing else."""

import functools
import importlib
import os
import sys
from pathlib import Path
from wsgiref.types import WSGIApplication

from waywarden.adapters import serving
from waywarden.kernel.errors import Misconfigured

STORE_NAME = "adapter-store.sqlite3"
_WRONG = 1


def serve(
    directory: Path,
    *,
    host: str,
    port: int,
    store: Path | None = None,
    pages: bool = True,
    max_body: int = 64_000_000,
) -> None:
    """Serves every deployment file of a folder until SIGTERM or SIGINT.

    `max_body` is in bytes, of a POST. `store` is the file that remembers what was sent, beside the
    deployments unless named.
    Raises Misconfigured when it cannot listen. Ends with 1 and a line for every fault when a
    deployment file is wrong.
    """
    store = store or directory / STORE_NAME
    load = functools.partial(_load, directory, store, pages, max_body)
    serving.run(load, host=host, port=port)


def _load(directory: Path, store: Path, pages: bool, max_body: int) -> WSGIApplication:
    app = importlib.import_module("waywarden.adapters.app")
    try:
        application: WSGIApplication = app.load(
            directory, store=store, pages=pages, max_body=max_body
        )
    except Misconfigured as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - the operator reads it
        os._exit(_WRONG)
    return application
