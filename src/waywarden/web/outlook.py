"""What happens next with a report, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from waywarden.bodies.words import said
from waywarden.kernel import clock
from waywarden.reports.models import Report
from waywarden.reports.states import Family, State, family_of
from waywarden.web.queries import Way


@dataclass(frozen=True, slots=True)
class Outlook:
    """A sentence, and the day by which such things are usually dealt with, if one is known."""

    words: str
    by: datetime | None = None
    is_late: bool = False


def outlook_of(report: Report, ways: Sequence[Way], *, target_days: int | None) -> Outlook:
    """What a reader may expect; `target_days` is the longest usual time of its categories."""
    state = State(report.state)
    if family_of(state) is Family.FIXED:
        words = _("It is said to be fixed. If it is not, whoever reported it can open it again.")
        return Outlook(words)
    if family_of(state) is not Family.OPEN:
        return Outlook(_words_of(state))
    started = [way.row.sent_at for way in ways if way.row.sent_at]
    began = min(started) if started else report.confirmed_at
    by = began + timedelta(days=target_days) if target_days and began else None
    words = _words_of(state) or _of_open(report, ways)
    return Outlook(words, by, is_late=by is not None and by < clock.now())


#: What a state means for what comes next; open is not here, it depends on how far it has got.
_WORDS = {
    State.INVESTIGATING: gettext_lazy("They are looking into it. What they find is told here."),
    State.IN_PROGRESS: gettext_lazy("Work on it has begun. When it is done, it is told here."),
    State.PLANNED: gettext_lazy("The work is planned. When it begins, it is told here."),
    State.ACTION_SCHEDULED: gettext_lazy("The work is ordered. When it is done, it is told here."),
    State.FOR_TRIAGE: gettext_lazy("They are sorting out who deals with it."),
    State.UNABLE_TO_FIX: gettext_lazy("They do nothing more about it. Why, they may say below."),
    State.NOT_RESPONSIBLE: gettext_lazy(
        "They say that it is not theirs to mend; below they may say whose."
    ),
    State.INTERNAL_REFERRAL: gettext_lazy("They have passed it to another department of theirs."),
    State.CANCELLED: gettext_lazy("Whoever reported it took it back. Nothing more happens."),
    State.DUPLICATE: gettext_lazy("It was reported before. What becomes of it is told there."),
    State.CLOSED: gettext_lazy(
        "They have closed it. Still a problem? Whoever reported it can say so."
    ),
}


def _words_of(state: State) -> str:
    return str(_WORDS.get(state, ""))


def _of_open(report: Report, ways: Sequence[Way]) -> str:
    names = ", ".join(said(way.row.body.name) for way in ways if way.standing == "sent")
    if names:
        return _("It is with %(names)s. What they say about it is told here.") % {"names": names}
    if report.is_born_there:
        return _("It comes from their own system. What they do about it is told here.")
    if any(way.standing == "waiting" for way in ways):
        return _("It goes out shortly. When it has arrived, it is told here.")
    if ways:
        return _("It is shown here for everybody to see, but nobody has been sent it.")
    return _("No body takes reports at this place. It is shown here for everybody to see.")
