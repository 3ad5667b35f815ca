"""What people add to a report: stored, confirmed, corrected and taken back while it is held."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.queries import may_speak_for
from waywarden.events.services import Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.reports import states
from waywarden.reports.allowed import Act
from waywarden.reports.fetched_ledger import REOPENS, STATE_BEFORE, WRITTEN_HERE
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import Report, Update
from waywarden.reports.photo_services import actor_of, attach_photos
from waywarden.reports.queries import acts_of, bodies_of_report, viewer_for
from waywarden.reports.states import Mover, State, may_go
from waywarden.users.models import User
from waywarden.users.queries import is_banned


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """What a person adds to a report."""

    report_id: int
    text: str
    email: str
    name: str
    is_name_public: bool = False
    says_fixed: bool = False
    reopens: bool = False
    photo_keys: tuple[str, ...] = ()
    follows: bool | None = None
    """Whether the author wants the report's news from now on; None where nobody asked."""


def create_update(new: NewUpdate, *, user: User | None) -> Update:
    """Stores a person's update: shown at once when signed in, else waiting for confirmation."""
    report = Report.objects.filter(pk=new.report_id, state__in=states.VISIBLE).first()
    if report is None:
        raise RuleBroken(_("This report is not there any more."))
    if user is not None and Act.UPDATE not in acts_of(report, viewer_for(user)):
        raise RuleBroken(_("Nothing can be added to this report."))
    if not paragraphs(new.text):
        raise RuleBroken(_("Please write what you saw."), field="text")
    if len(new.text) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="text")
    if not one_line(new.name):
        raise RuleBroken(_("Please give your name; it is shown only if you say so."), field="name")
    moment = clock.now()
    with transaction.atomic():
        update = Update.objects.create(
            report=report,
            user=user,
            email=user.email if user else new.email.strip().lower(),
            name=one_line(new.name)[:200],
            is_name_public=new.is_name_public,
            text=paragraphs(new.text),
            state=_state_wished(new, report),
            follows=new.follows,
            created=moment,
        )
        attach_photos(new.photo_keys, update=update)
        record(Fact("update.created", "update", update.pk, actor=actor_of(user)))
        if user is not None:
            confirm_update(update.pk, user=user)
    update.refresh_from_db()
    return update


def _state_wished(new: NewUpdate, report: Report) -> str:
    if new.says_fixed and report.is_open:
        return State.FIXED_USER
    if new.reopens and not report.is_open:
        return State.CONFIRMED
    return ""


def confirm_update(update_id: int, *, user: User) -> bool:
    """Shows an update and sets the state it asks for, where its author may; False if done before.

    Who may is said by the tables of the report's bodies (`allowed`). What may not be added at all
    by then stays hidden.
    """
    moment = clock.now()
    with transaction.atomic():
        _lock_report_of(update_id)
        update = Update.objects.select_for_update().get(pk=update_id)
        if update.visibility != Update.Visibility.UNCONFIRMED:
            return False
        report = Report.objects.get(pk=update.report_id)
        acts = acts_of(report, viewer_for(user))
        stopped = Act.UPDATE not in acts or is_banned(email=user.email, phone=user.phone)
        update.visibility = Update.Visibility.HIDDEN if stopped else Update.Visibility.SHOWN
        update.user, update.confirmed_at = user, moment
        if stopped or not _may_set(update.state, report, user, acts):
            update.state = ""
        if update.state == State.CONFIRMED and not report.is_open:
            update.extras[REOPENS] = True
        update.save()
        if not stopped:
            _apply_state(report, update.state, moment)
            data = {"report": report.pk, "state": update.state}
            record(Fact("update.confirmed", "update", update.pk, actor=actor_of(user), data=data))
    return True


def _may_set(state: str, report: Report, user: User, acts: Collection[Act]) -> bool:
    """Whether the table of states lets the author, and the tables of the bodies do too."""
    viewer = viewer_for(user)
    mover = Mover.REPORTER if report.user_id == user.pk else Mover.ANYONE
    if viewer.is_operator or viewer.body_ids & bodies_of_report(report.pk):
        mover = Mover.STAFF
    return _ACT_OF.get(state) in acts and may_go(mover, report.state, state)


_ACT_OF: dict[str, Act] = {State.FIXED_USER: Act.FIX, State.CONFIRMED: Act.REOPEN}


def _apply_state(report: Report, state: str, moment: datetime) -> None:
    report.changed = moment
    if state and state != report.state:
        report.state, report.state_changed_at = state, moment
    report.save(update_fields=["state", "state_changed_at", "changed"])


def correct_update(update_id: int, text: str, *, user: User) -> None:
    """The author words an update anew, while it has gone to no body. Raises NotAllowed.

    What stands in a body's name, any of those who may speak for it.
    """
    if len(text) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="text")
    with transaction.atomic():
        update = _own_update(update_id, user)
        # A body may say a state alone.
        if not paragraphs(text) and not (update.body_id is not None and update.state):
            raise RuleBroken(_("Please write something."), field="text")
        update.text, update.mail_text = paragraphs(text), ""
        update.save(update_fields=["text", "mail_text"])
        record(Fact("update.corrected", "update", update.pk, actor=actor_of(user)))


def withdraw_update(update_id: int, *, user: User) -> None:
    """The author takes an update back, while it has gone to no body; the state it set goes too.

    What stands in a body's name, any of those who may speak for it. Raises NotAllowed.
    """
    moment = clock.now()
    with transaction.atomic():
        update = _own_update(update_id, user)
        report = Report.objects.get(pk=update.report_id)
        if update.state and update.state == report.state:
            before = update.extras.get(STATE_BEFORE) or _state_before(update)
            _apply_state(report, before, moment)
        update.visibility = Update.Visibility.HIDDEN
        update.save(update_fields=["visibility"])
        record(Fact("update.withdrawn", "update", update.pk, actor=actor_of(user)))


def _lock_report_of(update_id: int) -> None:
    """The report first: what sends it or takes its news in locks in that order, too."""
    lock_reports(Update.objects.filter(pk=update_id).values_list("report_id", flat=True))


def _own_update(update_id: int, user: User) -> Update:
    _lock_report_of(update_id)
    update = (
        Update.objects.select_for_update(of=("self",))
        .filter(pk=update_id, visibility=Update.Visibility.SHOWN)
        .first()
    )
    if update is None or not _may_change(update, user):
        raise NotAllowed
    return update


def _may_change(update: Update, user: User) -> bool:
    if update.body_id is None:
        return update.user_id == user.pk
    return WRITTEN_HERE in update.extras and may_speak_for(user, update.body_id)


def _state_before(update: Update) -> str:
    """What the shown updates before one last said; open when none said anything (FB 1.4)."""
    earlier = (
        Update.objects.filter(report=update.report_id, visibility=Update.Visibility.SHOWN)
        .exclude(state="")
        .exclude(pk=update.pk)
        .order_by("-confirmed_at", "-id")
    )
    return earlier.values_list("state", flat=True).first() or State.CONFIRMED
