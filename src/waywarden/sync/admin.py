"""The operator's look at polling: how far, what came, what was set aside."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from waywarden.events.record_admin import RecordAdmin
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.sync import aside_services
from waywarden.sync.models import Cursor, PollRun, SetAside


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
