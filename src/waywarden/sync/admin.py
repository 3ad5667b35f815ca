"""The operator's look at polling: how far, what came, what was set aside."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from waywarden.events.record_admin import LongListAdmin, RecordAdmin
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.sync import aside_services
from waywarden.sync import exclusion_services as exclusions
from waywarden.sync.exclusions import check
from waywarden.sync.models import (
    Cursor,
    ExclusionRule,
    ImportRun,
    PollRun,
    ServiceProposal,
    ServiceWatch,
    SetAside,
    UnmatchedService,
)


@admin.register(Cursor)
class CursorAdmin(RecordAdmin):
    """How far each connection has been read."""

    list_display = ("connection", "what", "position", "next_poll_at", "failures")
    list_filter = ("what",)
    list_select_related = ("connection",)
    search_fields = ("connection__name",)
    ordering = ("next_poll_at",)


@admin.register(PollRun)
class PollRunAdmin(RecordAdmin):
    """Each question and what came of it."""

    list_display = (
        "started_at",
        "connection",
        "what",
        "rows",
        "new",
        "repeated",
        "set_aside",
        "error",
    )
    list_filter = ("what", "connection")
    list_select_related = ("connection",)
    ordering = ("-id",)


class _Settled(admin.SimpleListFilter):
    """Open rows first: those are the ones that need a look."""

    title = _("settled")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Open, settled."""
        return [("no", _("no")), ("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By whether a row is settled."""
        if self.value() is None:
            return queryset
        return queryset.filter(settled_at__isnull=self.value() == "no")


@admin.register(SetAside)
class SetAsideAdmin(RecordAdmin):
    """Rows that could not be applied; they are tried again, or dropped by hand."""

    list_display = (
        "created",
        "connection",
        "what",
        "external_id",
        "reason",
        "words",
        "tries",
        "settled_as",
    )
    list_filter = (_Settled, "what", "reason", "connection")
    list_select_related = ("connection",)
    search_fields = ("external_id", "key")
    ordering = ("-id",)
    actions = ("apply", "drop")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may decide about rows set aside (the rows themselves nobody changes by hand)."""
        return bool(request.user.has_perm("sync.change_setaside"))

    @admin.action(description=_("Try to apply"), permissions=["decide"])
    def apply(self, request: HttpRequest, queryset: QuerySet[SetAside]) -> None:
        """Tries rows again."""
        counts = aside_services.apply_set_aside(list(queryset.values_list("pk", flat=True)))
        still = queryset.filter(settled_at=None).count()
        words = _("%(new)d applied, %(still)d still set aside.")
        messages.success(request, words % {"new": counts.new, "still": still})

    @admin.action(description=_("Drop: not wanted"), permissions=["decide"])
    def drop(self, request: HttpRequest, queryset: QuerySet[SetAside]) -> None:
        """Decides that rows are not wanted."""
        done = 0
        for row_id in list(queryset.values_list("pk", flat=True)):
            try:
                aside_services.drop_set_aside(row_id, by=Actor("user", request.user.pk))
            except RuleBroken as error:
                messages.error(request, f"{row_id}: {error}")
            else:
                done += 1
        messages.success(request, _("%d dropped.") % done)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule as it is typed; one that could match nothing or everything is refused."""

    class Meta:
        model = ExclusionRule
        fields = ("connection", "by", "field", "test", "value", "note", "is_on")

    def clean(self) -> dict[str, Any]:
        """Looks the whole rule over."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            typed = {name: cleaned[name] for name in ("by", "value", "field", "test")}
            try:
                check(ExclusionRule(**typed).as_rule())
            except RuleBroken as wrong:
                self.add_error(wrong.field or None, str(wrong))
        return cleaned


@admin.register(ExclusionRule)
class ExclusionRuleAdmin(LongListAdmin):
    """Rules that keep problems out; the staff pages have a preview of each."""

    form = RuleForm
    list_display = ("__str__", "connection", "by", "value", "note", "is_on")
    list_filter = ("by", "is_on")
    list_select_related = ("connection",)
    search_fields = ("connection__name", "value", "note")
    autocomplete_fields = ("connection",)

    def save_model(
        self, request: HttpRequest, obj: ExclusionRule, form: Any, change: bool
    ) -> None:  # fmt: skip
        """With who did it."""
        exclusions.save_rule(obj, by=Actor("user", request.user.pk))

    def delete_model(self, request: HttpRequest, obj: ExclusionRule) -> None:
        """The same."""
        exclusions.delete_rule(obj, by=Actor("user", request.user.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ExclusionRule]) -> None:
        """Each by itself, so that each is written down."""
        for rule in queryset:
            self.delete_model(request, rule)


@admin.register(ImportRun)
class ImportRunAdmin(RecordAdmin):
    """Bulk imports, running and done."""

    list_display = ("started_at", "body", "kind", "source", "position", "new", "rejected", "error")
    list_filter = ("kind",)
    list_select_related = ("body",)
    search_fields = ("body__name", "source")
    ordering = ("-id",)


@admin.register(UnmatchedService)
class UnmatchedServiceAdmin(RecordAdmin):
    """Services that no category has; the staff pages match them."""

    list_display = ("name", "code", "body", "rows", "category", "last_seen")
    list_select_related = ("body", "category")
    search_fields = ("name", "code", "body__name")
    ordering = ("-rows",)


@admin.register(ServiceProposal)
class ServiceProposalAdmin(RecordAdmin):
    """Service lists that waited for a person; the staff pages show the difference."""

    list_display = ("created", "body", "state", "reason", "decided_at", "note")
    list_filter = ("state",)
    list_select_related = ("body",)
    search_fields = ("body__name",)
    ordering = ("-id",)


@admin.register(ServiceWatch)
class ServiceWatchAdmin(RecordAdmin):
    """When each body's service list was looked at."""

    list_display = ("body", "is_on", "listed_at", "next_look_at", "version", "error")
    list_select_related = ("body",)
    search_fields = ("body__name",)
    ordering = ("next_look_at",)
