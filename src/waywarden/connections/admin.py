"""The operator's connections: their settings, a test, and what was said over them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from waywarden.backends import registry
from waywarden.connections import services
from waywarden.connections.checking import Checked, check
from waywarden.connections.forms import (
    MODEL_FIELDS,
    PACE,
    SWITCHES,
    ConnectionForm,
    NewConnectionForm,
    fields_for,
)
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.events.record_admin import RecordAdmin
from waywarden.events.services import Actor


def page_of(checked: Checked, request: HttpRequest, *, model_admin: Any, back: str) -> HttpResponse:
    """The answer to a press on *Test*; where scripts run, only its middle is shown in place."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Test"),
        "checked": checked,
        "back": back,
        "opts": model_admin.opts,
    }
    return render(request, "connections/checked.html", context)


def what_is_wrong(form: ConnectionForm) -> Checked:
    """Findings of a form that is not valid yet: nothing was asked of the back-end."""
    lines = []
    for name, errors in form.errors.items():
        label = f"{form[name].label}: " if name in form.fields else ""
        lines += [str(error) if label in str(error) else f"{label}{error}" for error in errors]
    return Checked(label=str(form.backend.label), findings=tuple(lines))


class CircuitInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """How a connection has done lately."""

    model = Circuit
    extra = 0
    can_delete = False
    verbose_name_plural = _("how it has done lately")
    readonly_fields = fields = (
        "failures",
        "last_success_at",
        "last_failure_at",
        "last_failure",
        "opened_at",
        "probe_at",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The engine writes it."""
        return False


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Every way to reach a body's system."""

    form = ConnectionForm
    change_form_template = "connections/connection_form.html"
    list_display = ("name", "kind", "goes", "comes", "is_paused", "last_success")
    list_filter = ("kind", "is_paused", "fetches_updates", "fetches_reports")
    list_select_related = ("circuit",)
    search_fields = ("name",)
    show_full_result_count = False
    actions = ("resume", "pause")
    inlines = (CircuitInline,)

    class Media:
        js = ("connections/send_method.js",)

    @admin.display(description=_("updates go"), boolean=True)
    def goes(self, connection: Connection) -> bool:
        """Whether updates go to the body."""
        return connection.sends_updates

    @admin.display(description=_("comes back"))
    def comes(self, connection: Connection) -> str:
        """What is fetched."""
        parts = []
        if connection.fetches_updates:
            parts.append(str(_("updates")))
        if connection.fetches_reports:
            parts.append(str(_("problems")))
        return ", ".join(parts) or "–"

    @admin.display(description=_("last success"))
    def last_success(self, connection: Connection) -> Any:
        """When a call worked last."""
        circuit = getattr(connection, "circuit", None)
        return circuit.last_success_at if circuit else None

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new connection has not done anything yet."""
        return self.inlines if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A new one is asked its kind first; an uninstalled kind only shows its name."""
        if obj is None:
            return super().get_form(request, obj, **{**kwargs, "form": NewConnectionForm})
        if not _is_installed(obj):
            return super().get_form(request, obj, **{**kwargs, "form": forms.ModelForm})
        kwargs["fields"] = ["name", *MODEL_FIELDS]
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Drawn from the plug-in's options."""
        if obj is None:
            return [(None, {"fields": ["name", "kind"]})]
        if not _is_installed(obj):
            return [(None, {"fields": ["name", "shown_kind"]})]
        if not self.has_change_permission(request, obj):
            table = SWITCHES | PACE
            fields = [name for name in fields_for(obj.kind, table=table) if name in MODEL_FIELDS]
            return [(None, {"fields": ["name", "shown_kind", *fields]})]
        paused = ["is_paused", "pause_reason"] if obj.is_paused else []
        head = (None, {"fields": ["name", "shown_kind", *paused]})
        return [head, *ConnectionForm(instance=obj).fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A connection keeps its kind; pausing is an action."""
        return ("shown_kind", "is_paused", "pause_reason") if obj is not None else ()

    @admin.display(description=_("send method"))
    def shown_kind(self, connection: Connection) -> str:
        """The kind in words."""
        found = registry.backend_classes().get(connection.kind)
        return str(found.label) if found else str(_("%s (not installed)")) % connection.kind

    def response_add(self, request: HttpRequest, obj: Connection, *args: Any, **kwargs: Any) -> Any:
        """A new connection goes on to its settings."""
        if "_popup" in request.POST:
            return super().response_add(request, obj, *args, **kwargs)
        messages.info(request, _("Now give it its settings."))
        return redirect("admin:connections_connection_change", obj.pk)

    def get_urls(self) -> Any:
        """With the test."""
        test = path(
            "<int:object_id>/test/",
            self.admin_site.admin_view(self.test_view),
            name="connections_connection_test",
        )
        return [test, *super().get_urls()]

    def test_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Asks the back-end something harmless, with the settings as they stand in the form."""
        connection = self.get_object(request, str(object_id))
        if connection is None or request.method != "POST":
            raise Http404
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        if _is_installed(connection):
            form_class = self.get_form(request, connection, change=True)
            form = form_class(request.POST, instance=connection)
            checked = check(form.filled()) if form.is_valid() else what_is_wrong(form)
        else:
            checked = check(connection)
        return page_of(checked, request, model_admin=self, back="../change/")

    @admin.action(description=_("Resume: let it be called again"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Lets paused connections be called again."""
        by = Actor("user", request.user.pk)
        done = sum(services.resume(connection.pk, by=by) for connection in queryset)
        messages.success(request, _("%d resumed.") % done)

    @admin.action(description=_("Pause: do not call it"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Stops calling connections until a person resumes them."""
        words = _("Paused by hand by %s.") % request.user
        by = Actor("user", request.user.pk)
        done = sum(services.pause(connection.pk, reason=words, by=by) for connection in queryset)
        messages.success(request, _("%d paused.") % done)


def _is_installed(connection: Connection) -> bool:
    return connection.kind in registry.backend_classes()


@admin.register(Exchange)
class ExchangeAdmin(RecordAdmin):
    """What was said over connections, masked; kept 90 days."""

    list_display = ("at", "connection", "method", "url", "status", "seconds", "error")
    list_filter = ("connection",)
    list_select_related = ("connection",)
    search_fields = ("subject_id",)
    search_help_text = _("The number of a delivery, or a kind and a number: delivery 4711.")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Exchange], search_term: str
    ) -> tuple[QuerySet[Exchange], bool]:
        """By whose exchange it is."""
        kind, _space, number = search_term.strip().rpartition(" ")
        if number.isascii() and number.isdigit() and len(number) < 18:
            found = queryset.filter(subject_kind=kind or "delivery", subject_id=int(number))
            return found, False
        return (queryset.none() if search_term.strip() else queryset), False
