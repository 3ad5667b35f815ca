"""What is wrong now and was before, who hears of it, and tests of an endpoint."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.webhooks.models import Endpoint


class Alarm(models.Model):
    """Something that broke. While it is open its key is taken, so that it is told once."""

    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    connection = models.ForeignKey(
        Connection, models.CASCADE, null=True, related_name="alarms", help_text=_("None: e-mail.")
    )
    body = models.ForeignKey(
        Body,
        models.CASCADE,
        null=True,
        related_name="alarms",
        help_text=_("None: of the connection itself, and so of every body that uses it."),
    )
    webhook = models.ForeignKey(
        Endpoint,
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text=_("The one that was stopped; then it is of no connection."),
    )
    count = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text=_("When it was still so."))
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed_at=None), name="alarm_open_once"
            )
        ]
        indexes = [models.Index(fields=["-opened_at"], name="alarm_recent")]

    def __str__(self) -> str:
        return self.key


class AlarmReader(models.Model):
    """A person who is mailed when something breaks and mends at a body; None: anywhere."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    body = models.ForeignKey(Body, models.CASCADE, null=True, related_name="alarm_readers")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "body"], name="alarm_reader_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} hears of {self.body_id or 'everything'}"


class SelfTest(models.Model):
    """A run of the conformance kit on a connection's endpoint."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="self_tests")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    found = models.JSONField(default=dict, help_text=_("The kit's report as plain data."))
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(finished_at=None), name="self_test_one_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["connection", "-asked_at"], name="self_test_recent")]

    def __str__(self) -> str:
        return f"test of {self.connection_id} at {self.asked_at}"
