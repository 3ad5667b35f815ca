"""Catching mails: an SMTP server that keeps every mail, and the pages that show them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from waywarden.config.mailbox import LARGEST, Mailbox
from waywarden.config.mailbox_pages import Pages
from waywarden.kernel.errors import Misconfigured


class _Catcher:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content or b""
        content = content.encode() if isinstance(content, str) else content
        self._mailbox.add(content, sender=envelope.mail_from or "", to=tuple(envelope.rcpt_tos))
        return "250 Kept"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: who read which mail is nobody's business."""


@contextmanager
def catching(
    folder: Path, *, host: str, smtp_port: int, http_port: int
) -> Iterator[tuple[int, int]]:
    """A catcher while the block lasts; yields the two ports (0 asks for free ones).

    Raises Misconfigured when a port is taken.
    """
    mailbox = Mailbox(folder)
    smtp_port = _checked_port(host, smtp_port)
    controller = Controller(
        _Catcher(mailbox), hostname=host, port=smtp_port, data_size_limit=LARGEST
    )
    try:
        controller.start()  # first, so that mails are taken as soon as the page answers
    except OSError as error:
        raise Misconfigured(_taken(host, smtp_port, error)) from error
    try:
        with _serving(Pages(mailbox), host, http_port) as port:
            yield smtp_port, port
    finally:
        controller.stop()


@contextmanager
def _serving(pages: WSGIApplication, host: str, asked: int) -> Iterator[int]:
    """Serves the pages while the block lasts; the port."""
    try:
        server = make_server(host, asked, pages, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise Misconfigured(_taken(host, asked, error)) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _checked_port(host: str, asked: int) -> int:
    """The port, a free one for 0. aiosmtpd would wait five seconds before it told of a taken one.

    Raises Misconfigured when it is taken.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, asked))
        except OSError as error:
            raise Misconfigured(_taken(host, asked, error)) from error
        return int(probe.getsockname()[1])


def _taken(host: str, port: int, error: OSError) -> str:
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."
