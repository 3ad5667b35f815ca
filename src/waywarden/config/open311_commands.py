"""`waywarden open311 …`: what our reader makes of a document that a server sent; no Django."""

import sys
from dataclasses import asdict
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from waywarden.kernel.errors import Misconfigured

NOTHING_TO_READ = 2


@click.group()
def open311() -> None:
    """Look at answers of Open311 servers as Waywarden reads them."""


@open311.command()
@click.argument(
    "kind",
    type=click.Choice(
        ["services", "definition", "requests", "updates", "post", "token", "discovery", "error"]
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--zone", default="UTC", show_default=True, help="The zone of dates without one.")
def read(*, kind: str, file: str, zone: str) -> None:
    """Print what is understood of FILE, an answer that was saved (- is standard input).

    JSON: `rows` with the names of the wire, and `deviations`, what was forgiven. Ends with 2 and
    a sentence where there is nothing to read.
    """
    import msgspec

    from waywarden.open311.errors import Fault, NotOpen311
    from waywarden.open311.explaining import explain

    with click.open_file(file, "rb") as given:
        data = given.read()
    try:
        found = explain(data, kind, zone=_zone(zone))
    except (Fault, NotOpen311) as error:
        click.echo(str(error), err=True)
        sys.exit(NOTHING_TO_READ)
    told = {"rows": found.rows, "deviations": [asdict(one) for one in found.deviations]}
    click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{name!r} is no time zone; write it as Europe/London."
        raise Misconfigured(message) from error
