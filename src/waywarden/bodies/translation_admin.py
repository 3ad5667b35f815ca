"""The operator's translations of bodies' words, by hand or from the words that wait for one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from waywarden.bodies.translations import Translation
from waywarden.bodies.waiting_words import waiting
from waywarden.bodies.words import forget_words

#: Words that the page of what waits shows.
MOST_SHOWN = 200


@admin.register(Translation)
class TranslationAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Words, language, what they are in it."""

    list_display = ("original", "language", "text")
    list_filter = ("language",)
    search_fields = ("original", "text")
    show_full_result_count = False
    actions_list = ("words_that_wait",)

    @action(description=_("Words that wait"), url_path="waiting", icon="hourglass_empty")  # type: ignore[untyped-decorator]
    def words_that_wait(self, request: HttpRequest) -> HttpResponse:
        """What has no translation yet in a language, the most used first, each a press away."""
        if not request.user.has_perm("bodies.add_translation"):
            raise PermissionDenied
        others = [one for one in settings.LANGUAGES if one[0] != settings.LANGUAGE_CODE]
        wanted = request.GET.get("language", "")
        language = wanted if wanted in dict(others) else others[0][0]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Words that wait"),
            "words": waiting(language, most=MOST_SHOWN),
            "language": language,
            "languages": others,
            "opts": self.opts,
        }
        return render(request, "bodies/waiting_words.html", context)

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
