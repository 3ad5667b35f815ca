"""What a person wants of the site."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from waywarden.kernel.text import one_line
from waywarden.users.frequency import Frequency
from waywarden.users.models import User


class PreferencesForm(forms.Form):
    """Name, language, news by mail, and whether we may ask."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("Stands in the forms already. What you wrote before keeps the name it has."),
    )
    language = forms.ChoiceField(label=_("Language of pages and mails"), required=False)
    wants_news = forms.BooleanField(label=_("Send me news of what I follow"), required=False)
    frequency = forms.ChoiceField(
        label=_("How often, for what you follow from now on"), choices=Frequency.choices
    )
    asks = forms.BooleanField(
        label=_("Ask me after four weeks whether it is fixed"), required=False
    )

    def __init__(
        self, data: Any = None, *, user: User, languages: Iterable[tuple[str, str]]
    ) -> None:
        initial = {
            "name": user.name,
            "language": user.language,
            "wants_news": user.wants_news,
            "frequency": user.frequency,
            "asks": user.wants_questionnaires,
        }
        super().__init__(data, initial=initial)
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - as it is written above
        field.choices = [("", _("As my browser says")), *languages]

    def clean_name(self) -> str:
        """On one line."""
        return one_line(self.cleaned_data["name"])
