"""What a reporter answers to "is it fixed?": the state it leads to, and the update that says so."""

import enum
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.events.services import Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import paragraphs
from waywarden.reports import states
from waywarden.reports.allowed import Act
from waywarden.reports.fetched_ledger import REOPENS
from waywarden.reports.models import Report, Update
from waywarden.reports.photo_services import actor_of, attach_photos
from waywarden.reports.queries import acts_of, viewer_for
from waywarden.reports.states import State
from waywarden.users.models import User


class Verdict(enum.StrEnum):
    """What somebody says of a report."""

    YES = "Yes"  # it is fixed
    NO = "No"  # it is not
    UNKNOWN = "Unknown"  # they cannot say


@dataclass(frozen=True, slots=True)
class Outcome:
    """The states before and after."""

    old_state: str
    new_state: str


def state_for(verdict: Verdict, state: str, acts: frozenset[Act]) -> str:
    """The state that an answer leads to, "" for none (FB A.36). Pure."""
    if verdict is Verdict.YES and states.may_go(states.Mover.REPORTER, state, State.FIXED_USER):
        return State.FIXED_USER
    if verdict is Verdict.NO and state in states.FIXED and Act.REOPEN in acts:
        return State.CONFIRMED
    return ""


def give_verdict(
    *,
    report_id: int,
    user: User,
    verdict: Verdict,
    text: str,
    photo_keys: tuple[str, ...] = (),
    instead_of: Outcome | None = None,
) -> Outcome:
    """Sets the state, and adds an update when the state changed or something was written.

    An answer `instead_of` one that was just given begins where that one began, unless somebody
    else has moved the report since. Raises RuleBroken: reopening and photos need words (FB A.37);
    a report that is gone.
    """
    words = paragraphs(text)
    moment = clock.now()
    with transaction.atomic():
        report = Report.objects.select_for_update().filter(pk=report_id, user=user).first()
        if report is None or not report.is_visible:
            raise RuleBroken(_("This report is not there any more."))
        before = report.state
        if instead_of is not None and instead_of.new_state == before:
            before = instead_of.old_state
        acts = frozenset(acts_of(report, viewer_for(user)))
        outcome = Outcome(before, state_for(verdict, before, acts) or before)
        new_state = outcome.new_state if outcome.new_state != report.state else ""
        reopens = before in states.FIXED and outcome.new_state == State.CONFIRMED
        if not words and (photo_keys or reopens):
            raise RuleBroken(_("Please write what you saw."), field="text")
        if len(words) > 4000:
            raise RuleBroken(_("This is too long; 4,000 characters fit."), field="text")
        report.changed = moment
        if new_state:
            report.state, report.state_changed_at = new_state, moment
        report.save(update_fields=["state", "state_changed_at", "changed"])
        if new_state or words:
            words = words or _("The reporter was asked, and says so.")
            _add_update(report, user, words, new_state, photo_keys)
    return outcome


def _add_update(
    report: Report, user: User, words: str, new_state: str, photo_keys: tuple[str, ...]
) -> None:
    moment = clock.now()
    update = Update.objects.create(
        report=report,
        user=user,
        email=user.email,
        name=report.name,
        is_name_public=report.is_name_public,
        text=words,
        state=new_state,
        extras={REOPENS: True} if new_state == State.CONFIRMED else {},
        visibility=Update.Visibility.SHOWN,
        created=moment,
        confirmed_at=moment,
    )
    attach_photos(photo_keys, update=update)
    data = {"report": report.pk, "state": new_state}
    record(Fact("update.confirmed", "update", update.pk, actor=actor_of(user), data=data))
