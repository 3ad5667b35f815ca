"""The web room as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "waywarden.web"
    default_auto_field = "django.db.models.BigAutoField"
