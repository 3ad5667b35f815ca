"""The event table: history, audit, and what alerts and webhooks are driven by."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One fact. Actor and subject are kind and id, so that no foreign key points upwards."""

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=60)
    actor_kind = models.CharField(
        max_length=20, blank=True, help_text=_("user, body, connection or empty")
    )
    actor_id = models.BigIntegerField(null=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="event_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind} {self.subject_id}"
