"""The sending room as a Django app."""

from django.apps import AppConfig


class SendingConfig(AppConfig):
    name = "waywarden.sending"
    default_auto_field = "django.db.models.BigAutoField"
