"""`waywarden adapter` and `waywarden works`: they need neither Django nor PostgreSQL."""

from pathlib import Path

import click

from waywarden.config.listening import listen_of

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
def serve(*, directory: Path, listen: str, store: Path | None) -> None:
    """Serve every deployment file of DIRECTORY, each under its jurisdiction."""
    from waywarden.adapters import app

    place = listen_of(listen)
    click.echo(f"The deployments of {directory} are served on http://{listen}/")
    app.serve(directory, host=place.host, port=place.port, store=store)


@click.command()
@click.argument("database", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--listen", default="127.0.0.1:8001", show_default=True, help="Address and port.")
def works(*, database: Path, listen: str) -> None:
    """Run the demo's works system on the file DATABASE; it has no sign-in and is for trying."""
    from waywarden.adapters.demo import fake

    place = listen_of(listen)
    click.echo(f"The works system is on http://{listen}/")
    fake.serve(database, host=place.host, port=place.port)
