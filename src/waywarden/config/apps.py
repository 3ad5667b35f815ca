"""The composition root as a Django app: what must stand before the first request."""

from django.apps import AppConfig


class ConfigAppConfig(AppConfig):
    """Tells the rooms what follows from what."""

    name = "waywarden.config"
    label = "config"

    def ready(self) -> None:
        """Installs the handlers of events, the one page that knows them all."""
        from waywarden.config import mail_webhooks  # import models, which are ready only now
        from waywarden.jobs import handlers

        handlers.install()
        mail_webhooks.install()
