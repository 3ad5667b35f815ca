"""What bodies' own words are in other languages: one row for words and a language."""

from django.db import models
from django.db.models.functions import MD5
from django.utils.translation import gettext_lazy as _


class Translation(models.Model):
    """What a body's own words are in another language: its name, a category's, a reply's text.

    Found by the words themselves, so that old reports speak too. For the language the words are
    in it gives other words, for instance for the name of a state.
    """

    original = models.TextField(_("words"), help_text=_("As they are written here, to the letter."))
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(_("in that language"))
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        ordering = ["original", "language"]
        constraints = [
            models.UniqueConstraint(
                models.F("language"),
                MD5("original"),
                name="translation_once",
                violation_error_message=_("These words have a translation in this language."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.original[:60]} ({self.language})"
