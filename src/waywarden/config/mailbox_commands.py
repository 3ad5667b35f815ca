"""`waywarden mailbox`: catch mails and show them on a page."""

import signal
import threading
from pathlib import Path

import click

from waywarden.config import environment
from waywarden.config.listening import listen_of
from waywarden.kernel.errors import Misconfigured


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--smtp", default="127.0.0.1:1025", show_default=True, help="Where mails come in.")
@click.option("--listen", default="127.0.0.1:8025", show_default=True, help="Where they are read.")
def mailbox(*, folder: Path | None, smtp: str, listen: str) -> None:
    """Catch every mail and show it on a page; nothing is passed on.

    Mails are kept in FOLDER (`mail` under WAYWARDEN_HOME when none is named) as .eml files.
    """
    from waywarden.config.mail_catcher import catching

    incoming, pages = listen_of(smtp), listen_of(listen)
    if incoming.host != pages.host:
        message = "The mailbox takes mails and shows them on the same address."
        raise Misconfigured(message)
    folder = folder or environment.read().home / "mail"
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with catching(folder, host=pages.host, smtp_port=incoming.port, http_port=pages.port) as (
        smtp_port,
        http_port,
    ):
        click.echo(
            f"Mails to {pages.host}:{smtp_port} are shown on http://{pages.host}:{http_port}/"
        )
        ended.wait()
