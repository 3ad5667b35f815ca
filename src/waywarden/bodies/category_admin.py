"""The operator's categories: addresses, service code, own send method, questions, rules."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from waywarden.backends import registry
from waywarden.bodies.coverage_queries import PICKED, why_nowhere
from waywarden.bodies.forms import CategoryForm, QuestionForm
from waywarden.bodies.models import Category, PlaceRule, Question
from waywarden.bodies.question_models import SiteQuestion
from waywarden.connections.models import Connection

#: unfold's look of a warning.
_WARNING = (
    "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400 px-2 py-1"
    " rounded-default"
)


def method_in_words(connection: Connection | None) -> str:
    """A send method's label."""
    kind = connection.kind if connection else "email"
    found = registry.backend_classes().get(kind)
    return str(found.label) if found else str(_("%s (not installed)")) % kind


def way_in_words(category: Category) -> str:
    """How reports of a category go, and an own choice that is kept but ignored, clearly so."""
    words = method_in_words(category.connection_for_sending)
    own = (
        method_in_words(None)
        if category.is_devolved_to_email
        else str(category.connection)
        if category.connection
        else ""
    )
    if category.own_choice_is_ignored:
        mark = '{} <strong class="{}" data-ignored>{}</strong>'
        return format_html(mark, words, _WARNING, _("kept but ignored: %s") % own)
    return str(_("%s (its own choice)")) % words if own else words


def addresses_in_words(category: Category) -> str:
    """The addresses; one that mail came back from is marked, with the reason."""
    marked = format_html_join(
        ", ",
        "{}{}",
        (
            (address, _bounce_mark(category.bounced_emails.get(address.lower())))
            for address in category.emails
        ),
    )
    return marked or "–"


def _bounce_mark(words: str | None) -> str:
    if words is None:
        return ""
    mark = ' <strong class="{}" data-bounced title="{}">{}</strong>'
    return format_html(mark, _WARNING, words, _("mail came back"))


class QuestionInline(StackedInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """A category's questions and notices."""

    model = Question
    form = QuestionForm
    extra = 0
    fields = (
        ("code", "datatype"),
        "description",
        "hint",
        ("required", "variable"),
        ("automated", "order"),
        "choices_text",
        ("shown_if", "shown_if_values"),
    )


@admin.register(SiteQuestion)
class SiteQuestionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """What a site asks of every report, whatever its category."""

    form = QuestionForm
    list_display = ("description", "code", "datatype", "required", "cobrand", "language")
    list_filter = ("cobrand", "language")
    fields = (("cobrand", "language"), *QuestionInline.fields)


class PlaceRuleInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """Where in the body's areas a category is on offer."""

    model = PlaceRule
    extra = 0
    verbose_name_plural = _("only in some places")


@admin.register(Category)
class CategoryAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Categories: addresses, service code, own send method, questions."""

    form = CategoryForm
    list_display = ("name", "body", "state", "service_code", "addresses", "way", "is_private")
    list_filter = ("state", "is_private", "photo_required", "body")
    list_select_related = ("body__sending_connection", "connection")
    search_fields = ("name", "service_code", "body__name")
    show_full_result_count = False
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("body", "connection")
    readonly_fields = ("way", "came_back", "changed")
    actions = ("forget_bounces",)
    inlines = (QuestionInline, PlaceRuleInline)
    fieldsets = (
        (None, {"fields": ("body", "name", "slug", "state", "groups", "description", "keywords")}),
        (
            _("Where its reports go"),
            {
                "fields": (
                    "way",
                    "emails",
                    "came_back",
                    "service_code",
                    "send_method",
                    "connection",
                ),
                "description": _(
                    "Addresses and service code are both kept, so that changing the way and back"
                    " loses nothing."
                ),
            },
        ),
        (
            _("What people are told"),
            {
                "fields": (
                    "emergency_notice",
                    "stop_message",
                    "title_hint",
                    "detail_hint",
                    "target_days",
                )
            },
        ),
        (
            _("Rules"),
            {
                "fields": (
                    ("photo_required", "phone_required"),
                    "is_private",
                    ("allows_anonymous", "prefer_if_multiple"),
                    "look_alike_metres",
                    "id_field",
                )
            },
        ),
        (
            _("Syncing"),
            {"fields": ("protected_fields", "changed"), "classes": ["collapse"]},
        ),
    )

    @admin.display(description=_("e-mail addresses"))
    def addresses(self, category: Category) -> str:
        """Its addresses in one line, those that mail came back from marked."""
        return addresses_in_words(category)

    @admin.display(description=_("goes by"))
    def way(self, category: Category) -> str:
        """How its reports go."""
        return way_in_words(category) if category.body_id else "–"

    @admin.display(description=_("mail came back from"))
    def came_back(self, category: Category) -> str:
        """The addresses that mail did not reach, and why."""
        lines = category.bounced_emails.items()
        return format_html_join(" · ", "{}: {}", lines) or "–"

    @admin.action(description=_("Bounces are mended: forget them"), permissions=["change"])
    def forget_bounces(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        """For addresses that work again."""
        queryset.update(bounced_emails={})
        messages.success(request, _("Forgotten. Retry what was held from the deliveries."))

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """An address that is taken out takes its mark with it."""
        own = {address.lower() for address in obj.emails}
        kept = {one: words for one, words in obj.bounced_emails.items() if one in own}
        obj.bounced_emails = kept
        super().save_model(request, obj, form, change)
        if obj.state in PICKED and (reason := why_nowhere(obj)):
            words = _("Saved, but its reports go nowhere as it stands: %s")
            messages.warning(request, words % reason)
        if obj.own_choice_is_ignored:
            words = _(
                "Its own send method is kept, and does not count while the body’s contacts cannot"
                " be devolved."
            )
            messages.warning(request, words)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The short name is proposed once."""
        return self.prepopulated_fields if obj is None else {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A category gets the state *deleted*; old reports keep it."""
        return False
