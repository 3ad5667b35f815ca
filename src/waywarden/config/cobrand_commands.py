"""`waywarden cobrand`: the sites of this install, a new one, and what is wrong with one."""

import click

from waywarden import cobrands
from waywarden.cobrands import beginning, reading
from waywarden.config import environment
from waywarden.kernel.cobrand import Registry
from waywarden.kernel.errors import Misconfigured


@click.group()
def cobrand() -> None:
    """The sites of this install."""


@cobrand.command(name="list")
def list_() -> None:
    """List every site: name, hosts, folder."""
    for folder in cobrands.folders(environment.read().cobrands):
        site = reading.read(folder)
        click.echo(f"{site.name}  {' '.join(site.hosts) or '-'}  {folder}")


@cobrand.command()
@click.argument("name")
def new(*, name: str) -> None:
    """Make the folder of a new site NAME, and say what to do with it."""
    made = beginning.begin(name, within=environment.read().cobrands)
    click.echo(f"Made {made.folder}.")
    click.echo(f"Change its {reading.FILE}, start the site anew, and open it on {made.hosts[0]}.")


@cobrand.command()
def check() -> None:
    """Read every site's file and say all that is wrong; ends with 1 when something is."""
    faults, sites = [], Registry()
    for folder in cobrands.folders(environment.read().cobrands):
        try:
            site = reading.read(folder)
            sites.add(site)
        except Misconfigured as wrong:
            faults.append(str(wrong))
        else:
            click.echo(f"{site.name} is right.")
    if faults:
        raise Misconfigured("\n".join(faults))
