"""`waywarden adapter` and `waywarden works`: they need neither Django nor PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from waywarden.config.listening import listen_of
from waywarden.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from waywarden.adapters.deployment import Loaded

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LISTEN = "127.0.0.1:8002"


@click.group()
def adapter() -> None:
    """Make a body's system look like Open311."""


@adapter.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--listen", default=_LISTEN, show_default=True, help="Address and port.")
@click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that remembers what was sent; beside the deployments unless named.",
)
@click.option("--pages/--no-pages", default=True, help="Show how it goes at / and /metrics.")
@click.option(
    "--largest",
    metavar="MB",
    type=click.IntRange(1, 1000),
    default=64,
    show_default=True,
    help="The largest POST, in megabytes, photos and all.",
)
def serve(*, directory: Path, listen: str, store: Path | None, pages: bool, largest: int) -> None:
    """Serve every deployment file of DIRECTORY, each under its jurisdiction."""
    from waywarden.adapters import start

    place = listen_of(listen)
    click.echo(f"The deployments of {directory} are served on http://{listen}/")
    start.serve(
        directory,
        host=place.host,
        port=place.port,
        store=store,
        pages=pages,
        max_body=largest * 1_000_000,
    )


@adapter.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--ask", is_flag=True, help="Ask the system too whether the file fits it.")
def check(*, path: Path, ask: bool) -> None:
    """Check a deployment FILE (or a folder of them) and name every fault with its line."""
    from waywarden.adapters.deployment import load, load_all
    from waywarden.adapters.kinds import KINDS

    loaded = load_all(path, KINDS) if path.is_dir() else (load(path, KINDS),)
    wrong = [fault for one in loaded for fault in (_asked(one) if ask else [])]
    if wrong:
        raise Misconfigured("\n".join(wrong))
    for one in loaded:
        click.echo(f"{one.path.name} is right: {one.deployment.name}, by {one.deployment.kind}.")


def _asked(one: "Loaded") -> Iterator[str]:
    """Says what a system is found to be like; gives what is wrong."""
    import os

    from waywarden.adapters.asking import asked

    for found, is_wrong in asked(one, environ=os.environ):
        if is_wrong:
            yield str(found)
        else:
            click.echo(f"  {found}")


@adapter.command(name="try")
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--report", type=click.File("rb"), help="A report to try, as JSON.")
@click.option("--change", type=click.File("rb"), help="A row of the system's to try, as JSON.")
@click.option("--at", metavar="LAT,LONG", help="Where the sample report is.")
def try_(*, path: Path, report: IO[bytes] | None, change: IO[bytes] | None, at: str | None) -> None:
    """Show what a report and a change of the system would become. Nothing is sent."""
    import json
    import os

    from waywarden.adapters import preview
    from waywarden.adapters.deployment import load
    from waywarden.adapters.kinds import KINDS

    loaded = load(path, KINDS)
    sample = preview.read_report(report.read()) if report else preview.SampleReport()
    if at:
        sample = preview.moved(sample, at)
    row = json.loads(change.read()) if change else None
    for text in preview.previews(loaded, sample=sample, change=row, environ=os.environ):
        click.echo(f"{text}\n")


@adapter.command()
@click.argument("kind")
@click.argument("name")
@click.option(
    "--directory",
    default="deployments",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the file is written.",
)
def new(*, kind: str, name: str, directory: Path) -> None:
    """Write a deployment file of a KIND for the body called NAME, and make a key."""
    from waywarden.adapters import new_file
    from waywarden.adapters.kinds import KINDS

    if kind not in KINDS:
        message = f"There is no kind {kind!r}. There are: {', '.join(KINDS)}."
        raise Misconfigured(message)
    path, key = new_file.write_new(KINDS[kind], name, directory=directory)
    click.echo(f"{path} was written. Change what it says, then: waywarden adapter check {path}")
    click.echo(f"The key for the sender, told only now: {key}")


@adapter.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--store", type=_FILE, help="The store; beside the deployments unless named.")
@click.option("--retry", is_flag=True, help="Try everything again that was given up.")
@click.option("--key", help="An unsure one, as it is listed.")
@click.option("--as", "number", help="With --key: it arrived, and this is its id.")
@click.option("--again", is_flag=True, help="With --key: it did not arrive; send it again.")
def stuck(
    *, directory: Path, store: Path | None, retry: bool, key: str, number: str, again: bool
) -> None:
    """List what is stuck in DIRECTORY's store, or settle it. Safe while the server runs."""
    from waywarden.adapters import stuck as rows
    from waywarden.adapters.start import STORE_NAME
    from waywarden.adapters.store import Store
    from waywarden.kernel import clock

    path = store or directory / STORE_NAME
    if not path.exists():
        raise Misconfigured(f"There is no store at {path}.")
    kept = Store(path, is_ours=False)
    if key:
        if bool(number) == again:
            raise Misconfigured("Say with --as which id it has, or with --again to send it again.")
        rows.settle(kept, rows.named(kept, key), answer=number or "")
        click.echo("Noted. It takes effect when the sender asks again.")
    elif retry:
        click.echo(f"{rows.retry_all(kept, now=clock.now())} will be tried again.")
    else:
        found = rows.all_stuck(kept)
        for one in found:
            click.echo(
                f"{one.kind}: {one.jurisdiction} {one.since:%Y-%m-%d %H:%M} UTC, {one.words}"
            )
            click.echo(f"    {one.key}")
        click.echo(f"{len(found)} in all." if found else "Nothing is stuck.")


@adapter.group()
def sql() -> None:
    """For adapters of the kind `sql`."""


@sql.command()
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--print", "only_print", is_flag=True, help="Show the SQL and run nothing.")
def install(*, path: Path, only_print: bool) -> None:
    """Make the update table and its trigger in the database that FILE names."""
    import os

    from waywarden.adapters.deployment import load
    from waywarden.adapters.kinds import KINDS
    from waywarden.adapters.sql import install as update_table
    from waywarden.adapters.sql.provider import database_of

    loaded = load(path, KINDS)
    if loaded.deployment.kind != "sql":
        message = f"{path.name} is of the kind {loaded.deployment.kind}, not sql."
        raise Misconfigured(message)
    database = database_of(loaded.options, os.environ)
    if only_print:
        click.echo(update_table.script(loaded.options, database), nl=False)
        return
    click.echo(update_table.install(loaded.options, database), nl=False)
    click.echo("-- This was run.")


@click.command()
@click.argument("database", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--listen", default="127.0.0.1:8001", show_default=True, help="Address and port.")
def works(*, database: Path, listen: str) -> None:
    """Run the demo's works system on the file DATABASE; it has no sign-in and is for trying."""
    from waywarden.adapters.demo import fake

    place = listen_of(listen)
    click.echo(f"The works system is on http://{listen}/")
    fake.serve(database, host=place.host, port=place.port)
