"""The operator's deliveries: what is stuck and why, and what a person does about it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from waywarden.events.record_admin import RecordAdmin
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.admin import ReportAdmin
from waywarden.sending import services
from waywarden.sending.models import Answer, Delivery
from waywarden.sending.reasons import in_words


class DeliveryActionForm(ActionForm):  # type: ignore[misc]  # unfold is not seen by mypy
    """An action, and the words it needs: a reason, or the body's reference."""

    words = forms.CharField(
        label="",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(
            attrs={
                "placeholder": _("Reason, or the body’s reference"),
                "aria-label": _("Reason, or the body’s reference"),
                "class": "text-base-900",
            }
        ),
    )


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """One row a report or update and body."""

    list_display = ("id", "item", "body", "state", "cause", "said", "attempts", "due_at")
    list_display_links = ("id", "item")
    list_filter = ("state", "cause", "body")
    list_select_related = ("body", "report")
    search_fields = ("report__id",)
    search_help_text = _("A report’s number, or the body’s reference.")
    ordering = ("-id",)
    action_form = DeliveryActionForm
    actions = ("retry", "send_now", "hold", "give_up", "mark_sent")

    @admin.display(description=_("what"))
    def item(self, delivery: Delivery) -> str:
        """The report, or the update of it."""
        kind = _("update of report") if delivery.update_id else _("report")
        return f"{kind} {delivery.report_id}: {delivery.report.title}"

    @admin.display(description=_("reason"))
    def said(self, delivery: Delivery) -> str:
        """Why it stands where it stands."""
        return in_words(delivery.reason, delivery.why)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """The list leaves heavy columns out."""
        queryset: QuerySet[Delivery] = super().get_queryset(request)
        return queryset.defer("notebook", "report__detail", "report__area_ids")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """By the report's number or the body's reference."""
        term = search_term.strip()
        if not term:
            return queryset, False
        at_body = queryset.filter(report__at_bodies__external_id=term)
        if term.isascii() and term.isdigit() and len(term) < 18:
            ids = list(at_body.values_list("pk", flat=True)[:100])
            return (queryset.filter(pk__in=ids) | queryset.filter(report_id=int(term))), False
        return at_body, True

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may decide about deliveries (the rows themselves nobody changes by hand)."""
        return bool(request.user.has_perm("sending.change_delivery"))

    @admin.action(description=_("Retry"), permissions=["decide"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Sends again; what may have arrived is looked up first."""
        by = _by(request)
        self._each(request, queryset, lambda pk: services.retry(pk, by=by))

    @admin.action(description=_("Send now: do not wait"), permissions=["decide"])
    def send_now(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Does not wait for its time."""
        by = _by(request)
        self._each(request, queryset, lambda pk: services.send_now(pk, by=by))

    @admin.action(description=_("Hold (give a reason)"), permissions=["decide"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Keeps it until a person lets it go."""
        by, words = _by(request), _words(request)
        self._each(request, queryset, lambda pk: services.hold(pk, reason=words, by=by))

    @admin.action(description=_("Give up (give a reason)"), permissions=["decide"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Ends it unsent."""
        by, words = _by(request), _words(request)
        self._each(request, queryset, lambda pk: services.give_up(pk, reason=words, by=by))

    @admin.action(description=_("Mark as sent (give the reference)"), permissions=["decide"])
    def mark_sent(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """A person knows that it arrived."""
        by, words = _by(request), _words(request)
        self._each(request, queryset, lambda pk: services.mark_sent(pk, external_id=words, by=by))

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Delivery], decide: Callable[[int], object]
    ) -> None:
        done = 0
        for delivery_id in list(queryset.order_by("id").values_list("pk", flat=True)):
            try:
                decide(delivery_id)
            except RuleBroken as error:
                messages.error(request, f"{delivery_id}: {error}")
            else:
                done += 1
        if done:
            messages.success(request, _("%d done.") % done)


def _by(request: HttpRequest) -> Actor:
    return Actor("user", request.user.pk)


def _words(request: HttpRequest) -> str:
    return str(request.POST.get("words", "")).strip()


class DeliveryInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """A report's deliveries, on its page."""

    model = Delivery
    extra = 0
    can_delete = False
    show_change_link = True
    fields = ("body", "update", "connection", "state", "said", "external_id", "finished_at")
    readonly_fields = ("said",)

    @admin.display(description=_("reason"))
    def said(self, delivery: Delivery) -> str:
        """Why it stands where it stands."""
        return in_words(delivery.reason, delivery.why)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With names."""
        return super().get_queryset(request).select_related("body", "connection", "update")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The engine plans them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Decided about in their own list."""
        return False


class AnswerInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """What bodies answered by mail, on the report's page."""

    model = Answer
    extra = 0
    can_delete = False
    show_change_link = True
    fields = ("at", "kind", "body", "sender", "subject", "text")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With names, and without the mails themselves."""
        return super().get_queryset(request).select_related("body").defer("raw")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They come by mail."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only looked at."""
        return False


@admin.register(Answer)
class AnswerAdmin(RecordAdmin):
    """Mail that came back from bodies; what belongs to nothing here is kept, too."""

    list_display = ("at", "kind", "body", "report", "sender", "subject")
    list_filter = ("kind", "body")
    list_select_related = ("body", "report")
    exclude = ("raw", "mark", "delivery")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Answer]:
        """Without the mails themselves."""
        queryset: QuerySet[Answer] = super().get_queryset(request)
        return queryset.defer("raw")


# `reports` lies below and knows no delivery; its page gets the list from here.
ReportAdmin.inlines += (DeliveryInline, AnswerInline)
