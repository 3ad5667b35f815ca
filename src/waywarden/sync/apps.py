"""The sync room as a Django app."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "waywarden.sync"
    default_auto_field = "django.db.models.BigAutoField"
