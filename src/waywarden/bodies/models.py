"""Bodies, categories, questions, response templates, and memberships."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from waywarden.areas.models import Area, Layer
from waywarden.bodies.question_models import Asking
from waywarden.bodies.translations import Translation  # noqa: F401 - a model of this room
from waywarden.connections.models import Connection


class Body(models.Model):
    """An authority that answers for areas and mends what is reported there."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(
        _("short name"), unique=True, help_text=_("Names it in addresses, commands and files.")
    )
    areas = models.ManyToManyField(Area, blank=True, related_name="bodies", verbose_name=_("areas"))
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    sending_connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sending_bodies",
        verbose_name=_("connection for sending"),
        help_text=_("None means e-mail to the category's addresses."),
    )
    fetching_connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="fetching_bodies",
        verbose_name=_("connection for fetching"),
        help_text=_("None means the one for sending."),
    )
    shadow_connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shadowed_bodies",
        verbose_name=_("connection in shadow"),
        help_text=_(
            "Each report is built for it and shown on the board, and nothing is sent, until it"
            " goes live."
        ),
    )
    tells_when_sent = models.BooleanField(
        _("tell reporters when it is sent"),
        default=False,
        help_text=_("The reporter gets a mail once this body has the report."),
    )
    mails_updates = models.BooleanField(
        _("send updates by e-mail"),
        default=False,
        help_text=_(
            "Updates and reopenings go to the addresses of the categories whose reports go by"
            " e-mail without a connection."
        ),
    )
    can_be_devolved = models.BooleanField(
        _("contacts can be devolved"),
        default=False,
        help_text=_("A category may choose its own send method, and that overrides the body's."),
    )
    external_url = models.URLField(_("website"), blank=True)
    cobrand = models.CharField(_("cobrand"), max_length=40, blank=True)
    is_deleted = models.BooleanField(_("deleted"), default=False, help_text=_("Its data stays."))
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def connection_for_fetching(self) -> Connection | None:
        """The connection that news of this body comes through, None for e-mail."""
        return self.fetching_connection or self.sending_connection


