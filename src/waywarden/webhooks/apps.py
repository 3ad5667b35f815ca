"""The webhooks room as a Django app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "waywarden.webhooks"
    default_auto_field = "django.db.models.BigAutoField"
