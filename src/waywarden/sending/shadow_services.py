"""Shadow mode: a connection is built and checked for each report, and nothing is sent."""

from django.utils.translation import gettext as _

from waywarden.bodies.answers import check
from waywarden.bodies.models import Category, Question
from waywarden.bodies.queries import asked_of
from waywarden.connections.models import Connection
from waywarden.connections.services import EXCHANGES_LIVE, Opened, open_backend
from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.http import HeldBack
from waywarden.reports.models import ReportBody
from waywarden.sending.models import Delivery, ShadowRequest
from waywarden.sending.outgoing import items_of


def rehearse_report(report_id: int) -> int:
    """Builds a report for each body that has a connection in shadow; how many were built.

    What would have gone out is kept, masked, with what would have gone wrong. Calls nobody.
    """
    rows = (
        ReportBody.objects.filter(report=report_id, left_at=None)
        .exclude(body__shadow_connection=None)
        .select_related("report", "body__shadow_connection", "category__body")
    )
    built = 0
    for row in rows:
        if row.body.shadow_connection is not None:
            _rehearse(row, row.body.shadow_connection)
            built += 1
    return built


def _rehearse(row: ReportBody, connection: Connection) -> None:
    findings = list(_findings(row))
    exchanges = []
    try:
        opened = open_backend(connection, is_rehearsal=True)
        findings += _missing(row.category, opened)
        findings += _built(row, opened)
        exchanges = opened.exchanges
    except WaywardenError as error:
        findings.append(str(error))
    kept = exchanges[0] if exchanges else None
    ShadowRequest.objects.update_or_create(
        connection=connection,
        report=row.report,
        defaults={
            "body": row.body,
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
    return [f"{category.name}: {missing}"] if missing else []


def _built(row: ReportBody, opened: Opened) -> list[str]:
    """What the plug-in says while it makes the call ready; nothing goes out."""
    delivery = Delivery(
        report=row.report, body=row.body, category=row.category, created=clock.now()
    )
    delivery.pk = 0
    item = items_of([delivery], with_mail=opened.backend.wants_mail)[0]
    try:
        opened.backend.send_report(item, {})  # type: ignore[arg-type]  # it is of a report
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
