"""A connection, what was said over it, and the circuit that spares a system that is down."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Connection(models.Model):
    """One way to reach one back-end.

    `kind` names a plug-in of `backends`; `options` are that plug-in's own, `secrets` its sealed
    secrets. The other columns are the engine's switches, the same for every kind.
    """

    class OnUnknown(models.TextChoices):
        LOOK_UP = "look_up", _("look it up, else send again")
        HOLD = "hold", _("look it up, else hold it for a person")

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("send method"), max_length=40)
    options = models.JSONField(_("options"), default=dict, blank=True)
    secrets = models.TextField(_("secrets (sealed)"), blank=True, editable=False)

    sends_updates = models.BooleanField(_("send updates to the body"), default=False)
    fetches_updates = models.BooleanField(_("fetch updates"), default=False)
    fetches_reports = models.BooleanField(_("fetch problems"), default=False)
    fetches_all_reports = models.BooleanField(
        _("fetch all problems"), default=False, help_text=_("Ask without dates.")
    )
    suppresses_alerts = models.BooleanField(
        _("suppress alerts for fetched updates"),
        default=False,
        help_text=_("The reporter gets no mail; other subscribers still do."),
    )
    permits_blank_updates = models.BooleanField(_("blank updates permitted"), default=False)
    update_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("update user"),
        help_text=_("Fetched updates are credited to this user."),
    )
    zone = models.CharField(
        _("zone"),
        max_length=60,
        default="Europe/London",
        help_text=_("For dates that come without one."),
    )
    poll_seconds = models.PositiveIntegerField(_("poll every (seconds)"), default=900)
    overlap_minutes = models.PositiveIntegerField(_("overlap of polls (minutes)"), default=120)
    window_hours = models.PositiveSmallIntegerField(
        _("longest span of one question (hours)"),
        default=24,
        help_text=_("After an outage what was missed is asked for in pieces of so many hours."),
    )
    lanes = models.PositiveSmallIntegerField(_("lanes"), default=2)
    calls_at_once = models.PositiveSmallIntegerField(_("calls at once per lane"), default=4)
    calls_per_minute = models.PositiveIntegerField(
        _("calls per minute"), default=0, help_text=_("0 means no limit.")
    )
    retry_minutes = ArrayField(
        models.PositiveIntegerField(),
        default=list,
        blank=True,
        verbose_name=_("pauses before another try (minutes)"),
        help_text=_(
            "After the first failure, the second, and so on; the last one repeats. Commas between."
            " Empty: 1, 5, 15, 30, 60, 120, 240, 360."
        ),
    )
    on_unknown = models.CharField(
        _("unknown outcome"), max_length=10, choices=OnUnknown.choices, default=OnUnknown.LOOK_UP
    )

    is_paused = models.BooleanField(_("paused"), default=False)
    pause_reason = models.CharField(_("why it is paused"), max_length=500, blank=True)
    resumed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("What waited while it was paused is not older than this."),
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    @property
    def retry_pauses(self) -> tuple[timedelta, ...]:
        """Its own pauses before another try; empty: the usual ones."""
        return tuple(timedelta(minutes=minutes) for minutes in self.retry_minutes)


class Circuit(models.Model):
    """How a connection has done lately; open after five failures in a row (integration.md 2.4)."""

    connection = models.OneToOneField(
        Connection, models.CASCADE, primary_key=True, related_name="circuit"
    )
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"circuit of {self.connection_id}"


class Exchange(models.Model):
    """One call and its answer, masked; kept 90 days."""

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        null=True,
        related_name="exchanges",
        help_text=_("None: e-mail without a connection."),
    )
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    seconds = models.FloatField()
    method = models.CharField(max_length=10)
    url = models.TextField()
    request = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    clock_ahead = models.FloatField(
        null=True, help_text=_("Seconds that the other side’s clock is ahead of ours, by its Date.")
    )

    class Meta:
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")
        indexes = [
            models.Index(fields=["connection", "-at"], name="exchange_recent"),
            models.Index(fields=["subject_kind", "subject_id"], name="exchange_subject"),
            models.Index(fields=["at"], name="exchange_age"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
