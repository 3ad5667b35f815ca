"""What a person may follow, as a form: one choice, how often, and where to."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from waywarden.geo.points import Point
from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.alert_services import Target, near, wards
from waywarden.users.frequency import Frequency
from waywarden.users.models import User
from waywarden.web.forms import EmailField

#: Radii that are offered, in metres.
RADII = (250, 500, 1000, 2000, 5000, 10_000, 20_000)

#: How a page says what to follow.
WHAT = r"radius|(?:report|area|body):\d{1,18}|ward:\d{1,18}:\d{1,18}(?:,\d{1,18}){0,49}"


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing to follow, and the address of its feed without the kind before it."""

    value: str
    words: str
    feed: str


class AlertForm(forms.Form):
    """`what` is `radius`, `report:ID`, `area:ID`, `body:ID` or `ward:BODY:AREA,AREA…`."""

    what = forms.RegexField(
        f"^({WHAT})$",
        error_messages={
            "required": _("Please choose what to follow."),
            "invalid": _("Please choose what to follow."),
        },
    )
    lat = forms.FloatField(min_value=-90, max_value=90, required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, required=False)
    radius = forms.IntegerField(required=False)
    frequency = forms.ChoiceField(
        label=_("How often?"), choices=Frequency.choices, required=False, widget=forms.RadioSelect
    )
    email = EmailField(
        label=_("Your e-mail"), help_text=_("We send a link to confirm. It is never shown.")
    )
    website = forms.CharField(required=False)
    """Nobody sees this field; machines fill it in."""

    def __init__(
        self, *given: Any, user: User | None = None, is_staff: bool = False, **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self.user = user
        if is_staff:
            field = self.fields["email"]
            field.required = False
            field.label = _("For somebody else? Their e-mail")
            field.help_text = _("A link to confirm goes there; nothing begins without them.")
        elif user is not None:
            del self.fields["email"]

    @property
    def is_machine(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))

    def target(self) -> Target:
        """What is to be followed. Raises RuleBroken for a circle without a place."""
        given = self.cleaned_data
        if given["what"] != "radius":
            return target_of(given["what"])
        if given.get("lat") is None or given.get("lon") is None:
            raise RuleBroken(str(_("Please choose what to follow.")), field="what")
        return near(Point(given["lat"], given["lon"]), given.get("radius") or 0)


def target_of(what: str) -> Target:
    """What the field `what` says, but for a circle. Raises RuleBroken for anything else."""
    if not re.fullmatch(WHAT, what) or what == "radius":
        raise RuleBroken(str(_("Please choose what to follow.")), field="what")
    kind, *numbers = what.split(":")
    if kind == "ward":
        return wards(int(numbers[0]), map(int, numbers[1].split(",")))
    return Target.of_data({"kind": kind, f"{kind}_id": int(numbers[0])})
