"""`waywarden send`, `resend`, `replay`: by hand what the queue does with deliveries."""

from typing import TYPE_CHECKING

import click

from waywarden.config import setup
from waywarden.kernel.errors import RuleBroken

if TYPE_CHECKING:
    from waywarden.bodies.models import Body

#: Rows set aside that are tried at a time.
PIECE = 1000


@click.command()
@click.argument("report", metavar="ID", type=int)
def send(*, report: int) -> None:
    """Send what waits of report ID now, in this process, and say what came of it."""
    setup.set_up()
    from waywarden.sending import services
    from waywarden.sending.drain import drain
    from waywarden.sending.queries import STUCK, WAKING, history_of

    deliveries = list(history_of(report))
    if not deliveries:
        message = f"There is no delivery of a report {report}."
        raise RuleBroken(message)
    waiting = [one.pk for one in deliveries if one.state in (*WAKING, *STUCK)]
    for lane in dict.fromkeys(services.send_now(pk) for pk in waiting):
        drain(lane)
    for one in history_of(report):
        what = f"update {one.update_id}" if one.update_id else "report"
        words = one.reason or one.external_id or "–"
        if one.connection and one.connection.is_paused:
            words = f"the connection is paused: {one.connection.pause_reason}"
        click.echo(f"{one.pk}  {what} to {one.body}: {one.get_state_display()}  {words}")


@click.command()
@click.option("--body", "slug", required=True, help="The body's short name.")
@click.option("--open", "only_open", is_flag=True, required=True, help="Those that are open.")
@click.option("--dry-run", is_flag=True, help="Count them; send nothing.")
def resend(*, slug: str, only_open: bool, dry_run: bool) -> None:
    """Send a body's open reports by the way they go now, where they went another way before.

    After a change from e-mail to Open311, for one. What has a number at the body, or went this way
    already, is left alone; so running it twice sends nothing twice.
    """
    _ = only_open  # said by the caller, so that nobody sends everything by mistake
    setup.set_up()
    from waywarden.sending.moving_services import resend_open

    count = resend_open(_body(slug).pk, dry_run=dry_run)
    click.echo(f"{count} reports {'would go' if dry_run else 'are on their way'}.")


@click.group()
def replay() -> None:
    """Do again what went wrong."""


@replay.command()
@click.argument("body")
def deliveries(*, body: str) -> None:
    """Try all refused and held deliveries of BODY (its short name) again."""
    setup.set_up()
    from waywarden.sending.queries import stuck
    from waywarden.sending.services import retry_all

    found = _body(body)
    count = stuck().filter(body=found).count()
    retry_all(found.pk)
    click.echo(f"{count} deliveries are tried again.")


@replay.command()
@click.argument("body")
def aside(*, body: str) -> None:
    """Try all rows that BODY (its short name) told and that were set aside once more."""
    setup.set_up()
    from waywarden.sync.aside_services import apply_set_aside
    from waywarden.sync.queries import set_aside_now

    ids = list(set_aside_now([_body(body).pk]).values_list("pk", flat=True))
    applied = 0
    for start in range(0, len(ids), PIECE):
        applied += apply_set_aside(ids[start : start + PIECE]).new
    left = set_aside_now([_body(body).pk]).count()
    click.echo(f"{len(ids)} rows: {applied} applied, {left} still set aside.")


@replay.command()
@click.argument("body", required=False)
def webhooks(*, body: str | None) -> None:
    """Tell again what the webhooks of BODY (its short name; none: of the site) gave up."""
    setup.set_up()
    from waywarden.events.services import NOBODY
    from waywarden.webhooks.queries import of_body
    from waywarden.webhooks.services import replay_failed

    found = of_body(_body(body).pk if body else None)
    count = sum(replay_failed(endpoint.pk, by=NOBODY) for endpoint in found)
    click.echo(f"{count} messages are told again.")


def _body(slug: str) -> "Body":
    from waywarden.bodies.queries import body_by_slug

    body = body_by_slug(slug)
    if body is None:
        message = f"There is no body called {slug!r}."
        raise RuleBroken(message, field="body")
    return body
