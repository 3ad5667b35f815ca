"""The operator's bodies: how each is reached, its categories, its people."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, URLField
from django.forms import modelform_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminForm

from waywarden.bodies import translation_admin  # noqa: F401 - registers itself
from waywarden.bodies.category_admin import addresses_in_words, method_in_words, way_in_words
from waywarden.bodies.coverage_queries import coverage, state_of_contacts, unlisted_codes
from waywarden.bodies.forms import BodyForm
from waywarden.bodies.models import Body, Category, Membership
from waywarden.bodies.services import choose_connection, go_live
from waywarden.connections.admin import page_of, what_is_wrong
from waywarden.connections.checking import check
from waywarden.connections.forms import MODEL_FIELDS, ConnectionForm
from waywarden.connections.models import Connection
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken


class CategoryList(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """A body's categories at a glance; each is changed on its own page."""

    model = Category
    extra = 0
    can_delete = False
    verbose_name_plural = _("categories")
    hide_title = True
    fields = readonly_fields = (
        "page",
        "state",
        "group_names",
        "addresses",
        "service_code",
        "way",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the lines need."""
        return (
            super().get_queryset(request).select_related("body__sending_connection", "connection")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On its own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On its own page."""
        return False

    @admin.display(description=_("name"))
    def page(self, category: Category) -> str:
        """Its name, linked to its page."""
        address = reverse("admin:bodies_category_change", args=[category.pk])
        look = "font-medium text-primary-600 dark:text-primary-500"
        return format_html('<a href="{}" class="{}">{}</a>', address, look, category.name)

    @admin.display(description=_("groups"))
    def group_names(self, category: Category) -> str:
        """Its groups in one line."""
        return ", ".join(category.groups) or "–"

    @admin.display(description=_("e-mail addresses"))
    def addresses(self, category: Category) -> str:
        """Its addresses in one line, those that mail came back from marked."""
        return addresses_in_words(category)

    @admin.display(description=_("goes by"))
    def way(self, category: Category) -> str:
        """How its reports go."""
        return way_in_words(category)


class MembershipInline(TabularInline):  # type: ignore[misc]  # unfold is not seen by mypy
    """Who works for a body."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    verbose_name_plural = _("people who work for it")


@admin.register(Body)
class BodyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Bodies; the send method's own settings stand on the same page."""

    form = BodyForm
    change_form_template = "bodies/body_form.html"
    list_display = ("name", "slug", "parent", "method", "can_be_devolved", "is_deleted")
    list_filter = ("is_deleted", "can_be_devolved")
    list_select_related = ("parent", "sending_connection")
    search_fields = ("name", "slug")
    show_full_result_count = False
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("areas", "parent", "fetching_connection", "shadow_connection")
    actions = ("go_live",)
    inlines = (CategoryList, MembershipInline)
    fieldsets = (
        (None, {"fields": ("name", "slug", "areas", "parent", "external_url", "cobrand")}),
        (
            _("Where news comes from"),
            {
                "fields": ("fetching_connection",),
                "classes": ["collapse"],
                "description": _(
                    "Only for a body that is asked for news by another way than it is sent reports."
                ),
            },
        ),
        (_("Leaving"), {"fields": ("is_deleted",), "classes": ["collapse"]}),
        (
            _("What else happens"),
            {"fields": ("tells_when_sent", "shadow_connection"), "classes": ["collapse"]},
        ),
        (
            _("How reports reach it"),
            {"fields": ("can_be_devolved", "mails_updates", "send_method")},
        ),
    )

    class Media:
        js = ("connections/send_method.js",)

    @admin.display(description=_("send method"), ordering="sending_connection__kind")
    def method(self, body: Body) -> str:
        """How reports reach it."""
        return method_in_words(body.sending_connection)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new body has no categories yet."""
        return self.inlines if obj is not None else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The short name is proposed once; later it stands in addresses and commands."""
        return self.prepopulated_fields if obj is None else {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A body is flagged as deleted; its data stays."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever may only look sees the connection by name."""
        if self._may_change(request, obj):
            return self.fieldsets
        return (
            *self.fieldsets[:-1],
            (
                _("How reports reach it"),
                {"fields": ("can_be_devolved", "mails_updates", "sending_connection")},
            ),
        )

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form, given the admin's widgets for the connections' fields too."""
        form = super().get_form(request, obj, **kwargs)
        if issubclass(form, BodyForm):
            form.connection_form = modelform_factory(
                Connection,
                form=ConnectionForm,
                fields=MODEL_FIELDS,
                formfield_callback=partial(self.formfield_for_dbfield, request=request),
            )
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A website typed without a scheme is one of https."""
        if isinstance(db_field, URLField):
            kwargs.setdefault("assume_scheme", "https")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def _may_change(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return bool(self.has_add_permission(request))
        return bool(self.has_change_permission(request, obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Hands the send methods' forms to the page."""
        form = context["adminform"].form
        context["methods"] = [
            {
                "kind": kind,
                "is_chosen": kind == form.chosen,
                "adminform": AdminForm(method, method.fieldsets, {}, (), model_admin=self),
                "shared_with": _others(method.instance, form.instance),
            }
            for kind, method in getattr(form, "method_forms", {}).items()
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Body, form: BodyForm, change: bool) -> None:
        """The body, then the connection that it sends by."""
        super().save_model(request, obj, form, change)
        choose_connection(obj, form.save_connection(), by=Actor("user", request.user.pk))
        self._warn(request, obj)

    def _warn(self, request: HttpRequest, body: Body) -> None:
        """Says which categories go nowhere now, and which kept a way that counts no more."""
        found = state_of_contacts(body)
        if found.nowhere:
            words = ngettext(
                "%(n)d category has nowhere to go now: %(names)s",
                "%(n)d categories have nowhere to go now: %(names)s",
                len(found.nowhere),
            )
            messages.warning(request, words % _some(found.nowhere))
        if found.ignored:
            words = ngettext(
                "%(n)d category keeps a send method of its own, which does not count while"
                " contacts cannot be devolved: %(names)s",
                "%(n)d categories keep a send method of their own, which does not count while"
                " contacts cannot be devolved: %(names)s",
                len(found.ignored),
            )
            messages.warning(request, words % _some(found.ignored))

    @admin.action(
        description=_("Go live: send by the connection in shadow"), permissions=["change"]
    )
    def go_live(self, request: HttpRequest, queryset: QuerySet[Body]) -> None:
        """What is on its way already goes on by the connection before."""
        for body in queryset:
            try:
                live = go_live(body.pk, by=Actor("user", request.user.pk))
            except RuleBroken as error:
                messages.error(request, f"{body}: {error}")
            else:
                messages.success(request, _("%(body)s sends by %(way)s now.") % {
                    "body": body, "way": live,
                })  # fmt: skip

    def get_urls(self) -> Any:
        """With the test."""
        test = path(
            "<int:object_id>/test/",
            self.admin_site.admin_view(self.test_view),
            name="bodies_body_test",
        )
        whole = path(
            "coverage/", self.admin_site.admin_view(self.coverage_view), name="bodies_coverage"
        )
        return [test, whole, *super().get_urls()]

    def coverage_view(self, request: HttpRequest) -> HttpResponse:
        """Points without a body, and categories with nowhere to go."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("What is missing"),
            "coverage": coverage(),
            "opts": self.opts,
        }
        return render(request, "bodies/coverage.html", context)

    def test_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Asks the back-end something harmless, with the settings as they stand in the form.

        Number 0 is a body that is not saved yet.
        """
        body = self.get_object(request, str(object_id)) if object_id else None
        if request.method != "POST" or (object_id and body is None):
            raise Http404
        if not self._may_change(request, body):
            raise PermissionDenied
        form = self.get_form(request, body, change=body is not None)(request.POST, instance=body)
        method = form.chosen_form
        if method is not None and not method.is_valid():
            checked = what_is_wrong(method)
        else:
            codes = partial(unlisted_codes, body) if body else None
            checked = check(form.filled_connection(), also=codes)
        back = "../change/" if body else "../../add/"
        return page_of(checked, request, model_admin=self, back=back)


#: Categories that a warning names.
_NAMED = 5


def _some(lines: Sequence[str]) -> dict[str, Any]:
    """How many there are, and the first of them."""
    more = "; …" if len(lines) > _NAMED else "."
    return {"n": len(lines), "names": "; ".join(line.rstrip(".") for line in lines[:_NAMED]) + more}


def _others(connection: Connection, body: Body) -> str:
    """The other bodies that a connection serves, by name."""
    if not connection.pk:
        return ""
    others = Body.objects.filter(sending_connection=connection) | Body.objects.filter(
        fetching_connection=connection
    )
    return ", ".join(others.exclude(pk=body.pk).distinct().values_list("name", flat=True))


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Who works for which body, and as what."""

    list_display = ("user", "body", "role")
    list_filter = ("role",)
    list_select_related = ("user", "body")
    search_fields = ("user__email", "user__name", "body__name")
    autocomplete_fields = ("user", "body")
    show_full_result_count = False
