"""Asks reporters after four weeks whether it is fixed; takes their answers (FB 1.5, A.34–38)."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from anymail.exceptions import AnymailError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from waywarden.kernel import clock
from waywarden.kernel.cobrand import registry
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.retry import ATTEMPTS_UNTIL_THEN, next_attempt_at
from waywarden.notifications.letters import Letter, address_of, send
from waywarden.notifications.models import Questionnaire
from waywarden.reports.allowed import Act
from waywarden.reports.models import Report, Update
from waywarden.reports.queries import acts_of, viewer_for
from waywarden.reports.states import State as ReportState
from waywarden.reports.verdict_services import Outcome, Verdict, give_verdict
from waywarden.users.models import User
from waywarden.users.queries import is_banned

log = logging.getLogger(__name__)
State = Questionnaire.State

#: How long after a body got a report its reporter is asked, and until when an answer is taken.
AFTER, TAKEN = timedelta(weeks=4), timedelta(days=30)
#: How long an answer may be looked at again by its link, and put right.
LOOKED_AT = timedelta(minutes=2)
#: How long a claim holds; a mail takes seconds.
CLAIM = timedelta(minutes=10)
CLAIMED = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reporter answers; `another` is whether we may ask again in four weeks."""

    verdict: Verdict
    ever_reported: bool | None = None
    text: str = ""
    photo_keys: tuple[str, ...] = ()
    another: bool = False


class TooLate(RuleBroken):
    """This was answered before, or asked too long ago. You can still add to the report."""


_PLAN = """
    INSERT INTO notifications_questionnaire (key, report_id, user_id, state, due_at, attempts,
        verdict, old_state, new_state)
    SELECT gen_random_uuid(), report.id, person.id, 'planned', %(due)s, 0, '', '', ''
    FROM reports_report report JOIN users_user person ON person.id = report.user_id
    WHERE report.id = ANY(%(ids)s) AND person.is_active AND NOT person.is_update_user
        AND report.source = 'web'
        AND NOT EXISTS (SELECT 1 FROM notifications_questionnaire WHERE report_id = report.id)
    ON CONFLICT DO NOTHING
"""
_CLAIM = """
    UPDATE notifications_questionnaire SET due_at = %(until)s, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM notifications_questionnaire WHERE state = 'planned' AND due_at <= %(now)s
        ORDER BY report_id DESC LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ) RETURNING id, attempts
"""


