"""The connections room as a Django app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "waywarden.connections"
    default_auto_field = "django.db.models.BigAutoField"
