"""Running a WSGI application as a program of its own, quick to start and clean to stop."""

import functools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from waywarden.kernel.errors import Misconfigured

THREADS = 16
_LOOK_EVERY = 0.5
"""Seconds between two looks at whether the parent still lives."""
_KILL_AFTER = 30
"""Seconds the serving process gets to finish its requests."""


def run(load: Callable[[], WSGIApplication], *, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT. Raises Misconfigured when it could not be started.

    `load` runs in the serving process, so it must be something pickle can carry: a function of
    a module, or a partial of one. There is one serving process: what it holds in memory (locks,
    switches) holds for all requests.
    """
    _check_free(host, port)
    server = Granian(
        __name__,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        backpressure=64,
        websockets=False,
        workers_kill_timeout=_KILL_AFTER,
        log_level=LogLevels.error,  # it warns of the number of threads at each start
    )
    server.on_startup(_stay_on_hangup)
    end_children_on_signals()
    loader = functools.partial(_load, load, os.getpid())
    server.serve(target_loader=loader, wrap_loader=False)


def _stay_on_hangup() -> None:
    """The server would else start a second process, and what they hold belongs to one."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _check_free(host: str, port: int) -> None:
    """The server's own complaint about an address would be a stack trace."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        message = f"Cannot listen on {host}, port {port}: {error.strerror or error}."
        raise Misconfigured(message) from error


def _load(load: Callable[[], WSGIApplication], parent: int) -> WSGIApplication:
    follow_parent(parent)
    return load()


def end_children_on_signals() -> None:
    """Lets SIGTERM and SIGINT end what this process forks from now on, as long as that has set no
    handlers of its own.

    It would inherit ours, which swallow a signal that comes before the server's are set: it would
    go on, and a parent that waits for it would wait for ever.
    """
    numbers = (signal.SIGTERM, signal.SIGINT)

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)

    def begin() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
        unblock()

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, numbers),
        after_in_parent=unblock,
        after_in_child=begin,
    )


def follow_parent(parent: int) -> None:
    """Ends this process when `parent` (a process id) is gone: killed, it would end nobody, and
    its child would hold the port."""
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
