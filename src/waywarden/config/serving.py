"""The site's web processes: granian, WSGI."""

import functools
import os
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from waywarden.adapters.serving import end_children_on_signals, follow_parent
from waywarden.config.listening import Listen
from waywarden.kernel.errors import Misconfigured

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
    end_children_on_signals()
    try:
        server.serve(target_loader=functools.partial(_load, os.getpid()), wrap_loader=False)
    except OSError as error:
        words = error.strerror or str(error)
        message = f"Cannot listen on {listen.host}, port {listen.port}: {words}."
        raise Misconfigured(message) from error


def _load(parent: int) -> WSGIApplication:
    follow_parent(parent)
    from waywarden.config.wsgi import application

    return application
