"""Reports, their row at each body, updates, photos."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category
from waywarden.reports import states
from waywarden.reports.count_models import (  # noqa: F401 - Django looks for models here
    BodyFigures,
    PinCount,
    WardFigures,
)
from waywarden.reports.reasons import Reason
from waywarden.reports.rule_models import UpdateRule  # noqa: F401 - the same
from waywarden.reports.state_words import STATE_CHOICES
from waywarden.reports.states import PinClass, State

#: What the public may see; the indexes below hold only these.
_SEEN = Q(is_private=False) & ~Q(state__in=["unconfirmed", "hidden"])


class Report(models.Model):
    """A problem in a place. Its "sent" is read off its deliveries, never kept here."""

    class Source(models.TextChoices):
        WEB = "web", _("this site")
        BACKEND = "backend", _("the body’s own system")
        API = "api", _("another application")
        IMPORT = "import", _("imported")

    title = models.CharField(_("title"), max_length=200)
    detail = models.TextField(_("detail"), blank=True)
    category_name = models.CharField(_("category"), max_length=200)
    group = models.CharField(_("group"), max_length=120, blank=True)
    lat = models.FloatField(_("latitude"))
    lon = models.FloatField(_("longitude"))
    cell = models.BigIntegerField(editable=False)
    is_placed = models.BooleanField(_("placed on the map"), default=True)
    nearest_address = models.CharField(_("near"), max_length=300, blank=True)
    area_ids = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("areas"))
    state = models.CharField(
        _("state"), max_length=20, choices=STATE_CHOICES, default=State.UNCONFIRMED.value
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("reporter"),
    )
    email = models.EmailField(_("e-mail given"), blank=True)
    name = models.CharField(_("name given"), max_length=200, blank=True)
    phone = models.CharField(_("phone given"), max_length=40, blank=True)
    is_name_public = models.BooleanField(_("name is public"), default=False)
    is_private = models.BooleanField(_("private"), default=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.WEB)
    cobrand = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True)
    created = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    state_changed_at = models.DateTimeField(null=True, blank=True)
    changed = models.DateTimeField()
    duplicate_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    me_too_count = models.PositiveIntegerField(_("seen by others too"), default=0)
    missing_body_ids = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text=_("Bodies that answer for the place but took nothing there (FB A.4)."),
    )

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes = [
            models.Index(
                fields=["cell"],
                name="report_box",
                condition=_SEEN,
                include=["confirmed_at", "id", "lat", "lon", "state", "category_name"],
            ),
            models.Index(
                fields=["-confirmed_at", "-id"],
                name="report_newest",
                condition=_SEEN,
                include=["cell", "lat", "lon", "state", "category_name"],
            ),
            models.Index(fields=["changed"], name="report_changed", condition=_SEEN),
            models.Index(
                fields=["-state_changed_at", "-id"],
                name="report_fixed_lately",
                condition=Q(
                    is_private=False, state__in=["fixed", "fixed - user", "fixed - council"]
                ),
            ),
            models.Index(fields=["user", "-created"], name="report_user"),
            GinIndex(fields=["area_ids"], name="report_areas"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.title}"

    def get_absolute_url(self) -> str:
        """Its public page."""
        return f"/report/{self.pk}"

    @property
    def is_visible(self) -> bool:
        """Whether the state lets the public see it (privacy is another matter)."""
        return states.pin_class_of(self.state) is not None

    @property
    def pin_class(self) -> PinClass | None:
        """The class of its pin."""
        return states.pin_class_of(self.state)

    @property
    def is_born_there(self) -> bool:
        """Whether it came from a body's own system, as it was entered there or in bulk."""
        return self.source in (Report.Source.BACKEND, Report.Source.IMPORT)

    @property
    def is_open(self) -> bool:
        """Whether it is in the open family."""
        return self.state in states.OPEN

    @property
    def is_fixed(self) -> bool:
        """Whether it is in the fixed family."""
        return self.state in states.FIXED


