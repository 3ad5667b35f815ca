"""The events room as a Django app."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "waywarden.events"
    default_auto_field = "django.db.models.BigAutoField"
