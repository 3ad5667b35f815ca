"""The forms of django-allauth with our words for their fields."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as second
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.utils.translation import gettext_lazy as _

_LABELS = {
    "login": _("Your e-mail"),
    "email": _("Your e-mail"),
    "password": _("Your password"),
    "oldpassword": _("The password that you have now"),
    "password1": _("New password"),
    "password2": _("The same again"),
    "code": _("Code"),
    "name": _("What it is called"),
}
_HINTS = {"password1": _("Eight characters or more. Three or four words are good, and easy.")}


class _OurWords(forms.Form):
    """Says each field as the rest of the site does: a label above, no words within."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for name, field in self.fields.items():
            field.label = _LABELS.get(name, field.label)
            field.help_text = _HINTS.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class LoginForm(_OurWords, account.LoginForm):  # type: ignore[misc]  # it carries no types
    """Address and password."""


class AddEmailForm(_OurWords, account.AddEmailForm):  # type: ignore[misc]  # it carries no types
    """A new address."""


class ChangePasswordForm(_OurWords, account.ChangePasswordForm):  # type: ignore[misc]  # as above
    """The old password, and twice the new one."""


class SetPasswordForm(_OurWords, account.SetPasswordForm):  # type: ignore[misc]  # as above
    """A first password, twice."""


class ResetPasswordForm(_OurWords, account.ResetPasswordForm):  # type: ignore[misc]  # as above
    """The address of an account whose password is forgotten."""


class ResetPasswordKeyForm(_OurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, twice."""


class AgainForm(_OurWords, account.ReauthenticateForm):  # type: ignore[misc]  # as above
    """The password once more."""


class ConfirmCodeForm(_OurWords, account.ConfirmLoginCodeForm):  # type: ignore[misc]  # as above
    """The code that was mailed."""


class SecondStepForm(_OurWords, second.AuthenticateForm):  # type: ignore[misc]  # as above
    """The code of an app, or one that stands for it."""


class SecondStepAgainForm(_OurWords, second.ReauthenticateForm):  # type: ignore[misc]  # as above
    """The same once more."""


class ActivateAppForm(_OurWords, totp.ActivateTOTPForm):  # type: ignore[misc]  # as above
    """The first code of an app."""


class AddPasskeyForm(_OurWords, passkeys.AddWebAuthnForm):  # type: ignore[misc]  # as above
    """What a passkey is called."""


class EditPasskeyForm(_OurWords, passkeys.EditWebAuthnForm):  # type: ignore[misc]  # as above
    """What a passkey is called from now on."""
