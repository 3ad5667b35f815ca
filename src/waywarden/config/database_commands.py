"""`waywarden db …`: the database, embedded or by DATABASE_URL."""

from pathlib import Path

import click

from waywarden.config import database, dumps, environment
from waywarden.kernel.errors import Misconfigured


@click.group()
def db() -> None:
    """The database: embedded under WAYWARDEN_HOME, or the server that DATABASE_URL names.

    The embedded one is started by the first command that needs it and stopped by the last.
    """


@db.command()
def start() -> None:
    """Start the embedded database, and keep it running until `db stop`."""
    settings = _embedded()
    click.echo(f"The database runs: {database.keep(settings.home)}")


@db.command()
@click.option("--even-if-used", is_flag=True, help="Cut off the commands that use it.")
def stop(*, even_if_used: bool) -> None:
    """Stop the embedded database."""
    settings = _embedded()
    stopped = database.stop(settings.home, even_if_used=even_if_used)
    click.echo("The database is stopped." if stopped else "The database did not run.")


@db.command()
def url() -> None:
    """Print the database's address, for other programs; starts nothing."""
    click.echo(database.url(environment.read()))


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def psql(ctx: click.Context, *, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS are psql's own."""
    ctx.exit(dumps.psql(database.ensure(environment.read()), arguments))


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(*, file: Path) -> None:
    """Write the whole database to FILE, while the site runs if need be.

    Photos lie in the `media` folder and the keys beside it: keep those too.
    """
    dumps.backup(database.ensure(environment.read()), file)
    click.echo(f"Backed up to {file}. Keep the photos and the key files of WAYWARDEN_HOME with it.")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before what is there is replaced.")
def restore(*, file: Path, yes: bool) -> None:
    """Replace the database by what FILE holds.

    The old one is dropped only after the new one is complete. Stop the site and the worker first.
    """
    if not yes:
        click.confirm(
            "This replaces every report, user and setting in the database. Go on?", abort=True
        )
    dumps.restore(database.ensure(environment.read()), file)
    click.echo(f"Restored from {file}.")


def _embedded() -> environment.Environment:
    settings = environment.read()
    if settings.database_url:
        message = "DATABASE_URL names a server of its own; it is not Waywarden's to start or stop."
        raise Misconfigured(message)
    return settings
