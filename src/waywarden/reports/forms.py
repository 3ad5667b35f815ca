"""Forms of the operator's admin that know a report's states."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from waywarden.bodies.forms import LinesField
from waywarden.bodies.models import ResponseTemplate
from waywarden.reports.state_words import STATE_CHOICES
from waywarden.reports.states import VISIBLE


class ResponseTemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A body's words for states and external codes."""

    states = forms.MultipleChoiceField(
        label=gettext_lazy("States"),
        required=False,
        choices=[
            (value, f"{name} ({value})") for value, name in STATE_CHOICES if value in set(VISIBLE)
        ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("It speaks when an update changes the report to one of these."),
    )
    external_codes = LinesField(
        label=gettext_lazy("External codes"),
        help_text=gettext_lazy(
            "One a line, as the body’s system sends them. Between commas, * is anything and + is"
            " anything but nothing."
        ),
    )

    class Meta:
        model = ResponseTemplate
        fields = ["title"]

    def clean(self) -> dict[str, Any] | None:
        """Its categories are of its body; an automatic one needs something to speak for."""
        cleaned = super().clean() or {}
        body = cleaned.get("body")
        chosen = cleaned.get("categories") or () if body else ()
        strangers = [
            category.name for category in chosen if category.body_id != getattr(body, "pk", None)
        ]
        if strangers:
            words = _("These are categories of another body: %s") % ", ".join(strangers)
            self.add_error("categories", words)
        if cleaned.get("is_automatic") and not (cleaned["states"] or cleaned["external_codes"]):
            self.add_error("states", _("An automatic template needs a state or an external code."))
        return cleaned
