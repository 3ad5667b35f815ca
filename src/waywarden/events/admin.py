"""The operator's look at what happened."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from waywarden.events.models import Event
from waywarden.events.record_admin import RecordAdmin

_SUBJECTS = ("report", "update", "delivery", "body", "connection", "user")


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """The audit log."""

    list_display = ("at", "kind", "subject_kind", "subject_id", "actor_kind", "actor_id")
    list_display_links = ("at", "kind")
    search_fields = ("kind",)
    search_help_text = _("A kind of fact (report.sent), or whose it is (report 4711, or 4711).")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """By kind, or by subject; the subject by its index, however long the log is."""
        kind, _space, number = search_term.strip().rpartition(" ")
        if number.isascii() and number.isdigit() and len(number) < 18:
            kinds = [kind] if kind else list(_SUBJECTS)
            return queryset.filter(subject_kind__in=kinds, subject_id=int(number)), False
        return (queryset.filter(kind=search_term.strip()) if search_term else queryset), False
