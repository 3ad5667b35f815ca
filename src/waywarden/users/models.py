"""People, the links mailed to them, the banned, and the keys of other applications."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from waywarden.users.frequency import Frequency


class UserManager(BaseUserManager["User"]):
    """Makes accounts; the address is kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An account; without a password it signs in by mailed link only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An operator's account."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or a body's update user (who cannot sign in)."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    is_update_user = models.BooleanField(
        _("update user"),
        default=False,
        help_text=_("Updates fetched from a body's system are credited to this user."),
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    frequency = models.CharField(
        _("news by mail"), max_length=8, choices=Frequency.choices, default=Frequency.INSTANT
    )
    wants_news = models.BooleanField(
        _("gets news by mail"),
        default=True,
        help_text=_("News of reports, areas and bodies that the person follows."),
    )
    wants_questionnaires = models.BooleanField(
        _("is asked after four weeks"),
        default=True,
        help_text=_("Whether what they reported is fixed."),
    )
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """The name, else the address."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """The same; Django's admin asks for it."""
        return self.get_full_name()


class MailedLink(models.Model):
    """A link that was mailed: opening shows a button, pressing it does the thing, once."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("sign in")
        CONFIRM_REPORT = "confirm_report", _("confirm a report")
        CONFIRM_UPDATE = "confirm_update", _("confirm an update")
        FOLLOW = "follow", _("follow")

    token_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    email = models.EmailField()
    subject_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    created = models.DateTimeField()
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("mailed link")
        verbose_name_plural = _("mailed links")
        indexes = [models.Index(fields=["email", "created"], name="mailed_link_rate")]

    def __str__(self) -> str:
        return f"{self.purpose} ({self.pk})"


class Ban(models.Model):
    """An address, domain or phone number that may not report."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail address")
        DOMAIN = "domain", _("e-mail domain")
        PHONE = "phone", _("phone number")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("value"), max_length=254)
    reason = models.TextField(_("reason"), blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="ban_once")]

    def __str__(self) -> str:
        return self.value


class ApiKey(models.Model):
    """What an application may do over the API. The key itself is not kept, only its hash."""

    class Scope(models.TextChoices):
        REQUESTS_WRITE = "requests:write", _("send reports")
        UPDATES_WRITE = "updates:write", _("send the body’s updates")
        PRIVATE_READ = "private:read", _("read the body’s private reports")

    class Confirms(models.TextChoices):
        AT_ONCE = "at_once", _("public at once, credited to the application")
        PERSON = "person", _("the person confirms by mail")

    name = models.CharField(_("name"), max_length=100)
    client = models.TextField(
        _("application"), blank=True, help_text=_("What it is, whose, and whom to ask.")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    user = models.ForeignKey(
        User,
        models.PROTECT,
        related_name="api_keys",
        editable=False,
        help_text=_("Whom reports that are public at once are credited to; cannot sign in."),
    )
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        default=list,
        blank=True,
        verbose_name=_("may"),
    )
    body_id = models.BigIntegerField(
        _("body’s number"),
        null=True,
        blank=True,
        help_text=_("For a key of the body itself: its reports go by the body’s own references."),
    )
    confirms = models.CharField(
        _("new reports"), max_length=10, choices=Confirms.choices, default=Confirms.PERSON
    )
    is_sandbox = models.BooleanField(
        _("sandbox"),
        default=False,
        help_text=_("All is checked as if it were real; nothing is kept."),
    )
    rate_per_minute = models.PositiveIntegerField(
        _("calls a minute"), default=120, validators=[MinValueValidator(1)]
    )
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    is_revoked = models.BooleanField(_("revoked"), default=False)
    created = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    minute_began_at = models.DateTimeField(null=True, editable=False)
    calls_this_minute = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
