"""Forms of the operator's admin for people and keys."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
)

from waywarden.kernel.text import slug
from waywarden.users.bans import plain_address, plain_phone
from waywarden.users.models import ApiKey, Ban, User


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new account: a person, or the user that a body's updates are credited to."""

    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        widget=UnfoldAdminEmailInputWidget(),
        help_text=_("An update user needs none; a person does."),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Without one, the person signs in by mailed link."),
    )

    class Meta:
        model = User
        fields = ["name", "is_update_user", "email", "password"]

    def clean(self) -> dict[str, Any] | None:
        """An update user has a name and never a password; a person has an address."""
        cleaned = super().clean() or {}
        name, email = cleaned.get("name", ""), cleaned.get("email", "")
        if not cleaned.get("is_update_user"):
            if not email and "email" not in self.errors:
                self.add_error("email", _("Please give the person's address."))
        elif not name:
            self.add_error("name", _("Please give the name that updates are credited to."))
        else:
            cleaned["password"] = ""
            cleaned["email"] = email or f"{slug(name)}@updates.invalid"
        address = str(cleaned.get("email", "")).strip().lower()
        if address and User.objects.filter(email=address).exists():
            self.add_error("email", _("There is a user with this address already."))
        cleaned["email"] = address
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """The account; its password is hashed, or unusable where none was given."""
        user = super().save(commit=False)
        user.set_password(self.cleaned_data.get("password") or None)
        if commit:
            user.save()
        return user


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A key of an application; what it may do is ticked."""

    scopes = forms.MultipleChoiceField(
        label=_("May"),
        required=False,
        choices=ApiKey.Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    class Meta:
        model = ApiKey
        fields = [
            "name", "client", "scopes", "body_id", "confirms", "is_sandbox", "rate_per_minute",
            "expires", "is_revoked",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Updates and private reports are a body's: such a key names it."""
        cleaned = super().clean() or {}
        of_a_body = {ApiKey.Scope.UPDATES_WRITE, ApiKey.Scope.PRIVATE_READ}
        if of_a_body & set(cleaned.get("scopes", ())) and not cleaned.get("body_id"):
            self.add_error("body_id", _("Please give the body that this key belongs to."))
        return cleaned


class BanForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Who is banned, kept as it is compared: however it is typed, it holds."""

    class Meta:
        model = Ban
        fields = ("kind", "value", "reason")

    def clean(self) -> dict[str, Any] | None:
        """An address in small letters, a phone number as its digits."""
        given = super().clean() or {}
        plain = plain_phone if given.get("kind") == Ban.Kind.PHONE else plain_address
        if value := given.get("value", ""):
            given["value"] = plain(value)
            if not given["value"]:
                self.add_error("value", _("There is nothing in it that could be banned."))
        return given
