"""The one door: what django-allauth asks us, and how a proved address becomes a session."""

from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import context as at_hand
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import urlencode

from waywarden.kernel.secrets import Box
from waywarden.notifications.letters import Letter, send
from waywarden.ui.current import cobrand_of
from waywarden.ui.languages import codes_of, remember_language
from waywarden.users.account_services import note_proved_address
from waywarden.users.models import User
from waywarden.web.services import TooOften, count_try

_QUIET = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


@dataclass(frozen=True, slots=True)
class _Site:
    """What allauth's words call the site by."""

    name: str


def enter(request: HttpRequest, user: User, *, to: str) -> HttpResponseBase:
    """Signs somebody in who has just proved the address of the account, and leads on.

    Who has a second factor is asked for it first.
    """
    note_proved_address(user)
    record_authentication(request, user, method="mailed_link", email=user.email)
    found: HttpResponseBase = perform_login(
        request, user, email_verification="none", redirect_url=to
    )
    return found


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # it carries no types
    """Our limits, our letters, and no accounts without a proved address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never by a form: a mailed link makes the account."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts each password that is tried, right or wrong, beside allauth's own limits."""
        try:
            count_try("password", request=request, email=str(credentials.get("email", "")))
        except TooOften as wrong:
            raise self.validation_error("too_many_login_attempts") from wrong
        super().pre_authenticate(request, **credentials)

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        """A body's update user never signs in."""
        if user.is_update_user:
            refused: HttpResponse = self.respond_user_inactive(request, user)
            return refused
        found: HttpResponse | None = super().pre_login(request, user, **more)
        return found

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        """The pages speak the language of the account from here on."""
        response: HttpResponse = super().post_login(request, user, **more)
        if user.language in codes_of(cobrand_of(request)):
            remember_language(response, user.language)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """One's own page."""
        return str(settings.LOGIN_REDIRECT_URL)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As the trusted proxies say it (`config.proxies` has put it there)."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def add_message(self, request: HttpRequest, level: int, *given: Any, **more: Any) -> None:
        """What is plain to see is not said as well."""
        template = given[0] if given else more.get("message_template")
        if template not in _QUIET:
            super().add_message(request, level, *given, **more)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """One of our letters, with the words that allauth has for it."""
        request: HttpRequest = at_hand.request
        user = context.get("user")
        language = getattr(user, "language", "") or translation.get_language() or ""
        cobrand = cobrand_of(request)
        with translation.override(language or "en"):
            values = {"email": email, "current_site": _Site(cobrand.site_name), **context}
            subject = render_to_string(f"{template_prefix}_subject.txt", values)
            text = render_to_string(f"{template_prefix}_message.txt", values)
        words = {"subject": " ".join(subject.split()), "text": text.strip()}
        send(
            Letter(
                to=email,
                template="account",
                cobrand_name=cobrand.name,
                language=language,
                values={**words, "code": context.get("code", "")},
            )
        )


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # it carries no types
    """Secrets are sealed; a passkey is a way in, and only a code app is a second step."""

    def encrypt(self, text: str) -> str:
        """Sealed by the field keys."""
        return Box(settings.WAYWARDEN_FIELD_KEYS).seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The same again."""
        return Box(settings.WAYWARDEN_FIELD_KEYS).open(encrypted_text)

    def get_totp_issuer(self) -> str:
        """What the code app shows above the code."""
        return cobrand_of(at_hand.request).site_name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whose passkeys they are."""
        host = at_hand.request.get_host().partition(":")[0]
        return {"id": host, "name": cobrand_of(at_hand.request).site_name}

    def is_mfa_enabled(self, user: AbstractBaseUser, types: Any = None) -> bool:
        """Asked with both kinds, it is whether signing in takes a second step: not for a passkey.

        Somebody who adds a passkey on one device can then still sign in by mail on another.
        """
        both = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}
        if types is not None and set(types) == both:
            types = [Authenticator.Type.TOTP]
        return bool(super().is_mfa_enabled(user, types=types))


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # it carries no types
    """A provider that the operator chose may make accounts."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """For an address that the provider has proved."""
        return any(one.verified for one in sociallogin.email_addresses)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """The account that is made: address in lower case, and a name."""
        user: User = super().populate_user(request, sociallogin, data)
        user.email = user.email.strip().lower()
        names = (data.get("first_name"), data.get("last_name"))
        user.name = data.get("name") or " ".join(name for name in names if name)
        return user


def to_the_door(request: HttpRequest) -> HttpResponse:
    """The admin's sign-in is the site's; who is signed in and no operator is told so."""
    if request.user.is_authenticated:
        return render(request, "ui/403.html", status=403)
    wanted = urlencode({"next": request.GET.get("next", "/admin/")})
    return redirect(f"/auth/login/?{wanted}")
