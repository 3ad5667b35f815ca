"""`waywarden check`: judges any Open311 server; it needs neither Django nor PostgreSQL."""

import sys

import click

from waywarden.kernel.errors import Misconfigured


@click.command()
@click.argument("url")
@click.option("--jurisdiction", default="", help="The jurisdiction_id to ask for.")
@click.option("--api-key", default="", help="A key; updates and test reports often need one.")
@click.option(
    "--level",
    type=click.Choice(["1", "2", "3"]),
    default="1",
    show_default=True,
    help="The level of integration that must be met to end with 0.",
)
@click.option("--write", is_flag=True, help="Post test reports too; they stay in the system.")
@click.option("--at", default="", metavar="LAT,LONG", help="Where a test report may lie.")
@click.option("--json", "as_json", is_flag=True, help="Give the report as JSON.")
def check(
    *, url: str, jurisdiction: str, api_key: str, level: str, write: bool, at: str, as_json: bool
) -> None:
    """Judge the Open311 server at URL, and say in plain sentences what to change.

    URL is what stands before /services.xml. Its host may be private. Ends with 1 when something
    breaks integration at the asked level.
    """
    from rich.console import Console

    from waywarden.open311.conformance import report as reports
    from waywarden.open311.conformance import runner

    if not url.startswith(("http://", "https://")):
        message = f"{url!r} is no web address; it begins with http:// or https://."
        raise Misconfigured(message)
    target = runner.open_target(
        url,
        jurisdiction_id=jurisdiction,
        api_key=api_key,
        may_write=write,
        place=_place(at),
        may_be_private=True,
    )
    found = runner.run(target)
    if as_json:
        click.echo(reports.as_json(found, level=int(level)))
    else:
        reports.show(found, Console(highlight=False, soft_wrap=True))
    sys.exit(0 if found.meets(int(level)) else 1)


def _place(text: str) -> tuple[float, float] | None:
    """`60.17,24.94`. Raises Misconfigured when it is no place."""
    if not text:
        return None
    try:
        lat, long = (float(part) for part in text.split(","))
    except ValueError:
        lat, long = 100.0, 0.0
    if abs(lat) <= 90 and abs(long) <= 180:
        return lat, long
    message = f"{text!r} is no place; write it as 60.17,24.94 (latitude, longitude)."
    raise Misconfigured(message)
