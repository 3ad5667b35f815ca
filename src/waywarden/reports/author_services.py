"""What an author may still do: correct a report, or take it back, until it is sent."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.events.services import Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.reports import states
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.photo_services import actor_of, replace_photos
from waywarden.reports.states import Mover, State
from waywarden.users.models import User


@dataclass(frozen=True, slots=True)
class Correction:
    """A report's words and photos as its author wants them now."""

    title: str
    detail: str
    is_name_public: bool
    photo_keys: tuple[str, ...] = ()


def correct_report(report_id: int, new: Correction, *, user: User) -> None:
    """The author words a report anew. Raises NotAllowed for anybody else, RuleBroken by field.

    Whoever listens to `report.corrected` stops it, and all is as before, when it is too late.
    """
    title = one_line(new.title)[:200]
    if not title:
        raise RuleBroken(_("Please fill this in."), field="title")
    if "@" in title:
        raise RuleBroken(_("Please leave e-mail addresses out of the title."), field="title")
    if len(new.detail) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="detail")
    moment = clock.now()
    with transaction.atomic():
        report = _own_report(report_id, user)
        _keep_needed_photo(report, new.photo_keys)
        before = {"title": report.title, "detail": report.detail}
        report.title, report.detail = title, paragraphs(new.detail)
        report.is_name_public, report.changed = new.is_name_public, moment
        report.save(update_fields=["title", "detail", "is_name_public", "changed"])
        replace_photos(new.photo_keys, report=report)
        record(
            Fact("report.corrected", "report", report_id, actor=actor_of(user), data=before),
        )


def withdraw_report(report_id: int, *, user: User) -> None:
    """The author takes a report back. Raises NotAllowed for anybody else."""
    moment = clock.now()
    with transaction.atomic():
        _own_report(report_id, user)
        Report.objects.filter(pk=report_id).update(
            state=State.CANCELLED, state_changed_at=moment, changed=moment
        )
        record(Fact("report.withdrawn", "report", report_id, actor=actor_of(user)))


#: Only what may be withdrawn may be corrected.
_CHANGED_BY_ITS_AUTHOR = states.states_before(Mover.REPORTER, State.CANCELLED)


def _own_report(report_id: int, user: User) -> Report:
    report = (
        Report.objects.select_for_update()
        .filter(pk=report_id, user=user, state__in=_CHANGED_BY_ITS_AUTHOR)
        .first()
    )
    if report is None:
        raise NotAllowed
    return report


def _keep_needed_photo(report: Report, keys: tuple[str, ...]) -> None:
    needs = ReportBody.objects.filter(report=report, category__photo_required=True)
    if not keys and needs.exists():
        raise RuleBroken(_("Please add a photo; this category needs one."), field="photo")