class ReportBody(models.Model):
    """What a report is at one body (integration.md 1, *report body*)."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="at_bodies")
    body = models.ForeignKey(Body, models.PROTECT, related_name="report_rows")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="report_rows")
    answers = models.JSONField(
        default=dict, help_text=_("Question code to a list of values, as the reporter gave them.")
    )
    external_id = models.CharField(max_length=200, blank=True)
    customer_reference = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(
        null=True, help_text=_("When the report moved on to another body; what it says is kept.")
    )
    sent_by = models.CharField(max_length=40, blank=True, help_text=_("The kind it went by."))
    last_status = models.CharField(max_length=60, blank=True)
    last_status_at = models.DateTimeField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text=_("The body's person who has it, as its system says; only staff see it."),
    )
    extras = models.JSONField(default=dict)
    told = models.JSONField(
        default=dict, help_text=_("When its system told what: late rows do not undo newer ones.")
    )

    class Meta:
        verbose_name = _("report at a body")
        verbose_name_plural = _("reports at bodies")
        constraints = [
            models.UniqueConstraint(fields=["report", "body"], name="report_body_once"),
            models.UniqueConstraint(
                fields=["body", "external_id"],
                condition=~Q(external_id=""),
                name="report_body_external_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["external_id"], name="report_body_external"),
            models.Index(
                fields=["customer_reference"],
                name="report_body_customer",
                condition=~Q(customer_reference=""),
            ),
            models.Index(
                fields=["report", "body"], name="report_body_here", condition=Q(left_at=None)
            ),
            models.Index(
                fields=["assigned_to"],
                name="report_body_assigned",
                condition=Q(assigned_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} at {self.body_id}"

    @property
    def reference(self) -> str:
        """The number people are shown."""
        return self.customer_reference or self.external_id


class OtherReference(models.Model):
    """A further reference of a report at a body: of a system it was in before, or of a copy.

    Read beside `ReportBody.external_id`, so that what comes under it still finds its report, and
    a problem listed under it is not taken for a new one.
    """

    report = models.ForeignKey(Report, models.CASCADE, related_name="other_references")
    body = models.ForeignKey(Body, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=200)
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "external_id"], name="other_reference_once")
        ]
        indexes = [models.Index(fields=["external_id"], name="other_reference_external")]

    def __str__(self) -> str:
        return f"{self.external_id} at {self.body_id}"


class Update(models.Model):
    """Words and a change of state, by a person or by a body."""

    class Visibility(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("waits to be confirmed")
        SHOWN = "shown", _("shown")
        HIDDEN = "hidden", _("hidden")

    report = models.ForeignKey(Report, models.CASCADE, related_name="updates")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="updates"
    )
    body = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        related_name="updates",
        help_text=_("The body it speaks for."),
    )
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    is_name_public = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    mail_text = models.TextField(
        blank=True, help_text=_("What is mailed instead; empty: the text itself.")
    )
    state = models.CharField(
        max_length=20, choices=STATE_CHOICES, blank=True, help_text=_("The state it set, if any.")
    )
    follows = models.BooleanField(null=True)
    """Whether its author asked for the news of the report, or not to have them any more."""
    visibility = models.CharField(
        max_length=12, choices=Visibility.choices, default=Visibility.UNCONFIRMED
    )
    external_id = models.CharField(max_length=200, blank=True, help_text=_("The body's update id."))
    external_status_code = models.CharField(max_length=100, blank=True)
    extras = models.JSONField(default=dict)
    created = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        indexes = [
            models.Index(fields=["report", "confirmed_at"], name="update_story"),
            models.Index(
                fields=["confirmed_at"], name="update_newest", condition=Q(visibility="shown")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "external_id"],
                condition=~Q(external_id=""),
                name="update_external_id_once",
            )
        ]

    def __str__(self) -> str:
        return f"update {self.pk} of {self.report_id}"

    @property
    def words_for_mail(self) -> str:
        """What a mail about it says."""
        return self.mail_text or self.text

    @property
    def credited_to(self) -> str:
        """The name it is shown under; "" where the person did not want one shown."""
        if self.body is not None:
            return self.body.name
        return self.name if self.is_name_public else ""


class MeToo(models.Model):
    """Somebody else who has seen it too; counted once each."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="me_toos")
    key = models.CharField(max_length=64, help_text=_("Who, as a keyed hash."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="me_too_once")]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.pk}"


class Flag(models.Model):
    """That somebody finds a report or an update abusive or wrong; the operator looks at it."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="flags")
    update = models.ForeignKey("Update", models.CASCADE, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    words = models.TextField(_("words"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    created = models.DateTimeField()
    told_at = models.DateTimeField(_("mailed"), null=True, blank=True)
    """When the people who run the site were told by mail."""
    handled_at = models.DateTimeField(_("looked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["created"], name="flag_open", condition=Q(handled_at=None)),
            models.Index(fields=["id"], name="flag_untold", condition=Q(told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.reason}"


class Photo(models.Model):
    """A photo, cleaned of its metadata; until its report is sent it belongs to nothing."""

    key = models.UUIDField(unique=True)
    report = models.ForeignKey(Report, models.CASCADE, null=True, related_name="photos")
    update = models.ForeignKey(Update, models.CASCADE, null=True, related_name="photos")
    file = models.FileField(upload_to="photos/%Y/%m/", max_length=200)
    thumbnail = models.FileField(upload_to="photos/%Y/%m/", max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    order = models.PositiveSmallIntegerField(default=0)
    created = models.DateTimeField()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["order", "id"]
        indexes = [
            models.Index(
                fields=["created"], name="photo_adrift", condition=Q(report=None, update=None)
            )
        ]

    def __str__(self) -> str:
        return str(self.key)
