"""How far a connection has been read, what was taken in, what was set aside, and each run."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection


class What(models.TextChoices):
    """What is fetched."""

    UPDATES = "updates", _("updates")
    REPORTS = "reports", _("problems")


class Cursor(models.Model):
    """Everything before `position` has been taken in."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="cursors")
    what = models.CharField(max_length=10, choices=What.choices)
    position = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(db_index=True)
    failures = models.PositiveIntegerField(default=0)
    reach_back_to = models.DateTimeField(
        null=True, help_text=_("The next poll begins here at the latest: the nightly mop-up.")
    )
    claimed_until = models.DateTimeField(
        null=True, help_text=_("A poll is running; one that dies leaves this behind.")
    )
    queued_until = models.DateTimeField(
        null=True, help_text=_("A poll waits in the queue; if it is lost it is queued again then.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "what"], name="cursor_once")]

    def __str__(self) -> str:
        return f"{self.what} of {self.connection_id} up to {self.position}"


class SeenItem(models.Model):
    """An update of a body that was taken in once, whatever the path."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body", "key"], name="seen_once")]

    def __str__(self) -> str:
        return self.key


class PollRun(models.Model):
    """One question to a body's system and what came of it."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="poll_runs")
    what = models.CharField(max_length=10, choices=What.choices)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    span_start = models.DateTimeField(null=True)
    span_end = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    deviations = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("poll run")
        verbose_name_plural = _("poll runs")
        indexes = [models.Index(fields=["connection", "-started_at"], name="poll_run_recent")]

    def __str__(self) -> str:
        return f"{self.what} of {self.connection_id} at {self.started_at}"


class SetAside(models.Model):
    """A row that could not be applied, kept raw with its reason until it can be or is dropped."""

    class Reason(models.TextChoices):
        UNKNOWN_REPORT = "unknown_report", _("we know no such report")
        BAD_DATE = "bad_date", _("its date is missing or impossible")
        BAD_ID = "bad_id", _("its id is missing or wrong")
        OTHER_BODY = "other_body", _("the report belongs to another body")
        NO_PLACE = "no_place", _("it has no place")
        OUTSIDE = "outside", _("its place is outside the body's areas")
        FAILED = "failed", _("applying it failed")

    APPLIED = "applied"
    DROPPED = "dropped"

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        null=True,
        related_name="set_aside_rows",
        help_text=_("None: the body pushed it and has no connection."),
    )
    body = models.ForeignKey(Body, models.CASCADE, null=True, related_name="set_aside_rows")
    what = models.CharField(max_length=10, choices=What.choices)
    key = models.CharField(max_length=200)
    external_id = models.CharField(max_length=200, blank=True)
    our_id = models.BigIntegerField(null=True)
    raw = models.JSONField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    words = models.CharField(max_length=500, blank=True)
    created = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)
    settled_at = models.DateTimeField(null=True)
    settled_as = models.CharField(max_length=20, blank=True, help_text=_("applied or dropped"))

    class Meta:
        verbose_name = _("row set aside")
        verbose_name_plural = _("rows set aside")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "what", "key"],
                condition=Q(settled_at=None),
                name="set_aside_once",
            ),
            models.UniqueConstraint(
                fields=["body", "what", "key"],
                condition=Q(settled_at=None, connection=None),
                name="set_aside_pushed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["external_id"], name="set_aside_external", condition=Q(settled_at=None)
            ),
            models.Index(fields=["our_id"], name="set_aside_ours", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.key}: {self.reason}"


class GoneService(models.Model):
    """A category whose service left the body's list, and the state it comes back with."""

    category = models.OneToOneField(
        Category, models.CASCADE, primary_key=True, related_name="gone_service"
    )
    state = models.CharField(max_length=12, choices=Category.State.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.category_id} since {self.at}"
