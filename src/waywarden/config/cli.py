"""The `waywarden` command: its list of commands, and how it tells what went wrong."""

import sys
from collections.abc import Sequence

import click

from waywarden import __version__
from waywarden.config.lazy import LazyGroup
from waywarden.kernel.errors import WaywardenError

_HERE = "waywarden.config"

#: Name → where it is, and its line in the help. A new command is one line here.
COMMANDS: dict[str, tuple[str, str]] = {
    "adapter": (f"{_HERE}.adapter_commands:adapter", "Make a body's system look like Open311."),
    "assets": (f"{_HERE}.site_commands:assets", "Gather and compress the files browsers load."),
    "check": (f"{_HERE}.check_commands:check", "Judge any Open311 server, and say what to change."),
    "cobrand": (f"{_HERE}.cobrand_commands:cobrand", "The sites of this install, and a new one."),
    "config": (f"{_HERE}.file_commands:config", "Bodies and connections as files."),
    "db": (f"{_HERE}.database_commands:db", "The database: start, stop, psql, backup, restore."),
    "demo": (f"{_HERE}.site_commands:demo", "Run the whole thing with a demo city."),
    "doctor": (f"{_HERE}.doctor:doctor", "Check that this installation is set up right."),
    "fetch": (f"{_HERE}.sync_commands:fetch", "Take in problems that a body's system knows."),
    "import": (f"{_HERE}.import_commands:import_group", "Take in what already exists, in bulk."),
    "mail": (f"{_HERE}.mail_commands:mail", "File mail that comes back from bodies."),
    "mailbox": (f"{_HERE}.mailbox_commands:mailbox", "Catch mails and show them on a page."),
    "manage": (f"{_HERE}.site_commands:manage", "Run one of Django's own commands."),
    "migrate": (f"{_HERE}.site_commands:migrate", "Bring the database up to this version."),
    "open311": (f"{_HERE}.open311_commands:open311", "Look at a saved answer as it is read here."),
    "poll": (f"{_HERE}.sync_commands:poll", "Ask a body's system for updates now."),
    "replay": (f"{_HERE}.sending_commands:replay", "Try again what was refused or held."),
    "resend": (f"{_HERE}.sending_commands:resend", "Send open reports by the way they go now."),
    "send": (f"{_HERE}.sending_commands:send", "Send what waits of one report now."),
    "services": (f"{_HERE}.sync_commands:services", "Take a body's service list in."),
    "settings": (f"{_HERE}.settings_commands:settings", "List every setting and its value."),
    "web": (f"{_HERE}.site_commands:web", "Serve the site."),
    "works": (f"{_HERE}.adapter_commands:works", "Run the demo's works system."),
    "worker": (f"{_HERE}.site_commands:worker", "Work through the queue: send, poll, notify."),
}


@click.group(
    cls=LazyGroup,
    entries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="waywarden")
def cli() -> None:
    """Reports of problems in the street, carried to the body that mends them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command. What the operator can mend is said in a sentence, and the exit is 1."""
    try:
        cli(args=list(arguments) if arguments is not None else None, prog_name="waywarden")
    except WaywardenError as error:
        for words in (str(error), *getattr(error, "__notes__", ())):
            click.echo(words, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
