"""`waywarden services sync`, `waywarden poll`, `waywarden fetch`: by hand what the clock does."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from waywarden.config import setup
from waywarden.kernel.errors import RuleBroken

if TYPE_CHECKING:
    from waywarden.bodies.models import Body
    from waywarden.sync.proposals import Proposal
    from waywarden.sync.rows import Counts
    from waywarden.sync.service_lists import Synced

#: Rows of one kind that are shown; the rest are counted.
SHOWN = 200


class Moment(click.ParamType[datetime]):
    """A date or a date with a time; UTC where no zone is given."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment, aware."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no date such as 2026-11-25 or 2026-11-25T09:00+00:00.", param, ctx
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_since = click.option("--since", type=Moment(), help="From then on, such as 2026-11-25.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
_address = click.option(
    "--from", "address", default="", help="Any Open311 address, instead of the body's connection."
)


@click.group()
def services() -> None:
    """The service lists of bodies."""


@services.command()
@click.argument("body")
@_address
@_dry_run
@click.option("--yes", is_flag=True, help="Apply even what waits for a person.")
@click.pass_context
def sync(ctx: click.Context, *, body: str, address: str, dry_run: bool, yes: bool) -> None:
    """Take the service list of BODY (its short name) into its categories and questions.

    Nothing is deleted: what is not listed any more becomes inactive. A list that is empty or has
    lost more than a tenth waits for --yes; the exit is 1 then.
    """
    setup.set_up()
    from waywarden.sync.service_lists import sync_services

    synced = sync_services(body_named(body), address=address, dry_run=dry_run, is_agreed=yes)
    _show_proposal(synced.proposal)
    _show_missing(synced)
    show_deviations(synced.proposal.deviations)
    if synced.is_applied:
        click.echo("Nothing to change." if synced.proposal.is_empty else "Applied.")
    elif synced.proposal.waits:
        click.echo(f"Not applied: {synced.proposal.waits} Look it over, then run it with --yes.")
        ctx.exit(0 if dry_run else 1)
    else:
        click.echo("Dry run: nothing was changed.")


@click.command()
@click.argument("body")
@_since
@_dry_run
@click.pass_context
def poll(ctx: click.Context, *, body: str, since: datetime | None, dry_run: bool) -> None:
    """Ask the system of BODY (its short name) for updates now.

    The systems, where categories of it go their own ways that are polled.
    """
    setup.set_up()
    from waywarden.bodies.queries import connections_to_ask
    from waywarden.kernel.errors import Misconfigured

    connections = connections_to_ask(body_named(body))
    if not connections:
        message = "This body has no connection that can be asked."
        raise Misconfigured(message)
    worked = [
        _poll_one(one.pk, one.name if len(connections) > 1 else "", since=since, dry_run=dry_run)
        for one in connections
    ]
    if not all(worked):
        ctx.exit(1)


def _poll_one(connection_id: int, name: str, *, since: datetime | None, dry_run: bool) -> bool:
    from waywarden.sync.models import What
    from waywarden.sync.polling import poll_in_full

    if name:
        click.echo(f"{name}:")
    polled = poll_in_full(connection_id, What.UPDATES, since=since, dry_run=dry_run)
    _show_counts(polled.counts)
    _show_skipped(polled.counts)
    show_table(
        "Deviations forgiven",
        ("what", "times", "example", "where"),
        [
            (item["code"], str(item["count"]), item["message"], item["where"])
            for item in polled.run.deviations
        ],
    )
    if polled.run.error:
        click.echo(f"It broke: {polled.run.error}", err=True)
    return not polled.run.error


@click.command()
@click.argument("body")
@_address
@_since
@_dry_run
def fetch(*, body: str, address: str, since: datetime | None, dry_run: bool) -> None:
    """Take problems that the system of BODY (its short name) knows in as reports.

    Without --since, all that it lists. Running it twice adds nothing.
    """
    setup.set_up()
    from waywarden.sync.importing import fetch_reports

    counts = fetch_reports(body_named(body), address=address, since=since, dry_run=dry_run)
    _show_counts(counts)
    matched = [(name, "", str(number)) for name, number in counts.matched.most_common()]
    unmatched = [
        ("Other", f"{name or '–'} ({code or 'no code'})", str(number))
        for (code, name), number in counts.unmatched.most_common()
    ]
    show_table("Categories", ("category", "unmatched service", "rows"), [*matched, *unmatched])
    _show_skipped(counts)
    show_deviations(counts.deviations)
    if dry_run:
        click.echo("Dry run: nothing was changed.")


def body_named(slug: str) -> "Body":
    """The body with a short name. Raises RuleBroken."""
    from waywarden.bodies.queries import body_by_slug

    body = body_by_slug(slug)
    if body is None:
        message = f"There is no body with the short name {slug!r}."
        raise RuleBroken(message, field="body")
    return body


def show_table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A table on the screen; nothing when it has no rows. What servers sent is never markup."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    listed = list(rows)
    if not listed:
        return
    table = Table(title=f"{title} ({len(listed)})", title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in listed[:SHOWN]:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
    if len(listed) > SHOWN:
        click.echo(f"… and {len(listed) - SHOWN} more.")


def _show_counts(counts: "Counts") -> None:
    click.echo(
        f"{counts.rows} rows: {counts.new} new, {counts.repeated} known already,"
        f" {counts.set_aside} set aside, {counts.ignored} left out."
    )


def _show_skipped(counts: "Counts") -> None:
    show_table("Not taken in", ("row", "why"), [(one.row_id, one.reason) for one in counts.skipped])


def show_deviations(deviations: Iterable[Any]) -> None:
    """What was forgiven, each kind once."""
    from waywarden.sync.rows import summary_of

    rows = [
        (item["code"], str(item["count"]), item["message"], item["where"])
        for item in summary_of(deviations)
    ]
    show_table("Deviations forgiven", ("what", "times", "example", "where"), rows)


def _show_proposal(proposal: "Proposal") -> None:
    added = [
        (
            row.values["service_code"],
            row.values["name"],
            ", ".join(row.values["groups"]),
            row.values["state"],
            str(len(row.values["questions"])) if "questions" in row.values else "?",
        )
        for row in proposal.added
    ]
    show_table("Added", ("code", "category", "groups", "state", "questions"), added)
    changed = [
        (
            one.name,
            change.field + (" (protected)" if change.is_protected else ""),
            _short(change.old),
            _short(change.new),
        )
        for one in proposal.changed
        for change in one.changes
    ]
    show_table("Changed", ("category", "field", "now", "listed"), changed)
    gone = [
        (one.name, "stays: protected" if one.is_protected else "inactive") for one in proposal.gone
    ]
    show_table("Not listed any more", ("category", "becomes"), gone)
    if proposal.unchanged:
        click.echo(f"{proposal.unchanged} categories are as they were.")


def _short(value: Any) -> str:
    from waywarden.kernel.text import shorten

    if isinstance(value, list) and value and isinstance(value[0], dict):
        return shorten(", ".join(str(question["code"]) for question in value), 80)
    return shorten(", ".join(value) if isinstance(value, list) else str(value), 80)


def _show_missing(synced: "Synced") -> None:
    rows = list(synced.missing.items())
    show_table("Definitions that were not to be had", ("service", "why"), rows)
