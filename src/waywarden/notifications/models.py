"""Who follows what, what there is to tell them, and the mails that tell it; questionnaires."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.areas.models import Area
from waywarden.bodies.models import Body
from waywarden.reports.models import Report, Update
from waywarden.users.frequency import Frequency


class Alert(models.Model):
    """That a person follows a report, an area, a body, wards of a body, or a circle on the map."""

    class Kind(models.TextChoices):
        REPORT = "report", _("news of a report")
        AREA = "area", _("new reports in an area")
        WARD = "ward", _("new reports to a body in an area")
        WARDS = "wards", _("new reports to a body in some areas")
        BODY = "body", _("new reports to a body")
        RADIUS = "radius", _("new reports near a place")

    class Stopped(models.TextChoices):
        LEFT = "left", _("by the person")
        BOUNCED = "bounced", _("mail came back")
        MOVED = "moved", _("the report is a duplicate; its original is followed")

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alerts")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    report = models.ForeignKey(Report, models.CASCADE, null=True, related_name="alerts")
    area = models.ForeignKey(Area, models.CASCADE, null=True, related_name="+", db_index=False)
    body = models.ForeignKey(Body, models.CASCADE, null=True, related_name="+", db_index=False)
    area_ids = ArrayField(
        models.BigIntegerField(), default=list, help_text=_("Of several areas, in their order.")
    )
    lat = models.FloatField(_("latitude"), null=True)
    lon = models.FloatField(_("longitude"), null=True)
    radius_m = models.PositiveIntegerField(_("metres"), null=True)
    cells = ArrayField(
        models.BigIntegerField(), default=list, help_text=_("Tiles that hold the circle.")
    )
    frequency = models.CharField(
        _("how often"), max_length=8, choices=Frequency.choices, default=Frequency.INSTANT
    )
    cobrand = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True)
    created = models.DateTimeField()
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    stopped = models.CharField(_("why"), max_length=8, choices=Stopped.choices, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "user",
                    "kind",
                    "report",
                    "area",
                    "body",
                    "area_ids",
                    "lat",
                    "lon",
                    "radius_m",
                ],
                nulls_distinct=False,
                name="alert_once",
            ),
            models.CheckConstraint(
                name="alert_has_its_target",
                condition=Q(kind="report", report__isnull=False)
                | Q(kind="area", area__isnull=False)
                | Q(kind="ward", area__isnull=False, body__isnull=False)
                | Q(kind="wards", area_ids__len__gt=1, body__isnull=False)
                | Q(kind="body", body__isnull=False)
                | Q(kind="radius", lat__isnull=False, lon__isnull=False, radius_m__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["area"], name="alert_area", condition=Q(kind="area", stopped_at=None)
            ),
            models.Index(
                fields=["body"], name="alert_body", condition=Q(kind="body", stopped_at=None)
            ),
            models.Index(
                fields=["body", "area"],
                name="alert_ward",
                condition=Q(kind="ward", stopped_at=None),
            ),
            models.Index(
                fields=["body"], name="alert_wards", condition=Q(kind="wards", stopped_at=None)
            ),
            GinIndex(
                fields=["cells"],
                name="alert_cells",
                condition=Q(kind="radius", stopped_at=None),
                fastupdate=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} alert {self.pk}"


class Mailing(models.Model):
    """One mail of an alert: made, claimed by a worker, handed over, and only then marked sent."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waits")
        SENT = "sent", _("handed over")
        DROPPED = "dropped", _("there was nothing left to tell")
        GIVEN_UP = "given up", _("given up")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="mailings")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    created = models.DateTimeField()
    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("mail of an alert")
        verbose_name_plural = _("mails of alerts")
        indexes = [
            models.Index(fields=["next_at"], name="mailing_due", condition=Q(state="queued")),
            models.Index(fields=["created"], name="mailing_created"),
        ]

    def __str__(self) -> str:
        return f"mailing {self.pk}"


class Item(models.Model):
    """One thing to tell the holder of one alert: a new report, or an update of one. Once."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="items", db_index=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="+")
    update = models.ForeignKey(Update, models.CASCADE, null=True, related_name="+")
    mailing = models.ForeignKey(Mailing, models.CASCADE, null=True, related_name="items")
    created = models.DateTimeField(db_index=True)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("item of an alert")
        verbose_name_plural = _("items of alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "report", "update"], nulls_distinct=False, name="alert_item_once"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="item_due", condition=Q(mailing=None))]

    def __str__(self) -> str:
        return f"item {self.pk} of alert {self.alert_id}"


class Questionnaire(models.Model):
    """Whether it is fixed, asked of the reporter four weeks after a body got the report."""

    class State(models.TextChoices):
        PLANNED = "planned", _("to be asked")
        SENT = "sent", _("asked")
        ANSWERED = "answered", _("answered")
        SKIPPED = "skipped", _("not asked")

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="questionnaires")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=8, blank=True)
    old_state = models.CharField(max_length=20, blank=True)
    new_state = models.CharField(max_length=20, blank=True)
    ever_reported = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(state="planned"), name="questionnaire_planned_once"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="questionnaire_due", condition=Q(state="planned")),
            models.Index(
                fields=["user"],
                name="questionnaire_ever",
                condition=Q(ever_reported__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"questionnaire {self.pk} of report {self.report_id}"
