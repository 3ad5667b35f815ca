"""Why people find a report abusive or wrong."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """What somebody says who flags a report or an update."""

    ABUSIVE = "abusive", _("It insults or threatens somebody")
    PERSONAL = "personal", _("It shows personal data")
    WRONG = "wrong", _("It is wrong: the place, the category, the photo")
    SPAM = "spam", _("It is advertising or nonsense")
    OTHER = "other", _("Something else")
