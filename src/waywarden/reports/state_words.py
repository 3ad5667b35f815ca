"""What each state is called."""

from django.utils.translation import gettext_lazy as _

from waywarden.reports.states import State

STATE_CHOICES = [
    (State.UNCONFIRMED.value, _("Waiting to be confirmed")),
    (State.HIDDEN.value, _("Hidden")),
    (State.CONFIRMED.value, _("Open")),
    (State.INVESTIGATING.value, _("Being looked into")),
    (State.IN_PROGRESS.value, _("In progress")),
    (State.PLANNED.value, _("Planned")),
    (State.ACTION_SCHEDULED.value, _("Action scheduled")),
    (State.FOR_TRIAGE.value, _("Waiting to be sorted")),
    (State.FIXED.value, _("Fixed")),
    (State.FIXED_USER.value, _("Fixed, says the public")),
    (State.FIXED_COUNCIL.value, _("Fixed")),
    (State.CLOSED.value, _("Closed")),
    (State.UNABLE_TO_FIX.value, _("No further action")),
    (State.NOT_RESPONSIBLE.value, _("Not this body’s responsibility")),
    (State.DUPLICATE.value, _("Already reported")),
    (State.INTERNAL_REFERRAL.value, _("Passed to another department")),
    (State.CANCELLED.value, _("Withdrawn")),
]
