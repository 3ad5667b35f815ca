"""Services that no category has: listed as they come, and matched by a person."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from waywarden.bodies.models import Body, Category
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.fetched_report_services import move_from_other
from waywarden.sync.models import UnmatchedService
from waywarden.sync.problems import SERVICE_LENGTH


def count_unmatched(body: Body, rows: Mapping[tuple[str, str], int], *, now: datetime) -> None:
    """Notes services that no category has, and how many reports went to "Other" for each."""
    counted: dict[tuple[str, str], int] = {}
    for (code, name), number in rows.items():
        key = code[:SERVICE_LENGTH], name[:SERVICE_LENGTH]
        counted[key] = counted.get(key, 0) + number
    if not counted:
        return
    table = UnmatchedService._meta.db_table
    # In one order, so that two pieces never wait for each other in a circle.
    values = [
        (body.pk, code, name, number, now, now) for (code, name), number in sorted(counted.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} AS t (body_id, code, name, rows, first_seen, last_seen)"  # noqa: S608 - our own table
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (body_id, code, name)"
            " DO UPDATE SET rows = t.rows + excluded.rows, last_seen = excluded.last_seen",
            values,
        )


def match_service(
    unmatched: UnmatchedService, category: Category, *, user_id: int | None = None
) -> int:
    """Says what a service is: later rows go to the category, and those in "Other" move there now.

    Gives how many moved. Raises RuleBroken for a category of another body or a deleted one.
    """
    if category.body_id != unmatched.body_id or category.state == Category.State.DELETED:
        message = "This category is not one of the body's."
        raise RuleBroken(message, field="category")
    with transaction.atomic():
        UnmatchedService.objects.filter(pk=unmatched.pk).update(category=category, rows=0)
        moved = move_from_other(
            body_id=unmatched.body_id,
            service=(unmatched.code, unmatched.name),
            category=category,
        )
        record(
            Fact(
                "services.matched",
                "body",
                unmatched.body_id,
                actor=Actor("user", user_id) if user_id else Actor(),
                data={
                    "code": unmatched.code,
                    "name": unmatched.name,
                    "category": category.pk,
                    "moved": moved,
                },
            )
        )
    return moved
