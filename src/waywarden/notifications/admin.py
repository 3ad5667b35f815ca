"""The operator looks at who follows what, and at what reporters answered; nothing is changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from waywarden.events.record_admin import RecordAdmin
from waywarden.notifications.models import Alert, Questionnaire
from waywarden.notifications.queries import questionnaire_figures


@admin.register(Questionnaire)
class QuestionnaireAdmin(RecordAdmin):
    """What was asked and answered, with the share that is fixed above (FB 1.5)."""

    list_display = (
        "report", "state", "sent_at", "answered_at", "verdict", "old_state", "new_state",
        "ever_reported",
    )  # fmt: skip
    list_filter = ("state", "verdict", "ever_reported")
    list_select_related = ("report",)
    ordering = ("-id",)
    exclude = ("key",)
    list_before_template = "notifications/questionnaire_figures.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with its figures."""
        more = {**(extra_context or {}), "figures": questionnaire_figures()}
        shown: HttpResponse = super().changelist_view(request, more)
        return shown


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    """Who follows what, and why an alert stopped: left, bounced, moved to an original."""

    list_display = ("user", "kind", "frequency", "created", "stopped_at", "stopped")
    list_filter = ("kind", "frequency", "stopped")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-id",)
    exclude = ("key", "cells")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Alert], search_term: str
    ) -> tuple[QuerySet[Alert], bool]:
        """By the whole address."""
        term = search_term.strip().lower()
        return (queryset.filter(user__email=term) if term else queryset), False
