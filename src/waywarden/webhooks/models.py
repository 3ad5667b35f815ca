"""Endpoints of machines, and each message on its way to one."""

import uuid
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body


class Endpoint(models.Model):
    """An address that is told of events: of one body's reports, or of all public ones."""

    body = models.ForeignKey(
        Body,
        models.CASCADE,
        null=True,
        related_name="webhooks",
        help_text=_("None: the whole site; private reports never go there."),
    )
    url = models.URLField(_("address"), max_length=500)
    description = models.CharField(_("what it is for"), max_length=200, blank=True)
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("events"))
    secret = models.TextField(help_text=_("Sealed."))
    old_secret = models.TextField(blank=True, help_text=_("Sealed; signs too until it is over."))
    old_secret_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    stopped_for = models.CharField(max_length=200, blank=True)
    failing_since = models.DateTimeField(null=True)
    created = models.DateTimeField()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        indexes = [models.Index(fields=["body"], name="webhook_body", condition=Q(is_active=True))]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """Where it is, without what an address may tell beside."""
        return urlsplit(self.url).hostname or ""


class Call(models.Model):
    """One message for one endpoint; `message_id` goes along on every attempt and every replay."""

    class State(models.TextChoices):
        WAITING = "waiting", _("on its way")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")
        WITHHELD = "withheld", _("withheld: it is not public any more")

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="calls")
    message_id = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=40)
    report_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text=_("Of the last answer."))
    said = models.CharField(max_length=500, blank=True, help_text=_("Its beginning, or the error."))
    seconds = models.FloatField(null=True)
    created = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message_id"], name="webhook_call_once")
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"], name="webhook_due", condition=Q(state="waiting")
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(fields=["created"], name="webhook_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.endpoint_id} ({self.state})"
