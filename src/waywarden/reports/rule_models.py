"""Who may add what to a report: the table of a body and its categories."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from waywarden.bodies.models import Body, Category


class UpdateRule(models.Model):
    """A line of the table that says who may add what, for a body or one of its categories."""

    class Act(models.TextChoices):
        UPDATE = "update", _("write an update")
        FIX = "fix", _("say that it is fixed")
        REOPEN = "reopen", _("say that it is still a problem")
        ME_TOO = "me_too", _("say “me too”")

    class Who(models.TextChoices):
        EVERYONE = "everyone", _("everyone")
        REPORTER = "reporter", _("the reporter, and staff")
        STAFF = "staff", _("staff")
        NOBODY = "nobody", _("nobody")

    body = models.ForeignKey(
        Body, models.CASCADE, related_name="update_rules", verbose_name=_("body")
    )
    category = models.ForeignKey(
        Category,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="update_rules",
        verbose_name=_("category"),
        help_text=_("Empty: all that have no line of their own."),
    )
    act = models.CharField(_("to"), max_length=10, choices=Act.choices)
    who = models.CharField(_("may"), max_length=10, choices=Who.choices)
    only_while_open = models.BooleanField(_("only while it is open"), default=False)

    class Meta:
        verbose_name = _("who may do what")
        verbose_name_plural = _("who may do what")
        ordering = ["body", "category", "act"]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "category", "act"], name="update_rule_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.get_who_display()}"
