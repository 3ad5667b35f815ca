"""The ui room as a Django app."""

from django.apps import AppConfig
from django.forms import Field
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "waywarden.ui"

    def ready(self) -> None:
        """Every form, a library's too, says in our words that something is missing."""
        Field.default_error_messages["required"] = _("Please fill this in.")
