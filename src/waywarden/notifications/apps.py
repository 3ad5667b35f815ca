"""The notifications room as a Django app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "waywarden.notifications"
