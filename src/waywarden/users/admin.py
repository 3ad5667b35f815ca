"""The operator's people: accounts, groups, bans, mailed links, and what was done in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from waywarden.events.record_admin import LongListAdmin, RecordAdmin
from waywarden.users.forms import NewUserForm
from waywarden.users.models import Ban, MailedLink, User

#: What only a superuser gives: with these a person could give themselves everything.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangosUserAdmin, LongListAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Accounts; an update user for a body can be made here."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_update_user", "is_staff", "is_active", "created")
    list_filter = ("is_update_user", "is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("-id",)
    readonly_fields = ("last_login", "created")
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "phone", "language")}),
        (_("Kind of account"), {"fields": ("is_active", "is_update_user")}),
        (_("What it may do here"), {"fields": _POWERS, "classes": ["collapse"]}),
        (_("When"), {"fields": ("created", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("name", "is_update_user", "email", "password")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Powers are given by superusers only."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *_POWERS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """A whole address is found by its index, however many people there are."""
        if "@" in search_term and " " not in search_term.strip():
            exact = queryset.filter(email=search_term.strip().lower())
            if exact.exists():
                return exact, False
        found: tuple[QuerySet[User], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What people wrote stays theirs: an account is shut, not deleted."""
        return False


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Sets of permissions for people who use the admin."""


@admin.register(Ban)
class BanAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Who may not report."""

    list_display = ("value", "kind", "reason", "created")
    list_filter = ("kind",)
    search_fields = ("value", "reason")
    show_full_result_count = False


@admin.register(MailedLink)
class MailedLinkAdmin(RecordAdmin):
    """Links that were mailed. Their tokens are not kept, nor is the hash shown."""

    list_display = ("email", "purpose", "created", "expires", "used_at")
    list_filter = ("purpose",)
    search_fields = ("email",)
    ordering = ("-id",)
    exclude = ("token_hash", "data")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MailedLink], search_term: str
    ) -> tuple[QuerySet[MailedLink], bool]:
        """By the whole address."""
        term = search_term.strip().lower()
        return (queryset.filter(email=term) if term else queryset), False


@admin.register(LogEntry)
class LogEntryAdmin(RecordAdmin):
    """What was changed by hand in the admin."""

    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr",)
    ordering = ("-id",)
