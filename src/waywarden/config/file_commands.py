"""`waywarden config export` and `apply`: bodies, categories and connections as files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from waywarden.config import setup

if TYPE_CHECKING:
    from waywarden.bodies.config_parts import Parts

_FOLDER = click.Path(file_okay=False, path_type=Path)
_THERE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def config() -> None:
    """Bodies, categories and connections as TOML files."""


@config.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
def export(*, folder: Path) -> None:
    """Write all of it to DIR; secrets are named, never written."""
    setup.set_up()
    from waywarden.bodies import config_files

    count = config_files.write(folder, config_files.documents(_parts()))
    click.echo(f"{count} files in {folder}.")


@config.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
def apply(*, folder: Path, dry_run: bool) -> None:
    """Make the site as the files of DIR say; what they do not name is left alone.

    Everything is checked before anything is written; a wrong line changes nothing, and the exit
    is 1.
    """
    setup.set_up()
    from waywarden.bodies import config_files, config_services

    applied = config_services.apply(config_files.read(folder), parts=_parts(), dry_run=dry_run)
    if applied.errors:
        for error in applied.errors:
            click.echo(error, err=True)
        click.echo("Nothing was changed.", err=True)
        sys.exit(1)
    for change in applied.changes:
        click.echo(change)
    if not applied.changes:
        click.echo("Nothing to change.")
    elif dry_run:
        click.echo("Nothing was changed: a dry run.")


def _parts() -> "Parts":
    """What rooms above `bodies` keep for a body or a connection."""
    from waywarden.bodies.config_parts import Parts
    from waywarden.reports.rule_services import RULES
    from waywarden.sync.exclusion_services import EXCLUSIONS

    return Parts(of_bodies=(RULES,), of_connections=(EXCLUSIONS,))
