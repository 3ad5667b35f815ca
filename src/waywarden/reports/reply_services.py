"""What staff write on a report in the name of their body; `update_services` changes it again."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.queries import may_speak_for
from waywarden.events.services import Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.kernel.text import paragraphs
from waywarden.reports import states
from waywarden.reports.fetched_ledger import REOPENS, STATE_BEFORE, WRITTEN_HERE
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.photo_services import actor_of, attach_photos
from waywarden.reports.states import State
from waywarden.users.models import User

#: What staff may set: what is shown, less what only people, duplicates and history have.
FOR_STAFF = tuple(
    state
    for state in states.VISIBLE
    if state not in (State.PLANNED, State.FIXED, State.FIXED_USER, State.DUPLICATE, State.CANCELLED)
)
#: The longest words of an answer.
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a body answers. `state` "" keeps the report's; `mail_text` "" mails the text itself."""

    report_id: int
    body_id: int
    text: str
    state: str = ""
    mail_text: str = ""
    photo_keys: tuple[str, ...] = ()


def reply_as_body(new: Reply, *, user: User) -> Update:
    """Stores an answer in the body's name; it goes to the bodies' systems like other updates.

    The public reads the body's name, staff also whose words they are. Raises NotAllowed for who
    may not speak for the body, or where it has not the report; RuleBroken by field.
    """
    _check(new)
    moment = clock.now()
    with transaction.atomic():
        report = Report.objects.select_for_update().filter(pk=new.report_id).first()
        here = ReportBody.objects.filter(report=new.report_id, body=new.body_id, left_at=None)
        if report is None or not here.exists() or not may_speak_for(user, new.body_id):
            raise NotAllowed
        if not report.is_visible:
            raise RuleBroken(_("This report is not there any more."))
        state = new.state if new.state != report.state else ""
        if not state and not paragraphs(new.text):
            raise RuleBroken(_("Please write something, or choose another state."), field="text")
        if state and not states.may_go(states.Mover.STAFF, report.state, state):
            raise RuleBroken(_("The report cannot become that."), field="state")
        update = _update_of(new, user=user, state=state)
        update.created = update.confirmed_at = moment
        if state == State.CONFIRMED and not report.is_open:
            update.extras[REOPENS] = True
        if state:
            update.extras[STATE_BEFORE] = report.state
        update.save()
        attach_photos(new.photo_keys, update=update)
        report.changed = moment
        if state:
            report.state, report.state_changed_at = state, moment
            report.duplicate_of = None  # what goes on is none any more
        report.save(update_fields=["state", "state_changed_at", "changed", "duplicate_of"])
        data = {"report": report.pk, "state": state, "body": new.body_id}
        record(Fact("update.confirmed", "update", update.pk, actor=actor_of(user), data=data))
    return update


def _check(new: Reply) -> None:
    if new.state and new.state not in FOR_STAFF:
        raise RuleBroken(_("Please choose one of the states."), field="state")
    if len(new.text) > LONGEST:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="text")


def _update_of(new: Reply, *, user: User, state: str) -> Update:
    return Update(
        report_id=new.report_id,
        body_id=new.body_id,
        user=user,
        name=user.name,
        email=user.email,
        text=paragraphs(new.text),
        mail_text=paragraphs(new.mail_text),
        state=state,
        visibility=Update.Visibility.SHOWN,
        extras={WRITTEN_HERE: True},
    )
