"""The users room as a Django app."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "waywarden.users"
    default_auto_field = "django.db.models.BigAutoField"
