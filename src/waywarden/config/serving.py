"""The site's web processes: granian, WSGI."""

import functools
import os
import threading
import time
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from waywarden.config.listening import Listen
from waywarden.kernel.errors import Misconfigured

_LOOK_EVERY = 0.5
"""Seconds between two looks at whether the parent still lives."""
_KILL_AFTER = 30
"""Seconds a worker gets to finish its requests."""


def serve(listen: Listen, *, workers: int, threads: int) -> None:
    """Serves until SIGTERM or SIGINT. Raises Misconfigured when the port is taken."""
    server = Granian(
        "waywarden.config.wsgi:application",
        address=listen.host,
        port=listen.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_AFTER,
    )
    try:
        server.serve(target_loader=functools.partial(_load, os.getpid()), wrap_loader=False)
    except OSError as error:
        words = error.strerror or str(error)
        message = f"Cannot listen on {listen.host}, port {listen.port}: {words}."
        raise Misconfigured(message) from error


def _load(parent: int) -> WSGIApplication:
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    from waywarden.config.wsgi import application

    return application


def _end_with(parent: int) -> None:
    """Ends this process when the one that started it was killed: it would hold the port."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
