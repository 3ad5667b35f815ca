"""How people sign in: allauth's settings, from the environment's."""

from typing import Any
from urllib.parse import urlsplit

from waywarden.config.environment import Environment

#: Addresses of sign-in at a provider begin with this, under `/auth/`.
OIDC_PREFIX = "oidc"
#: allauth's forms with our words, by its names for them.
ACCOUNT_FORMS = {
    "login": "LoginForm",
    "add_email": "AddEmailForm",
    "change_password": "ChangePasswordForm",
    "set_password": "SetPasswordForm",
    "reset_password": "ResetPasswordForm",
    "reset_password_from_key": "ResetPasswordKeyForm",
    "reauthenticate": "AgainForm",
    "confirm_login_code": "ConfirmCodeForm",
}
SECOND_STEP_FORMS = {
    "authenticate": "SecondStepForm",
    "reauthenticate": "SecondStepAgainForm",
    "activate_totp": "ActivateAppForm",
    "add_webauthn": "AddPasskeyForm",
    "edit_webauthn": "EditPasskeyForm",
}


def settings_of(environment: Environment) -> dict[str, Any]:
    """Everything that django-allauth reads.

    Accounts are made by proving an address (a mailed link) or by a provider, never by a form with
    a password: so whoever has a password has proved the address, or is an operator's making.
    """
    return {
        "ACCOUNT_ADAPTER": "waywarden.web.sign_in.AccountAdapter",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        # No account is made by that form; but without a password in it, the door asks for none.
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_UNIQUE_EMAIL": True,
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_CHANGE_EMAIL": True,
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
        "ACCOUNT_LOGIN_BY_CODE_TIMEOUT": 15 * 60,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "/",
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": urlsplit(environment.base_url).scheme or "http",
        "MFA_ADAPTER": "waywarden.web.sign_in.SecondFactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_TOTP_TOLERANCE": 1,
        # A passkey needs https; a site on this machine's own name is the exception.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": environment.base_url.startswith("http://localhost"),
        "ACCOUNT_FORMS": _named(ACCOUNT_FORMS),
        "MFA_FORMS": _named(SECOND_STEP_FORMS),
        "SOCIALACCOUNT_ADAPTER": "waywarden.web.sign_in.ProviderAdapter",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": True,
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX": OIDC_PREFIX,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": _apps(environment)}},
    }


def _named(forms: dict[str, str]) -> dict[str, str]:
    return {use: f"waywarden.web.sign_in_forms.{name}" for use, name in forms.items()}


def origins(environment: Environment) -> list[str]:
    """Where the form that signs in by a provider leads to: what the page's policy must let."""
    parts = urlsplit(environment.oidc_server)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []


def _apps(environment: Environment) -> list[dict[str, Any]]:
    if not environment.oidc_server:
        return []
    return [
        {
            "provider_id": "own",
            "name": environment.oidc_name,
            "client_id": environment.oidc_client,
            "secret": environment.oidc_secret,
            "settings": {"server_url": environment.oidc_server},
        }
    ]
