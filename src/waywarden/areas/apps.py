"""The areas room as a Django app."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "waywarden.areas"
    default_auto_field = "django.db.models.BigAutoField"
