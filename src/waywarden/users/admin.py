"""The operator's people: accounts, groups, bans, mailed links, and what was done in the admin."""

from typing import Any

# Imported first, so that they have registered what is taken out again below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
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
from waywarden.users.forms import ApiKeyForm, BanForm, NewUserForm
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey, Ban, MailedLink, User

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

    form = BanForm
    list_display = ("value", "kind", "reason", "created")
    list_filter = ("kind",)
    search_fields = ("value", "reason")
    show_full_result_count = False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """Keys of applications: made here, shown once, revoked rather than deleted."""

    form = ApiKeyForm
    list_display = ("name", "hint", "scopes", "body_id", "is_sandbox", "is_revoked", "last_used_at")
    list_filter = ("is_sandbox", "is_revoked")
    search_fields = ("name", "client")
    readonly_fields = ("hint", "created", "last_used_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new key has nothing to tell of itself yet."""
        fields = ApiKeyForm.Meta.fields
        return fields[:-1] if obj is None else [*fields, *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key is shown this once; counts that calls write meanwhile are left alone."""
        if change:
            obj.save(update_fields=ApiKeyForm.Meta.fields)
            return
        words = _("The key is %s – copy it now: it is not kept here and cannot be shown again.")
        messages.warning(request, words % create_key(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reports are credited to it: a key is revoked."""
        return False


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


# What django-allauth would show beside the users; people see to it on their own pages.
for _model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
