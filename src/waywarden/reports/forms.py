"""Forms of the operator's admin that know a report's states."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from waywarden.bodies.forms import LinesField
from waywarden.bodies.models import ResponseTemplate
from waywarden.bodies.templates import PLACEHOLDERS, unknown_placeholders
from waywarden.reports.state_words import STATE_CHOICES
from waywarden.reports.states import VISIBLE


class TemplateRules(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What every form of a response template checks. Its body is a field, or the instance's."""

    def clean(self) -> dict[str, Any] | None:
        """Its categories are of its body; an automatic one needs something to speak for."""
        cleaned = super().clean() or {}
        body = cleaned.get("body")
        body_id = body.pk if body else self.instance.body_id
        chosen = cleaned.get("categories") or () if body_id else ()
        strangers = [category.name for category in chosen if category.body_id != body_id]
        if strangers:
            words = _("These are categories of another body: %s") % ", ".join(strangers)
            self.add_error("categories", words)
        if cleaned.get("is_automatic") and not (
            cleaned.get("states") or cleaned.get("external_codes")
        ):
            self.add_error("states", _("An automatic template needs a state or an external code."))
        for name in ("text", "email_text"):
            self._check_placeholders(name, cleaned.get(name) or "")
        return cleaned

    def _check_placeholders(self, name: str, text: str) -> None:
        unknown = unknown_placeholders(text)
        if unknown:
            words = _("Nothing is known under %(unknown)s. There are: %(known)s, extras.NAME.")
            named = ", ".join(f"{{{{{one}}}}}" for one in unknown)
            self.add_error(name, words % {"unknown": named, "known": ", ".join(PLACEHOLDERS)})


class ResponseTemplateForm(TemplateRules):
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
