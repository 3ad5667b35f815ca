"""The health room as a Django app."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "waywarden.health"
    default_auto_field = "django.db.models.BigAutoField"
