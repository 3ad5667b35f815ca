"""Planning deliveries: one for each item and body, addressed by the way its category goes."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from waywarden.backends.contract import Capability
from waywarden.backends.registry import backend_class
from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.reports import states
from waywarden.reports.fetched_ledger import WRITTEN_HERE
from waywarden.reports.models import ReportBody, Update
from waywarden.sending.lanes import EMAIL_LANES, Lane, lane_for
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Cause
from waywarden.sending.reasons import NONE, Reason, Why

State = Delivery.State
EMAIL = "email"
#: Reports that are sent: seen by the public (or private), and not withdrawn.
SENDABLE = tuple(state for state in states.VISIBLE if state != states.State.CANCELLED)


def plan_reports(report_ids: Iterable[int]) -> frozenset[Lane]:
    """One delivery for each report and body, held for a while; the lanes they go in.

    Runs inside the transaction that confirmed the reports. Doing it again adds nothing.
    """
    moment = clock.now()
    due_at = moment + timedelta(seconds=settings.WAYWARDEN_HOLD_SECONDS)
    rows = rows_with_ways().filter(
        report__in=list(report_ids), report__state__in=SENDABLE, sent_at=None, external_id=""
    )
    planned = [
        planned_for(row, None, due_at=due_at, moment=moment)
        for row in rows
        if not _takes_none(row.category)
    ]
    return store(planned)


def _takes_none(category: Category | None) -> bool:
    """Whether the body refuses such reports; people were told so before they wrote."""
    connection = category.connection_for_sending if category else None
    return connection is not None and backend_class(connection.kind).takes_none


def plan_updates(update_ids: Iterable[int]) -> frozenset[Lane]:
    """One delivery for each person's update and body whose connection sends updates, held too.

    What staff wrote in their body's name goes at once.
    """
    moment = clock.now()
    due_at = moment + timedelta(seconds=settings.WAYWARDEN_HOLD_SECONDS)
    updates = list(
        Update.objects.filter(
            Q(body=None) | Q(extras__has_key=WRITTEN_HERE),
            pk__in=list(update_ids),
            visibility=Update.Visibility.SHOWN,
        ).order_by("id")
    )
    at_bodies: dict[int, list[ReportBody]] = defaultdict(list)
    for row in rows_with_ways().filter(report__in={update.report_id for update in updates}):
        if row.category is not None and takes_updates(row.category, is_mailed=was_mailed(row)):
            at_bodies[row.report_id].append(row)
    return store(
        [
            planned_for(row, update, due_at=moment if update.body_id else due_at, moment=moment)
            for update in updates
            for row in at_bodies[update.report_id]
        ]
    )


def rows_with_ways() -> QuerySet[ReportBody]:
    """The reports' rows at bodies that still have them, with what says how they go."""
    return (
        ReportBody.objects.filter(left_at=None)
        .select_related("category__body__sending_connection", "category__connection")
        .order_by("id")
    )


def categories_with_ways(category_ids: Iterable[int]) -> dict[int, Category]:
    """Categories by id, with what says how they go."""
    wanted = set(category_ids)
    rows = Category.objects.select_related("body__sending_connection", "connection")
    return rows.in_bulk(wanted) if wanted else {}


def takes_updates(category: Category, *, is_mailed: bool = False) -> bool:
    """Whether people's updates go where a category goes: by the switch of its connection.

    By e-mail without a connection, and where the report itself went so (`was_mailed`), by the
    body's switch.
    """
    connection = None if is_mailed else category.connection_for_sending
    if connection is None:
        return category.body.mails_updates and (bool(category.emails) or not is_mailed)
    return takes_updates_itself(connection)


def takes_updates_itself(connection: Connection) -> bool:
    """Whether updates go over a connection: by its switch, where its kind can."""
    kind = backend_class(connection.kind)
    return connection.sends_updates and kind.can(Capability.SENDS_UPDATES)


def was_mailed(row: ReportBody) -> bool:
    """Whether a body has a report by mail only, though its category goes another way by now."""
    way = row.category.connection_for_sending if row.category else None
    is_by_mail = row.sent_by == EMAIL and not row.external_id
    return is_by_mail and way is not None and way.kind != EMAIL


def store(planned: list[Delivery]) -> frozenset[Lane]:
    """Stores planned deliveries; one that was planned before is left alone. The lanes to wake."""
    Delivery.objects.bulk_create(planned, ignore_conflicts=True)
    return frozenset(
        Lane(delivery.connection_id, delivery.lane)
        for delivery in planned
        if delivery.state == State.QUEUED
    )


def planned_for(
    row: ReportBody, update: Update | None, *, due_at: datetime, moment: datetime
) -> Delivery:
    """A delivery of a report (or an update of it) to one body, not stored yet."""
    delivery = Delivery(
        report_id=row.report_id, update=update, body_id=row.body_id, due_at=due_at, created=moment
    )
    address_anew(delivery, row.category, is_mailed=update is not None and was_mailed(row))
    return delivery


def address_anew(delivery: Delivery, category: Category | None, *, is_mailed: bool = False) -> None:
    """Queues it for where the category goes now (or by mail); holds it when that is nowhere."""
    connection = category.connection_for_sending if category and not is_mailed else None
    lanes = connection.lanes if connection else EMAIL_LANES
    delivery.category, delivery.connection = category, connection
    delivery.lane = lane_for(delivery.report_id, lanes)
    missing = _missing(category, connection)
    delivery.state = State.HELD if missing else State.QUEUED
    delivery.cause = Cause.NO_ADDRESS if missing else Cause.NONE
    delivery.explain(missing or NONE)


def _missing(category: Category | None, connection: Connection | None) -> Reason | None:
    """Why a category cannot be sent; None when it can."""
    if category is None:
        return Reason(Why.NO_CATEGORY)
    if category.state == Category.State.UNCONFIRMED and connection is None:
        return Reason(Why.NOT_CONFIRMED, name=category.name)
    kind = backend_class(connection.kind if connection else EMAIL)
    missing = kind.missing_address(
        emails=tuple(category.emails), service_code=category.service_code
    )
    return Reason(Why.NOWHERE, missing, category.name) if missing else None
