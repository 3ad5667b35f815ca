"""A body's first words: its automatic template for the open state, once it has a report."""

from collections.abc import Iterable

from django.db import transaction

from waywarden.bodies import templates
from waywarden.bodies.queries import automatic_templates
from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.reports.fetched_ledger import AUTOMATIC
from waywarden.reports.models import ReportBody, Update
from waywarden.reports.states import State
from waywarden.reports.words import spoken_by


def acknowledge_sent(pairs: Iterable[tuple[int, int]]) -> int:
    """An update in the body's name for each (report, body) just sent that a template fits.

    Joins the caller's transaction; set-based. Once for a report at a body, however often it is
    sent. How many were made.
    """
    wanted = set(pairs)
    by_body = automatic_templates({body_id for _report, body_id in wanted})
    by_body = {body_id: found for body_id, found in by_body.items() if found}
    if not by_body:
        return 0
    rows = ReportBody.objects.filter(
        report__in={report_id for report_id, body_id in wanted if body_id in by_body},
        body__in=list(by_body),
    ).select_related("report", "body__sending_connection", "body__fetching_connection")
    with transaction.atomic():
        made = [
            update
            for row in rows
            if (row.report_id, row.body_id) in wanted
            and not row.extras.get("is_acknowledged")
            and (update := _update_for(row, by_body[row.body_id])) is not None
        ]
        Update.objects.bulk_create(made)
        said = {(update.report_id, update.body_id) for update in made}
        for row in rows:
            if (row.report_id, row.body_id) in said:
                row.extras["is_acknowledged"] = True
                row.save(update_fields=["extras"])
        record(*[_fact(update) for update in made])
    return len(made)


def _update_for(row: ReportBody, found: tuple[templates.Template, ...]) -> Update | None:
    if row.report.state != State.CONFIRMED:
        return None
    said = templates.Said(
        words="",
        state=State.CONFIRMED,
        state_changed=True,
        category_id=row.category_id,
        placeholders=_placeholders(row),
    )
    spoken = templates.speak(found, said)
    if spoken.template is None:
        return None
    connection = row.body.connection_for_fetching
    moment = clock.now()
    return Update(
        report=row.report,
        body=row.body,
        user_id=connection.update_user_id if connection else None,
        text=spoken.text,
        mail_text=spoken.mail_text,
        visibility=Update.Visibility.SHOWN,
        extras={AUTOMATIC: True, **spoken_by(spoken, said)},
        created=moment,
        confirmed_at=moment,
    )


def _placeholders(row: ReportBody) -> dict[str, str]:
    return {
        "reference": row.reference,
        "report": str(row.report_id),
        "title": row.report.title,
        "category": row.report.category_name,
        "body": row.body.name,
    }


def _fact(update: Update) -> Fact:
    data = {"report": update.report_id, "body": update.body_id}
    actor = Actor("body", update.body_id)
    return Fact("update.acknowledged", "update", update.pk, actor=actor, data=data)
