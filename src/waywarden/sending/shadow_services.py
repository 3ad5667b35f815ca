"""Shadow mode: reports and updates are built for a connection, checked, and not sent."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from waywarden.backends.contract import OutgoingReport
from waywarden.bodies.answers import check
from waywarden.bodies.models import Category, Question
from waywarden.bodies.queries import asked_of
from waywarden.connections.models import Connection
from waywarden.connections.services import EXCHANGES_LIVE, Opened, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.http import HeldBack
from waywarden.reports.models import ReportBody, Update
from waywarden.sending.models import Delivery, ShadowRequest
from waywarden.sending.outgoing import items_of
from waywarden.sending.planning_services import takes_updates_itself

#: Stands for the body's number where the system in shadow has not given one.
TO_COME = "reference-to-come"


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A report at one body, or an update of it, and the connection that it is built for."""

    row: ReportBody
    connection: Connection
    update: Update | None = None


def rehearse_report(report_id: int) -> int:
    """Builds a report for each body that has a connection in shadow; how many were built.

    What would have gone out is kept, masked, with what would have gone wrong. Calls nobody.
    """
    return _rehearse_all(_at_bodies(report_id))


def rehearse_update(update_id: int) -> int:
    """The same for an update, where the connection in shadow would be sent updates."""
    update = Update.objects.filter(pk=update_id).first()
    if update is None or update.visibility != Update.Visibility.SHOWN:
        return 0
    return _rehearse_all(
        replace(one, update=update)
        for one in _at_bodies(update.report_id)
        if takes_updates_itself(one.connection)
    )


def _at_bodies(report_id: int) -> list[_Rehearsal]:
    """Where a report is, by connection in shadow; a category that goes a way of its own stays."""
    rows = (
        ReportBody.objects.filter(report=report_id, left_at=None)
        .exclude(body__shadow_connection=None)
        .select_related("report", "body__shadow_connection", "category__body")
        .order_by("id")
    )
    return [
        _Rehearsal(row, row.body.shadow_connection)
        for row in rows
        if row.body.shadow_connection and not (row.category and row.category.is_devolved)
    ]


def _rehearse_all(rehearsals: Iterable[_Rehearsal]) -> int:
    built = 0
    for one in rehearsals:
        _rehearse(one)
        built += 1
    return built


def _rehearse(one: _Rehearsal) -> None:
    findings = [] if one.update else list(_findings(one.row))
    exchanges = []
    try:
        opened = open_backend(one.connection, is_rehearsal=True)
        findings += _missing(one.row.category, opened)
        findings += _built(one, opened)
        exchanges = opened.exchanges
    except WaywardenError as error:
        findings.append(str(error))
    kept = exchanges[0] if exchanges else None
    ShadowRequest.objects.update_or_create(
        connection=one.connection,
        report=one.row.report,
        update=one.update,
        defaults={
            "body": one.row.body,
            "at": clock.now(),
            "method": kept.method if kept else "",
            "url": kept.url if kept else "",
            "request": kept.request if kept else "",
            "findings": findings,
        },
    )


def _missing(category: Category | None, opened: Opened) -> list[str]:
    if category is None:
        return [_("The report has no category at this body.")]
    missing = opened.backend.missing_address(
        emails=tuple(category.emails), service_code=category.service_code
    )
    return [f"{category.name}: {_(missing)}"] if missing else []


def _built(one: _Rehearsal, opened: Opened) -> list[str]:
    """What the plug-in says while it makes the call ready; nothing goes out."""
    delivery = Delivery(
        report=one.row.report,
        update=one.update,
        body=one.row.body,
        category=one.row.category,
        created=clock.now(),
    )
    delivery.pk = 0
    item = items_of([delivery], with_mail=opened.backend.wants_mail)[0]
    try:
        if isinstance(item, OutgoingReport):
            opened.backend.send_report(item, {})
        else:
            known = replace(item, external_id=item.external_id or TO_COME)
            opened.backend.send_update(known, {})
    except HeldBack:
        return []
    except WaywardenError as error:
        return [str(error)]
    return [_("This send method cannot be tried in shadow.")]


def _findings(row: ReportBody) -> list[str]:
    """Answers that the body's questions would not take."""
    questions = [
        asked_of(question)
        for question in Question.objects.filter(category=row.category_id).order_by("order", "id")
        if question.variable and not question.automated
    ]
    given = {code: tuple(map(str, values)) for code, values in row.answers.items()}
    errors = check(questions, given).errors
    return [f"{code}: {words}" for code, words in errors.items()]


def drop_old_rehearsals() -> int:
    """Deletes what is as old as exchanges may get; how many."""
    old = ShadowRequest.objects.filter(at__lt=clock.now() - EXCHANGES_LIVE)
    deleted, _by_model = old.delete()
    return deleted
