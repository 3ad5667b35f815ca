"""Commands that run the site: web, worker, migrate, assets, demo, manage."""

import click

from waywarden.config import setup
from waywarden.config.listening import listen_of
from waywarden.kernel.errors import Misconfigured


@click.command()
@click.option("--listen", default="127.0.0.1:8000", show_default=True, help="Address and port.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=2, show_default=True, help="Threads in each process.")
def web(*, listen: str, workers: int, threads: int) -> None:
    """Serve the site until SIGTERM or Ctrl-C; running requests are finished first."""
    from waywarden.config import database, environment, serving

    place = listen_of(listen)
    settings = environment.read()
    database.ensure(settings)
    click.echo(f"The site listens on http://{listen} and is {settings.base_url} to people.")
    serving.serve(place, workers=workers, threads=threads)


@click.command()
@click.option("--concurrency", default=8, show_default=True, help="Jobs at the same time.")
@click.option("--queue", "queues", multiple=True, help="Only this queue; may be repeated.")
def worker(*, concurrency: int, queues: tuple[str, ...]) -> None:
    """Work through the queue: send reports, poll bodies, send mails.

    On SIGTERM or Ctrl-C the running jobs are finished first. Any number of workers may run.
    """
    from waywarden.config import working

    setup.set_up()
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    if not isinstance(app.connector, DjangoConnector):
        message = "The queue is not on the site's database."
        raise Misconfigured(message)
    click.echo("The worker waits for jobs.")
    with app.replace_connector(app.connector.get_worker_connector()) as on_own_pool:
        working.work(on_own_pool, concurrency=concurrency, queues=queues)


@click.command()
@click.option("--check", is_flag=True, help="Only say what waits; exit 1 when something does.")
@click.pass_context
def migrate(ctx: click.Context, *, check: bool) -> None:
    """Bring the database up to this version; what is up to date stays untouched."""
    from waywarden.config import migrations

    if check:
        setup.set_up()
        waiting = migrations.waiting()
        if waiting:
            click.echo("These migrations wait: " + ", ".join(waiting) + ".")
            ctx.exit(1)
    count = 0 if check else migrations.migrate_if_needed()
    applied = f"; {count} migrations were applied" if count else ""
    click.echo(f"The database is up to date{applied}.")


@click.command()
def assets() -> None:
    """Gather the files browsers load and compress them; the site serves them from then on."""
    setup.set_up(connect=False)
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"]["BACKEND"] = settings.COLLECTED_STORAGE
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    click.echo(f"Gathered in {settings.STATIC_ROOT}.")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(*, arguments: tuple[str, ...]) -> None:
    """Run one of Django's own commands, such as `shell` or `createsuperuser`."""
    setup.set_up()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["waywarden manage", *arguments])


@click.command()
@click.option("--free-ports", is_flag=True, help="Use ports that are free, not 8000 and the next.")
@click.option("--json", "as_json", is_flag=True, help="Say where everything is as JSON.")
def demo(*, free_ports: bool, as_json: bool) -> None:
    """Run the site, a worker, a mailbox and a demo city's works system on this machine."""
    from waywarden.config import demo as parts
    from waywarden.config import environment

    settings = environment.read()
    ports = parts.free_ports() if free_ports else parts.Ports()
    parts.run(home=settings.home, map_dir=settings.map_dir, ports=ports, as_json=as_json)