class Category(models.Model):
    """What a person picks; belongs to one body and carries its address there."""

    class State(models.TextChoices):
        CONFIRMED = "confirmed", _("in use")
        UNCONFIRMED = "unconfirmed", _("address not confirmed yet")
        STAFF = "staff", _("staff only")
        INACTIVE = "inactive", _("no new reports")
        DELETED = "deleted", _("deleted")

    body = models.ForeignKey(
        Body, models.CASCADE, related_name="categories", verbose_name=_("body")
    )
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), max_length=120)
    groups = ArrayField(
        models.CharField(max_length=120), default=list, blank=True, verbose_name=_("groups")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.CONFIRMED
    )
    description = models.TextField(_("description"), blank=True)
    emails = ArrayField(
        models.EmailField(), default=list, blank=True, verbose_name=_("e-mail addresses")
    )
    bounced_emails = models.JSONField(
        _("addresses that mail came back from"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("Address to the reason, in words. Changing the addresses forgets it."),
    )
    service_code = models.CharField(_("service code"), max_length=200, blank=True)
    connection = models.ForeignKey(
        Connection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        verbose_name=_("own connection"),
        help_text=_("Used only where the body's contacts can be devolved."),
    )
    is_devolved_to_email = models.BooleanField(
        _("by e-mail"),
        default=False,
        help_text=_("Sends this category by e-mail, where the body's contacts can be devolved."),
    )
    id_field = models.CharField(
        _("field for our id"),
        max_length=100,
        blank=True,
        help_text=_("The attribute that carries our report's number; fixmystreet_id unless given."),
    )
    is_private = models.BooleanField(_("private"), default=False)
    prefer_if_multiple = models.BooleanField(
        _("prefer if multiple"),
        default=False,
        help_text=_("Where several bodies have this category, only this one gets the report."),
    )
    photo_required = models.BooleanField(_("photo required"), default=False)
    phone_required = models.BooleanField(_("phone number required"), default=False)
    emergency_notice = models.TextField(
        _("emergency notice"),
        blank=True,
        help_text=_("Shown at once to whoever picks it: when to call, and which number."),
    )
    stop_message = models.TextField(
        _("stop message"),
        blank=True,
        help_text=_("With one, nothing can be reported here: it says what to do instead."),
    )
    title_hint = models.CharField(_("hint for the title"), max_length=200, blank=True)
    detail_hint = models.CharField(_("hint for the detail"), max_length=300, blank=True)
    allows_anonymous = models.BooleanField(
        _("may be reported without a name"),
        default=False,
        help_text=_("No name, no e-mail, no link to confirm; public at once."),
    )
    target_days = models.PositiveIntegerField(
        _("usual time (days)"),
        null=True,
        blank=True,
        help_text=_("Within which it is usually dealt with; people are told. Empty says nothing."),
    )
    look_alike_metres = models.PositiveIntegerField(
        _("look-alikes within (metres)"),
        default=250,
        validators=[MaxValueValidator(1000)],
        help_text=_("Open reports that near are offered instead of a new one. 0 offers none."),
    )
    keywords = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("keywords")
    )
    protected_fields = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name=_("fields kept as they are"),
        help_text=_("Syncing the body's service list does not change these."),
    )
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["body", "slug"], name="category_slug_once"),
            models.UniqueConstraint(fields=["body", "name"], name="category_name_once"),
        ]
        indexes = [models.Index(fields=["body", "service_code"], name="category_service")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_devolved(self) -> bool:
        """Whether it goes a way of its own, whichever way its body goes."""
        has_own = self.is_devolved_to_email or self.connection_id is not None
        return has_own and self.body.can_be_devolved

    @property
    def connection_for_sending(self) -> Connection | None:
        """What a report of this category goes through, None for e-mail (integration.md 1)."""
        if not self.is_devolved:
            return self.body.sending_connection
        return None if self.is_devolved_to_email else self.connection

    @property
    def own_choice_is_ignored(self) -> bool:
        """Whether a send method is kept here that the body does not let it use."""
        return not self.body.can_be_devolved and (
            self.is_devolved_to_email or self.connection_id is not None
        )


class Question(Asking):
    """One attribute of a category's service definition; with `variable` off a notice."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="questions")

    class Meta(Asking.Meta):
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.UniqueConstraint(fields=["category", "code"], name="question_code_once")
        ]


class PlaceRule(models.Model):
    """Where in a body's areas a category is on offer, by a layer: trunk roads, parks, …"""

    class Where(models.TextChoices):
        WITHIN = "within", _("only on it")
        OUTSIDE = "outside", _("only off it")

    category = models.ForeignKey(Category, models.CASCADE, related_name="place_rules")
    layer = models.ForeignKey(Layer, models.PROTECT, related_name="+", verbose_name=_("layer"))
    where = models.CharField(_("on offer"), max_length=10, choices=Where.choices)
    metres = models.PositiveIntegerField(
        _("metres around it"),
        default=15,
        validators=[MaxValueValidator(1000)],
        help_text=_("How near counts as on it: a line has no width of its own."),
    )

    class Meta:
        verbose_name = _("rule by place")
        verbose_name_plural = _("rules by place")
        constraints = [
            models.UniqueConstraint(fields=["category", "layer"], name="place_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_where_display()}: {self.layer}"


class ResponseTemplate(models.Model):
    """A body's words for a state or an external code (integration.md 3)."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="templates", verbose_name=_("body"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(
        _("text"), help_text=_("{{description}} stands for the body's own words.")
    )
    email_text = models.TextField(_("text for the mail"), blank=True)
    states = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, verbose_name=_("states")
    )
    external_codes = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, verbose_name=_("external codes")
    )
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="templates",
        verbose_name=_("categories"),
        help_text=_("None means all."),
    )
    is_automatic = models.BooleanField(_("automatic"), default=True)

    class Meta:
        verbose_name = _("response template")
        verbose_name_plural = _("response templates")
        constraints = [
            models.UniqueConstraint(fields=["body", "title"], name="template_title_once")
        ]

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    """A person's place at a body."""

    class Role(models.TextChoices):
        READER = "reader", _("reads")
        INSPECTOR = "inspector", _("inspects")
        ADMINISTRATOR = "administrator", _("administers")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    body = models.ForeignKey(
        Body, models.CASCADE, related_name="memberships", verbose_name=_("body")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.INSPECTOR)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "body"], name="membership_once"),
            models.CheckConstraint(condition=~Q(role=""), name="membership_has_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.body}"