def plan_questionnaires(report_ids: list[int]) -> int:
    """Bodies have got these reports: their reporters are asked in four weeks; how many.

    Once a report, whichever of its bodies is first. In the caller's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, {"ids": report_ids, "due": clock.now() + AFTER})
        return int(cursor.rowcount)


def send_due() -> int:
    """Mails the questionnaires that are due, the newest reports first; how many were mailed."""
    sent = 0
    while claimed := _claim():
        rows = Questionnaire.objects.filter(pk__in=claimed).select_related("user", "report")
        for row in rows:
            if _holds(row.pk, claimed[row.pk]):
                sent += _ask(row)
    return sent


def _holds(number: int, attempt: int) -> bool:
    """Whether the claim is still ours; it begins anew. A slow server may have outlasted it."""
    mine = Questionnaire.objects.filter(pk=number, state=State.PLANNED, attempts=attempt)
    return bool(mine.update(due_at=clock.now() + CLAIM))


def _claim() -> dict[int, int]:
    """The numbers of what is ours for a while, each with that of its attempt."""
    moment = clock.now()
    values: dict[str, Any] = {"now": moment, "until": moment + CLAIM, "most": CLAIMED}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        return dict(cursor.fetchall())


def _ask(row: Questionnaire) -> bool:
    """Mails one, and only then marks it; puts it off when the mail does not go."""
    if not _is_to_be_asked(row.report, row.user):
        Questionnaire.objects.filter(pk=row.pk).update(state=State.SKIPPED)
        return False
    try:
        send(_letter(row))
    except (SMTPException, AnymailError, OSError) as failure:
        _put_off(row, failure)
        return False
    except Exception as failure:  # one that cannot be written must not keep the others waiting
        log.exception("questionnaire %s cannot be written", row.pk)
        _put_off(row, failure)
        return False
    Questionnaire.objects.filter(pk=row.pk).update(state=State.SENT, sent_at=clock.now())
    return True


def _put_off(row: Questionnaire, failure: Exception) -> None:
    if row.attempts >= ATTEMPTS_UNTIL_THEN:
        log.error("questionnaire %s is given up: %s", row.pk, type(failure).__name__)
        Questionnaire.objects.filter(pk=row.pk).update(state=State.SKIPPED)
        return
    again = next_attempt_at(now=clock.now(), attempts=row.attempts)
    Questionnaire.objects.filter(pk=row.pk, state=State.PLANNED).update(due_at=again)


def _is_to_be_asked(report: Report, user: User) -> bool:
    """Whether the answer could still lead to anything, and is wanted (FB A.35)."""
    if not (user.is_active and user.wants_questionnaires) or report.user_id != user.pk:
        return False
    if is_banned(email=user.email, phone=user.phone) or not report.is_visible:
        return False
    if not registry.named(report.cobrand).asks_after_four_weeks:
        return False
    acts = acts_of(report, viewer_for(user))
    if Act.UPDATE not in acts or not (report.is_open or (report.is_fixed and Act.REOPEN in acts)):
        return False
    said = Update.objects.filter(report=report, user=user, state=ReportState.FIXED_USER)
    return not said.exclude(visibility=Update.Visibility.HIDDEN).exists()


def _letter(row: Questionnaire) -> Letter:
    report = row.report
    page = address_of(f"/Q/{row.key}", cobrand_name=report.cobrand)
    return Letter(
        to=row.user.email,
        template="questionnaire",
        cobrand_name=report.cobrand,
        language=row.user.language or report.language,
        values={
            "report": report,
            "link": page,
            "yes": f"{page}?been_fixed={Verdict.YES}",
            "no": f"{page}?been_fixed={Verdict.NO}",
            "unknown": f"{page}?been_fixed={Verdict.UNKNOWN}",
            "manage": address_of("/my/account", cobrand_name=report.cobrand),
        },
        message_id=f"questionnaire.{row.pk}",
        thread=f"report.{report.pk}",
    )


def is_open(row: Questionnaire) -> bool:
    """Whether an answer is still taken."""
    return (
        row.state == State.SENT and row.sent_at is not None and clock.now() - row.sent_at <= TAKEN
    )


def was_just_answered(row: Questionnaire) -> bool:
    """Whether the answer came a moment ago: its page may be looked at again."""
    return row.answered_at is not None and clock.now() - row.answered_at <= LOOKED_AT


def asks_ever(row: Questionnaire) -> bool:
    """Whether "ever reported before?" is asked: once of each person."""
    return not Questionnaire.objects.filter(
        user_id=row.user_id, ever_reported__isnull=False
    ).exists()


def answer(row: Questionnaire, given: Answer) -> None:
    """Takes an answer, once: state, update, and the next question if it is wanted.

    Raises TooLate; RuleBroken naming the field. Nothing is stored then.
    """
    if given.ever_reported is None and asks_ever(row):
        raise RuleBroken(_("Please say whether you have reported anything before."), field="ever")
    with transaction.atomic():
        if not is_open(row) or not Questionnaire.objects.filter(pk=row.pk, state=State.SENT).update(
            state=State.ANSWERED, answered_at=clock.now()
        ):
            raise TooLate
        _take(row, given, instead_of=None)


def correct(row: Questionnaire, given: Answer) -> None:
    """Puts right what was answered a moment ago (FB A.36): it counts as if it had been said first.

    What was said in between stays in the story. Raises as `answer`.
    """
    with transaction.atomic():
        held = Questionnaire.objects.select_for_update().get(pk=row.pk)
        if not was_just_answered(held):
            raise TooLate
        Questionnaire.objects.filter(report=held.report_id, state=State.PLANNED).delete()
        _take(row, given, instead_of=Outcome(held.old_state, held.new_state))


def _take(row: Questionnaire, given: Answer, *, instead_of: Outcome | None) -> None:
    outcome = give_verdict(
        report_id=row.report_id,
        user=row.user,
        verdict=given.verdict,
        text=given.text,
        photo_keys=given.photo_keys,
        instead_of=instead_of,
    )
    ever = {} if given.ever_reported is None else {"ever_reported": given.ever_reported}
    Questionnaire.objects.filter(pk=row.pk).update(
        verdict=given.verdict, old_state=outcome.old_state, new_state=outcome.new_state, **ever
    )
    if given.another and given.verdict is not Verdict.YES:
        Questionnaire.objects.create(
            report_id=row.report_id, user_id=row.user_id, due_at=clock.now() + AFTER
        )
