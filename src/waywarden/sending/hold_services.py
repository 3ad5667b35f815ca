"""Whether something may still be changed: nothing of it has gone out, nor is going right now."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Report, Update
from waywarden.sending.hold import NOT_GONE, is_held
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Cause
from waywarden.sending.reasons import Reason, Why

State = Delivery.State


def require_reports_held(report_ids: Iterable[int]) -> None:
    """Locks the reports' deliveries until the transaction ends. Raises RuleBroken if one has gone.

    A worker that claims deliveries leaves locked ones alone, and one that it has claimed counts
    as gone: so what is read afterwards is either all old or all new.
    """
    for report in Report.objects.filter(pk__in=list(report_ids)):
        rows = Delivery.objects.filter(report=report.pk, update=None)
        _require(list(_locked(rows)), since=report.confirmed_at)


def require_updates_held(update_ids: Iterable[int]) -> None:
    """The same for updates."""
    for update in Update.objects.filter(pk__in=list(update_ids)):
        rows = Delivery.objects.filter(update=update.pk)
        _require(list(_locked(rows)), since=update.confirmed_at)


def cancel_updates(update_ids: Iterable[int]) -> int:
    """Updates taken back: they go no more."""
    return Delivery.objects.filter(update__in=list(update_ids), state__in=NOT_GONE).update(
        state=State.CANCELLED,
        cause=Cause.WITHDRAWN,
        finished_at=clock.now(),
        **Reason(Why.UPDATE_WITHDRAWN).columns,
    )


def _locked(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.select_for_update().order_by("id")


def _require(rows: list[Delivery], *, since: datetime | None) -> None:
    if not transaction.get_connection().in_atomic_block:
        message = "What is looked at must stay so until it is changed."
        raise RuntimeError(message)
    if not is_held(rows, since=since):
        raise RuleBroken(_("It is on its way already; it cannot be changed any more."))
