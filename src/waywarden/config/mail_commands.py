"""`waywarden mail receive`: mail that comes back from bodies, from a pipe or a maildir."""

import logging
import mailbox
import sys
from pathlib import Path

import click

from waywarden.config import setup

log = logging.getLogger(__name__)

#: Tells a mail server to try again later (sysexits.h).
TRY_AGAIN = 75


@click.group()
def mail() -> None:
    """Mail that comes back from bodies."""


@mail.command()
@click.option(
    "--maildir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Files what is new in a maildir; without it, one mail from standard input.",
)
@click.option("--recipient", "recipients", multiple=True, help="The address it came to.")
def receive(*, maildir: Path | None, recipients: tuple[str, ...]) -> None:
    """File bounces and answers of bodies with their reports; stop alerts that bounce.

    As a pipe of a mail server it ends with 75 when the mail could not be filed, so that the server
    keeps it and tries again. In a maildir a mail is marked as seen once it is filed.
    """
    try:
        setup.set_up()
        from waywarden.config import mail_in

        if maildir is None:
            click.echo(mail_in.file(sys.stdin.buffer.read(), recipients=recipients))
            return
        box = mailbox.Maildir(maildir, create=False)
        count = 0
        for key in sorted(box.keys()):
            mail_in_box = box.get_message(key)
            if "S" in mail_in_box.get_flags():
                continue
            mail_in.file(box.get_bytes(key))
            mail_in_box.set_subdir("cur")
            mail_in_box.add_flag("S")
            box[key] = mail_in_box
            count += 1
        click.echo(f"{count} filed.")
    except Exception:  # whatever it is, the mail must not be lost
        log.exception("the mail was not filed; it must come again")
        sys.exit(TRY_AGAIN)
