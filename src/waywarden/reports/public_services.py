"""What anybody adds to a report with one press: me too, a flag; and what staff tie together."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.kernel.text import paragraphs
from waywarden.reports import states
from waywarden.reports.allowed import Act
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import Flag, MeToo, Report
from waywarden.reports.photo_services import actor_of
from waywarden.reports.queries import acts_of, viewer_for
from waywarden.reports.reasons import Reason
from waywarden.reports.states import Mover, State, may_go
from waywarden.users.models import User


def say_me_too(report_id: int, *, key: str, user: User | None) -> bool:
    """Counts somebody who has seen it too, once; False when counted before. Raises NotAllowed.

    `key` stands for the person: of an account or of a browser, as a keyed hash.
    """
    report = Report.objects.filter(pk=report_id).first()
    if report is None or Act.ME_TOO not in acts_of(report, viewer_for(user)):
        raise NotAllowed
    if user is not None and report.user_id == user.pk:
        return False  # the reporter is counted by having reported
    with transaction.atomic():
        _row, is_new = MeToo.objects.get_or_create(
            report=report, key=key, defaults={"user": user, "created": clock.now()}
        )
        if is_new:
            Report.objects.filter(pk=report_id).update(me_too_count=F("me_too_count") + 1)
            record(Fact("report.me_too", "report", report_id, actor=actor_of(user)))
    return is_new


def flag_report(
    report_id: int, *, reason: str, words: str, email: str = "", update_id: int | None = None
) -> Flag:
    """Tells the operator that something is abusive or wrong. Raises RuleBroken by field."""
    if reason not in Reason.values:
        raise RuleBroken(_("Please say what is wrong with it."), field="reason")
    if reason == Reason.OTHER and not paragraphs(words):
        raise RuleBroken(_("Please say in words what is wrong."), field="words")
    with transaction.atomic():
        flag = Flag.objects.create(
            report_id=report_id,
            update_id=update_id,
            reason=reason,
            words=paragraphs(words)[:4000],
            email=email.strip().lower(),
            created=clock.now(),
        )
        data = {"report": report_id, "reason": reason}
        record(Fact("report.flagged", "report", report_id, data=data))
    return flag


def handle_flags(flag_ids: list[int]) -> int:
    """The operator has looked at them; how many were new."""
    return Flag.objects.filter(pk__in=flag_ids, handled_at=None).update(handled_at=clock.now())


def mark_duplicate(report_id: int, *, original_id: int, by: Actor = NOBODY) -> None:
    """A report is the same as another; never a chain: the original's own original counts.

    Raises RuleBroken for a report of itself, and for one that is not there.
    """
    moment = clock.now()
    with transaction.atomic():
        tied = Report.objects.filter(duplicate_of=report_id).values_list("pk", flat=True)
        lock_reports([report_id, original_id, *tied])
        rows = Report.objects.in_bulk([report_id, original_id])
        report, original = rows.get(report_id), rows.get(original_id)
        if report is None or original is None or original.state not in states.VISIBLE:
            raise RuleBroken(_("There is no such report."), field="original")
        target = original.duplicate_of_id or original.pk
        if not may_go(Mover.STAFF, report.state, State.DUPLICATE):
            raise RuleBroken(_("This report cannot be tied to another."), field="original")
        if target == report_id:
            raise RuleBroken(_("A report cannot be a duplicate of itself."), field="original")
        Report.objects.filter(duplicate_of=report_id).update(duplicate_of=target)
        Report.objects.filter(pk=report_id).update(
            duplicate_of=target, state=State.DUPLICATE, state_changed_at=moment, changed=moment
        )
        data = {"original": target}
        record(Fact("report.duplicate", "report", report_id, actor=by, data=data))


def unmark_duplicate(report_id: int, *, by: Actor = NOBODY) -> None:
    """A report is one of its own again, and open."""
    moment = clock.now()
    with transaction.atomic():
        done = Report.objects.filter(pk=report_id, duplicate_of__isnull=False).update(
            duplicate_of=None, state=State.CONFIRMED, state_changed_at=moment, changed=moment
        )
        if done:
            record(Fact("report.not_duplicate", "report", report_id, actor=by))
