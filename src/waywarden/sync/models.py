"""How far a connection has been read, what was taken in, set aside or kept out, and each run."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.sync.exclusions import By, How, Rule


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
    mark = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("The mark of the whole list as it was read last; unchanged, it is not sent."),
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

    #: Such a row tells of what is not this site's, or not here yet: nobody need look at it, and it
    #: goes by age (`sync.ageing_services`).
    NOT_OURS = (Reason.UNKNOWN_REPORT, Reason.OTHER_BODY, Reason.OUTSIDE)

    APPLIED = "applied"
    DROPPED = "dropped"
    AGED = "aged"

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
    settled_as = models.CharField(
        max_length=20, blank=True, help_text=_("applied, dropped or aged")
    )

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
            models.Index(
                fields=["reason", "created"],
                name="set_aside_reasons",
                condition=Q(settled_at=None),
            ),
            models.Index(fields=["settled_as", "settled_at"], name="set_aside_settled"),
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


class ExclusionRule(models.Model):
    """Keeps problems of a body's system out (integration.md 4, *Exclusions*)."""

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        related_name="exclusion_rules",
        verbose_name=_("connection"),
    )
    by = models.CharField(
        _("by"),
        max_length=10,
        choices=[
            (By.SERVICE.value, _("service")),
            (By.STATUS.value, _("status")),
            (By.AGE.value, _("age")),
            (By.KEYWORD.value, _("keyword")),
            (By.PRIVATE.value, _("private")),
            (By.FIELD.value, _("a field")),
        ],
    )
    field = models.CharField(
        _("field"),
        max_length=100,
        blank=True,
        help_text=_("For a rule on a field: its name on the wire, such as agency_responsible."),
    )
    test = models.CharField(
        _("how it compares"),
        max_length=15,
        default=How.IS.value,
        choices=[
            (How.IS.value, _("is")),
            (How.IS_NOT.value, _("is not")),
            (How.CONTAINS.value, _("contains")),
            (How.IS_EMPTY.value, _("is empty")),
            (How.IS_NOT_EMPTY.value, _("is not empty")),
        ],
        help_text=_("For a rule on a field."),
    )
    value = models.CharField(
        _("value"),
        max_length=500,
        blank=True,
        help_text=_(
            "Services (code or name), statuses or words, apart by commas; * stands for any text in"
            " a service or a field. For an age: days."
        ),
    )
    note = models.CharField(_("why"), max_length=300, blank=True)
    is_on = models.BooleanField(_("in use"), default=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("exclusion rule")
        verbose_name_plural = _("exclusion rules")
        ordering = ["connection", "id"]

    def __str__(self) -> str:
        return str(self.as_rule())

    def as_rule(self) -> Rule:
        """The rule as a plain value."""
        return Rule(
            by=By(self.by),
            value=self.value,
            field=self.field,
            test=How(self.test),
            id=self.pk or 0,
        )


class UnmatchedService(models.Model):
    """A service of a body's problems that none of its categories has, until a person matches it."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="unmatched_services")
    code = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0, help_text=_("Reports that went to “Other”."))
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    category = models.ForeignKey(
        Category,
        models.SET_NULL,
        null=True,
        related_name="matched_services",
        help_text=_("What a person says that it is; later rows go there."),
    )

    class Meta:
        verbose_name = _("unmatched service")
        verbose_name_plural = _("unmatched services")
        constraints = [
            models.UniqueConstraint(fields=["body", "code", "name"], name="unmatched_once")
        ]

    def __str__(self) -> str:
        return self.name or self.code


class ImportRun(models.Model):
    """A bulk import: what it reads, how far it has come, what came of it."""

    class Kind(models.TextChoices):
        OPEN311 = "open311", "Open311"
        CSV = "csv", "CSV"
        GEOJSON = "geojson", "GeoJSON"

    body = models.ForeignKey(Body, models.CASCADE, related_name="import_runs")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="import_runs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=300, help_text=_("The address, or the file’s name."))
    fingerprint = models.CharField(
        max_length=64, help_text=_("Of what is asked, or of the file and its mapping.")
    )
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    position = models.DateTimeField(null=True, help_text=_("All before it has been taken in."))
    row_position = models.PositiveBigIntegerField(default=0, help_text=_("The same in a file."))
    rows_in_all = models.PositiveBigIntegerField(null=True)
    span_seconds = models.PositiveIntegerField(default=86_400)
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField(help_text=_("When it last took something in."))
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    repeated = models.PositiveBigIntegerField(default=0)
    left_out = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    matched = models.JSONField(default=dict, help_text=_("Category’s name to rows."))
    unmatched = models.JSONField(default=list, help_text=_("Service code, name, rows."))
    deviations = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["body", "-id"], name="import_recent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class ImportReject(models.Model):
    """A row that an import did not take, and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rejects")
    key = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    raw = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="import_reject_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


class ServiceWatch(models.Model):
    """When a body's service list was looked at, and when it is next."""

    body = models.OneToOneField(
        Body, models.CASCADE, primary_key=True, related_name="service_watch"
    )
    is_on = models.BooleanField(_("looked at by the clock"), default=True)
    version = models.CharField(
        max_length=100, blank=True, help_text=_("The changeset that the server announced last.")
    )
    next_look_at = models.DateTimeField(db_index=True)
    listed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("service list")
        verbose_name_plural = _("service lists")

    def __str__(self) -> str:
        return str(self.body)


class ServiceProposal(models.Model):
    """A service list that a person looks over before it is applied."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a person")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("refused")
        OVERTAKEN = "overtaken", _("overtaken by a later list")

    body = models.ForeignKey(Body, models.CASCADE, related_name="service_proposals")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    listed = models.JSONField(help_text=_("The list, as categories would hold it."))
    fingerprint = models.CharField(max_length=64)
    reason = models.CharField(max_length=300, help_text=_("Why it waits."))
    created = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True, help_text=_("The person’s number."))
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("service list proposal")
        verbose_name_plural = _("service list proposals")
        constraints = [
            models.UniqueConstraint(
                fields=["body"], condition=Q(state="waiting"), name="proposal_waits_once"
            )
        ]
        indexes = [models.Index(fields=["body", "-id"], name="proposal_recent")]

    def __str__(self) -> str:
        return f"{self.body_id} {self.created:%Y-%m-%d}"
