"""`waywarden import open311|csv|geojson`: what already exists in a body's system, in bulk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waywarden.config import setup
from waywarden.config.sync_commands import Moment, body_named, show_deviations, show_table

if TYPE_CHECKING:
    from waywarden.sync.bulk_import import Imported, Progress
    from waywarden.sync.files import TableFile

_dry_run = click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
_afresh = click.option("--afresh", is_flag=True, help="Begin anew, not where it stopped.")
_rejects = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows that are not taken in go; rejects-BODY-NUMBER beside you unless given.",
)
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_mapping = click.option(
    "--mapping",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The TOML file that says what each column is.",
)
_body = click.option("--body", required=True, help="The body's short name.")


@click.group("import")
def import_group() -> None:
    """Take in what already exists. Nobody is mailed; running it twice adds nothing."""


@import_group.command()
@click.argument("body")
@click.option("--since", type=Moment(), help="From then on, such as 2012-01-01; else all at once.")
@click.option("--until", type=Moment(), help="Up to then; now unless given.")
@click.option("--from", "address", default="", help="Any Open311 address, not the body's own.")
@_dry_run
@_afresh
@_rejects
def open311(
    *,
    body: str,
    since: datetime | None,
    until: datetime | None,
    address: str,
    dry_run: bool,
    afresh: bool,
    rejects: Path | None,
) -> None:
    """Take in the requests that the Open311 server of BODY (its short name) knows.

    A run that was stopped goes on where it was when the same command is given again.
    """
    setup.set_up()
    from waywarden.sync.bulk_import import import_open311

    with _progress_bar() as tell:
        done = import_open311(
            body_named(body),
            address=address,
            since=since,
            until=until,
            dry_run=dry_run,
            afresh=afresh,
            tell=tell,
        )
    _show(done, rejects=rejects)


@import_group.command("csv")
@_file
@_mapping
@_body
@_dry_run
@_afresh
@_rejects
def csv_file(**options: Any) -> None:
    """Take in the rows of a CSV FILE."""
    _import_file(is_geojson=False, **options)


@import_group.command()
@_file
@_mapping
@_body
@_dry_run
@_afresh
@_rejects
def geojson(**options: Any) -> None:
    """Take in the features of a GeoJSON FILE; of lines and areas, a point inside."""
    _import_file(is_geojson=True, **options)


def _import_file(
    *,
    is_geojson: bool,
    file: Path,
    mapping: Path,
    body: str,
    dry_run: bool,
    afresh: bool,
    rejects: Path | None,
) -> None:
    setup.set_up()
    from waywarden.sync.bulk_import import import_file
    from waywarden.sync.files import TableFile
    from waywarden.sync.import_mapping import read_mapping

    table = TableFile(file, read_mapping(mapping), is_geojson=is_geojson)
    with _progress_bar() as tell:
        done = import_file(body_named(body), table, dry_run=dry_run, afresh=afresh, tell=tell)
    _show(done, rejects=rejects, file=table)


@import_group.command()
@_file
@click.option("--grid", default="", help="Of easting and northing, such as EPSG:27700.")
def addresses(*, file: Path, grid: str) -> None:
    """Take a gazetteer's CSV in: the numbers of properties and streets, and where they are.

    Columns: uprn, usrn (either may be missing), and latitude and longitude or easting and
    northing. It takes the place of the one before; until its end that one is used.
    """
    setup.set_up()
    from rich.console import Console

    from waywarden.areas.address_services import import_addresses

    with Console(stderr=True).status("Reading") as status:
        counts = import_addresses(
            file, grid=grid, progress=lambda rows: status.update(f"{rows:,} rows")
        )
    click.echo(
        f"{counts.read} rows: {counts.read - counts.left_out} taken in,"
        f" {counts.left_out} left out for want of a number or a place."
    )


@import_group.command()
@_file
@click.option("--kind", default="area", show_default=True, help="Where a feature says no kind.")
def areas(*, file: Path, kind: str) -> None:
    """Take the boundaries that bodies answer for in, from a GeoJSON FILE.

    Each feature needs a name; its code (or id) tells it apart: the same again replaces it.
    """
    setup.set_up()
    from waywarden.areas.services import import_geojson

    done = import_geojson(file, kind=kind)
    click.echo(f"{done.added} areas added, {done.replaced} replaced.")


@import_group.command()
@_file
@click.option("--name", required=True, help="What rules call it.")
def layer(*, file: Path, name: str) -> None:
    """Take the lines and polygons of a GeoJSON FILE in as a layer: trunk roads, parks, …"""
    setup.set_up()
    from waywarden.areas.services import import_layer

    click.echo(f"{import_layer(file, name=name)} shapes are the layer {name} now.")


@contextmanager
def _progress_bar() -> Iterator[Callable[["Progress"], None]]:
    """A bar on standard error: through the years where they are known, else the rows so far."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(), TextColumn("{task.fields[told]}"),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Importing", total=None, told="")

        def tell(progress: "Progress") -> None:
            if progress.is_waiting:
                bar.console.print("The same import seems to be running; waiting for it to end.")
                return
            totals = progress.totals
            told = f"{totals.rows:,} rows, {totals.new:,} new"
            total = completed = None
            if progress.since and progress.until and progress.position:
                total = (progress.until - progress.since).total_seconds()
                completed = (progress.position - progress.since).total_seconds()
                told += f", up to {progress.position:%Y-%m-%d}"
            bar.update(task, total=total, completed=completed, told=told)

        yield tell


def _show(done: "Imported", *, rejects: Path | None, file: "TableFile | None" = None) -> None:
    totals = done.totals
    click.echo(
        f"{totals.rows} rows: {totals.new} new, {totals.repeated} known already,"
        f" {totals.left_out} left out, {totals.rejected} rejected."
    )
    most = sorted(totals.matched.items(), key=lambda one: -one[1])
    others = sorted(totals.unmatched.items(), key=lambda one: -one[1])
    matched = [(name, "", str(number)) for name, number in most]
    unmatched = [
        ("Other", f"{name or '–'} ({code or 'no code'})", str(number))
        for (code, name), number in others
    ]
    show_table("Categories", ("category", "unmatched service", "rows"), [*matched, *unmatched])
    show_deviations(done.deviations)
    if done.run is None:
        click.echo("Dry run: nothing was changed.")
    elif totals.rejected:
        _write_rejects(done, rejects, file)


def _write_rejects(done: "Imported", path: Path | None, file: "TableFile | None") -> None:
    from waywarden.sync.rejects import write_rejects

    if done.run is None:
        return
    ending = "csv" if file is not None and not file.is_geojson else "jsonl"
    path = path or Path(f"rejects-{done.run.body.slug}-{done.run.pk}.{ending}")
    count = write_rejects(done.run, path, file=file)
    click.echo(f"{count} rejected rows, each with its reason, are in {path}.")
