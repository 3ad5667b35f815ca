"""What others read of questionnaires: how many were answered, and what they said."""

from dataclasses import dataclass

from django.db.models import Count, Q

from waywarden.notifications.models import Questionnaire
from waywarden.reports.verdict_services import Verdict

State = Questionnaire.State


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of questionnaires; `first` of those who were asked had never reported before."""

    asked: int
    answered: int
    fixed: int
    not_fixed: int
    unknown: int
    first: int
    ever_asked: int

    @property
    def fixed_share(self) -> int | None:
        """Of those who could say, how many in a hundred say that it is fixed; None without any."""
        return _share(self.fixed, self.fixed + self.not_fixed)

    @property
    def first_share(self) -> int | None:
        """How many in a hundred had never reported anything before."""
        return _share(self.first, self.ever_asked)


def _share(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def questionnaire_figures() -> Figures:
    """Of all that were asked; one statement."""
    answered = Q(state=State.ANSWERED)
    return Figures(
        **Questionnaire.objects.aggregate(
            asked=Count("id", filter=Q(state__in=[State.SENT, State.ANSWERED])),
            answered=Count("id", filter=answered),
            fixed=Count("id", filter=answered & Q(verdict=Verdict.YES)),
            not_fixed=Count("id", filter=answered & Q(verdict=Verdict.NO)),
            unknown=Count("id", filter=answered & Q(verdict=Verdict.UNKNOWN)),
            first=Count("id", filter=Q(ever_reported=False)),
            ever_asked=Count("id", filter=Q(ever_reported__isnull=False)),
        )
    )
