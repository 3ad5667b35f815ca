"""The operator's translations of bodies' words, by hand or from the words that wait for one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words


@admin.register(Translation)
class TranslationAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Words, language, what they are in it."""

    list_display = ("original", "language", "text")
    list_filter = ("language",)
    search_fields = ("original", "text")
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        """The language is one of those that the install speaks."""
        if db_field.name == "language":
            return forms.ChoiceField(
                choices=settings.LANGUAGES,
                label=db_field.verbose_name,
                widget=UnfoldAdminSelectWidget(),
            )
        return super().formfield_for_dbfield(db_field, request, **more)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Shown here at once, elsewhere within half a minute."""
        super().save_model(request, obj, form, change)
        forget_words()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """The same for one that goes."""
        super().delete_model(request, obj)
        forget_words()
