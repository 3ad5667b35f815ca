"""The bodies room as a Django app."""

from django.apps import AppConfig


class BodiesConfig(AppConfig):
    name = "waywarden.bodies"
    default_auto_field = "django.db.models.BigAutoField"
