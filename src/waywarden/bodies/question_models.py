"""What is asked of a reporter: the fields of a question, and the questions of a whole site."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Asking(models.Model):
    """A question or, with `variable` off, a notice."""

    class Datatype(models.TextChoices):
        STRING = "string", _("one line")
        TEXT = "text", _("several lines")
        NUMBER = "number", _("number")
        DATETIME = "datetime", _("date and time")
        SINGLE = "singlevaluelist", _("one of a list")
        MULTI = "multivaluelist", _("several of a list")

    class Automated(models.TextChoices):
        ASKED = "", _("asked")
        SERVER_SET = "server_set", _("filled by the server")
        HIDDEN_FIELD = "hidden_field", _("filled by the page")

    code = models.CharField(_("code"), max_length=120)
    datatype = models.CharField(
        _("kind"), max_length=20, choices=Datatype.choices, default=Datatype.STRING
    )
    description = models.TextField(_("question"), blank=True)
    hint = models.TextField(_("hint"), blank=True)
    required = models.BooleanField(_("required"), default=False)
    variable = models.BooleanField(
        _("is a question"), default=True, help_text=_("Off: a notice to show.")
    )
    automated = models.CharField(
        _("who fills it"), max_length=20, choices=Automated.choices, blank=True
    )
    order = models.IntegerField(_("order"), default=0)
    values = models.JSONField(
        _("choices"), default=list, blank=True, help_text=_('A list of {"key": …, "name": …}.')
    )
    shown_if = models.CharField(
        _("asked only if"),
        max_length=120,
        blank=True,
        help_text=_("Code of a question of this category; empty: always asked."),
    )
    shown_if_values = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        verbose_name=_("was answered"),
        help_text=_("Any of these; none given: anything at all."),
    )

    class Meta:
        abstract = True
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.description or self.code


class SiteQuestion(Asking):
    """Asked of every report of a site, whatever its category, before the category's own (FB 1.3).

    The answers go to every body that gets the report, as attributes.
    """

    cobrand = models.CharField(
        _("site"), max_length=40, blank=True, help_text=_("Name of its folder; empty: every site.")
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        help_text=_("Asked of those who read the site in it, such as fr; empty: always."),
    )

    class Meta(Asking.Meta):
        verbose_name = _("question of a site")
        verbose_name_plural = _("questions of a site")
        constraints = [
            models.UniqueConstraint(
                fields=["cobrand", "language", "code"], name="site_question_code_once"
            )
        ]
