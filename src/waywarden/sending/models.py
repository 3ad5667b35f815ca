"""A delivery: one report or update on its way to one body (integration.md 2)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.reports.models import Report, Update
from waywarden.sending.reasons import Reason

#: In `told_as`: a desk that is told by mail and has no number for the report.
AT_A_DESK = "-"


class Delivery(models.Model):
    """One item for one body, unique per generation; `key` goes along on every attempt."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        PENDING = "pending", _("sent, waiting for the reference")
        UNKNOWN = "unknown", _("may have arrived")
        WAITING = "waiting", _("waiting to be tried again")
        REFUSED = "refused", _("refused")
        HELD = "held", _("held for a person")
        CANCELLED = "cancelled", _("cancelled")

    report = models.ForeignKey(Report, models.PROTECT, related_name="deliveries")
    update = models.ForeignKey(Update, models.PROTECT, null=True, related_name="deliveries")
    body = models.ForeignKey(Body, models.PROTECT, related_name="deliveries")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        null=True,
        related_name="deliveries",
        help_text=_("None: e-mail."),
    )
    generation = models.PositiveSmallIntegerField(default=1)
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    lane = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often the body said no in a way that may not be meant.")
    )
    first_attempt_at = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(
        null=True, help_text=_("A worker that dies leaves this behind.")
    )
    cause = models.CharField(
        max_length=40, blank=True, help_text=_("The class of the last failure.")
    )
    reason = models.TextField(blank=True, help_text=_("The last failure in words, in English."))
    why = models.JSONField(
        default=dict, blank=True, help_text=_("The same as code and words, where it has a code.")
    )
    token = models.CharField(max_length=200, blank=True)
    token_at = models.DateTimeField(null=True, help_text=_("When the token came."))
    external_id = models.CharField(max_length=200, blank=True)
    told_as = models.CharField(
        max_length=200,
        blank=True,
        help_text=_(
            "The body's reference that an update goes to, where the report has another by now."
        ),
    )
    moved_by = models.ForeignKey(
        Update,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_(
            "The update by which the report moved on while nobody knew whether it had arrived:"
            " it is looked up, never posted again, and if it is there that update follows it."
        ),
    )
    notebook = models.JSONField(default=dict)
    created = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "body", "generation"],
                condition=Q(update=None),
                name="delivery_report_once",
            ),
            models.UniqueConstraint(
                fields=["update", "body", "generation"],
                condition=Q(update__isnull=False),
                name="delivery_update_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "lane", "due_at", "id"],
                name="delivery_due",
                condition=Q(state__in=["queued", "waiting", "unknown", "pending"]),
            ),
            models.Index(
                fields=["state", "claimed_until"],
                name="delivery_claimed",
                condition=Q(state="sending"),
            ),
            models.Index(fields=["body", "state", "-id"], name="delivery_board"),
            models.Index(
                fields=["connection", "cause"],
                name="delivery_stuck",
                condition=Q(state__in=["refused", "held"]),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} ({self.state})"

    def explain(self, reason: Reason) -> None:
        """Sets why it stands where it stands; saves nothing."""
        self.reason, self.why = str(reason), reason.stored


class Answer(models.Model):
    """A mail that came back from a body: what it answered, or that a mail did not reach it."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("an answer")
        AUTOMATIC = "automatic", _("an automatic answer")
        BOUNCE = "bounce", _("a mail did not arrive")
        UNKNOWN = "unknown", _("it belongs to nothing here")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    delivery = models.ForeignKey(Delivery, models.PROTECT, null=True, related_name="answers")
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="answers")
    body = models.ForeignKey(Body, models.PROTECT, null=True, related_name="answers")
    at = models.DateTimeField(_("when"))
    mark = models.CharField(max_length=64, unique=True, help_text=_("The same mail is kept once."))
    sender = models.CharField(_("from"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    raw = models.BinaryField(help_text=_("The mail itself, its beginning where it is very long."))

    class Meta:
        verbose_name = _("mail from a body")
        verbose_name_plural = _("mails from bodies")
        indexes = [
            models.Index(fields=["report", "at"], name="answer_story"),
            models.Index(fields=["body", "-id"], name="answer_of_body"),
            models.Index(fields=["at"], name="answer_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.report_id}"


class ShadowRequest(models.Model):
    """What a connection in shadow would have been told of a report or update; nothing went out."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="shadow_requests")
    body = models.ForeignKey(Body, models.CASCADE, related_name="shadow_requests")
    report = models.ForeignKey(Report, models.CASCADE, related_name="shadow_requests")
    update = models.ForeignKey(Update, models.CASCADE, null=True, related_name="shadow_requests")
    at = models.DateTimeField()
    method = models.CharField(max_length=10, blank=True)
    url = models.TextField(blank=True)
    request = models.TextField(blank=True, help_text=_("Masked, as an exchange is."))
    findings = models.JSONField(
        default=list, help_text=_("What would have gone wrong, in words; empty when all is well.")
    )

    class Meta:
        verbose_name = _("request in shadow")
        verbose_name_plural = _("requests in shadow")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "report", "update"],
                name="shadow_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["body", "-at"], name="shadow_recent"),
            models.Index(fields=["at"], name="shadow_age"),
        ]

    def __str__(self) -> str:
        what = f"update {self.update_id} of " if self.update_id else ""
        return f"{what}report {self.report_id} for {self.connection_id}"
