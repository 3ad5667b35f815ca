"""The operator's look at reports, and the bodies' response templates (they know the states)."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from waywarden.bodies.models import ResponseTemplate
from waywarden.bodies.templates import PLACEHOLDERS
from waywarden.events.record_admin import LongListAdmin
from waywarden.kernel import clock
from waywarden.reports import services
from waywarden.reports.forms import ResponseTemplateForm
from waywarden.reports.models import Flag, Report, ReportBody, Update
from waywarden.reports.public_services import handle_flags
from waywarden.reports.rule_models import UpdateRule
from waywarden.reports.template_queries import clashes_with, rule_in_words

_WORDS = ("title", "detail", "nearest_address", "name", "is_name_public", "is_private")


class _ReadOnlyInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the engines and people on the site add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only looked at here."""
        return False


class ReportBodyInline(_ReadOnlyInline):
    """What a report is at each body."""

    model = ReportBody
    fields = ("body", "category", "external_id", "customer_reference", "sent_at", "last_status")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With names."""
        return super().get_queryset(request).select_related("body", "category")


class UpdateInline(_ReadOnlyInline):
    """The story so far."""

    model = Update
    fields = ("created", "who", "state", "text", "visibility", "external_status_code")
    readonly_fields = ("who",)
    ordering = ("created",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With authors."""
        return super().get_queryset(request).select_related("body", "user")

    @admin.display(description=_("by"))
    def who(self, update: Update) -> str:
        """The author, for the operator's eyes."""
        return str(update.body or update.user or update.email)


@admin.register(Report)
class ReportAdmin(LongListAdmin):
    """Reports: found by number, reference or title; their words may be mended."""

    list_display = ("id", "title", "category_name", "state", "source", "is_private", "created")
    list_display_links = ("id", "title")
    list_filter = ("state", "source", "is_private")
    search_fields = ("title",)
    search_help_text = _(
        "A number, a body’s reference, a whole e-mail address, or words of the title."
    )
    ordering = ("-id",)
    actions = ("hide",)
    inlines: tuple[type[Any], ...] = (ReportBodyInline, UpdateInline)
    fieldsets = (
        (None, {"fields": ("title", "detail", "state", "category_name", "group", "pictures")}),
        (_("Where"), {"fields": (("lat", "lon"), "is_placed", "nearest_address")}),
        (
            _("Who"),
            {
                "fields": (
                    ("user", "email"),
                    ("name", "is_name_public"),
                    ("phone", "cobrand"),
                    "is_private",
                )
            },
        ),
        (
            _("When"),
            {"fields": ("source", "created", "confirmed_at", "state_changed_at", "changed")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """The list needs no one's details."""
        queryset: QuerySet[Report] = super().get_queryset(request)
        return queryset.select_related("user") if _is_page(request) else queryset

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only words can be mended here; states move on the staff's pages."""
        every = [name for _title, options in self.fieldsets for name in _flat(options["fields"])]
        return [name for name in every if name not in _WORDS]

    @admin.display(description=_("photos"))
    def pictures(self, report: Report) -> str:
        """Small, linked to the large ones."""
        keys = [(photo.key, photo.key) for photo in report.photos.all()]
        if not keys:
            return "–"
        small = (
            '<a href="/photo/{}.jpg"><img src="/photo/{}.small.jpg" alt="" loading="lazy"'
            ' class="inline-block h-24 mr-2 rounded-default"></a>'
        )
        return format_html("{}", format_html_join("", small, keys))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Report], search_term: str
    ) -> tuple[QuerySet[Report], bool]:
        """By number and reference through their indexes; by words of the title only else."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term and " " not in term:
            return queryset.filter(Q(user__email=term.lower()) | Q(email=term.lower())), False
        at_body = ReportBody.objects.filter(external_id=term) | ReportBody.objects.filter(
            customer_reference=term
        )
        ids = list(at_body.values_list("report_id", flat=True)[:100])
        if term.isascii() and term.isdigit() and len(term) < 18:
            return queryset.filter(pk__in=[*ids, int(term)]), False
        return queryset.filter(Q(pk__in=ids) | Q(title__icontains=term)), False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Reports are made on the site."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reports are hidden, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        """Notes when."""
        obj.changed = clock.now()
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Hide: take down from the site"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Takes reports down."""
        ids = list(queryset.values_list("pk", flat=True))
        for report_id in ids:
            services.hide_report(report_id, user=request.user)  # type: ignore[arg-type]
        messages.success(request, _("%d taken down.") % len(ids))


def _is_page(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and "object_id" in match.kwargs


def _flat(fields: Any) -> list[str]:
    return [name for field in fields for name in (field if isinstance(field, tuple) else (field,))]


@admin.register(ResponseTemplate)
class ResponseTemplateAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """A body's words for what its system says."""

    form = ResponseTemplateForm
    list_display = ("title", "body", "rule", "is_automatic")
    readonly_fields = ("rule", "placeholders")
    list_filter = ("is_automatic", "body")
    list_select_related = ("body",)
    search_fields = ("title", "text")
    autocomplete_fields = ("body", "categories")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("body", "title", "text", "email_text", "placeholders")}),
        (
            _("When it speaks"),
            {"fields": ("is_automatic", "states", "external_codes", "categories", "rule")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the categories that the rules name."""
        return super().get_queryset(request).prefetch_related("categories")

    @admin.display(description=_("rule"))
    def rule(self, template: ResponseTemplate) -> str:
        """When it speaks, in a sentence."""
        return rule_in_words(template) if template.pk else "–"

    @admin.display(description=_("placeholders"))
    def placeholders(self, template: ResponseTemplate) -> str:
        """What may stand between double braces, and where to try it."""
        names = format_html_join(", ", "<code>{{{{{}}}}}</code>", ((one,) for one in PLACEHOLDERS))
        if not template.pk:
            return names
        words = _("Try it on a row")
        return format_html('{} · <a href="/staff/templates/{}/">{}</a>', names, template.pk, words)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Says which templates would speak at the same time as this one."""
        super().save_related(request, form, formsets, change)
        for words in clashes_with(form.instance):
            messages.warning(request, words)


@admin.register(UpdateRule)
class UpdateRuleAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """The table that says who may add what to a body's reports, a line a row."""

    list_display = ("body", "category", "act", "who", "only_while_open")
    list_filter = ("act", "who", "body")
    list_select_related = ("body", "category")
    search_fields = ("body__name", "category__name")
    autocomplete_fields = ("body", "category")
    show_full_result_count = False


@admin.register(Flag)
class FlagAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """What people find abusive or wrong; those not looked at come first."""

    list_display = ("created", "report", "reason", "words", "email", "handled_at")
    list_filter = (("handled_at", admin.EmptyFieldListFilter), "reason")
    list_select_related = ("report",)
    ordering = ("-handled_at", "-created")
    readonly_fields = (
        "report",
        "update",
        "reason",
        "words",
        "email",
        "created",
        "told_at",
        "handled_at",
    )
    raw_id_fields = ("report", "update")
    show_full_result_count = False
    actions = ("mark_handled",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the site."""
        return False

    @admin.action(description=_("Looked at"), permissions=["change"])
    def mark_handled(self, request: HttpRequest, queryset: QuerySet[Flag]) -> None:
        """They need nobody's eyes any more."""
        count = handle_flags(list(queryset.values_list("pk", flat=True)))
        messages.success(request, _("%d looked at.") % count)
