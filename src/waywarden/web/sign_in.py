"""The one door: what django-allauth asks us, and how a proved address becomes a session."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.account.utils import perform_login
from allauth.account.views import ConfirmLoginCodeView, LoginView
from allauth.core import context as at_hand
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from waywarden.kernel.secrets import Box
from waywarden.notifications.letters import Letter, send
from waywarden.notifications.services import send_sign_in_link
from waywarden.ui.addresses import own_path
from waywarden.ui.current import cobrand_of
from waywarden.ui.languages import codes_of, remember_language
from waywarden.users.account_services import note_proved_address
from waywarden.users.models import User
from waywarden.users.services import TooManyLinks, check_links, get_or_create_user
from waywarden.web.services import TooOften, count_try

_QUIET = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "account/messages/login_code_sent.txt",
    "mfa/messages/recovery_codes_generated.txt",
}
#: What allauth would mail to somebody who wants in: we mail a link, and its code.
_TO_SIGN_IN = {"account/email/login_code", "account/email/unknown_account"}


@dataclass(frozen=True, slots=True)
class _Site:
    """What allauth's words call the site by."""

    name: str


def mail_link_and_code(request: HttpRequest, email: str) -> None:
    """Mails a link to sign in and a code to type instead, whether the account is there yet or not.

    What the browser gets to see is the same for every address. Raises TooManyLinks.
    """
    check_links(email)
    user = User.objects.filter(
        email=email.strip().lower(), is_active=True, is_update_user=False
    ).first()
    CodeProcess.initiate(request=request, user=user, email=email)


class CodeProcess(LoginCodeVerificationProcess):  # type: ignore[misc]  # it carries no types
    """A code for every address: one that is new here gets its account when the code is typed."""

    def send_by_email(self, email: str, skip_enumeration_mails: bool = False) -> None:
        """The same letter for everybody."""
        code = self.generate_code()
        get_adapter().send_mail("account/email/login_code", email, {"code": code})

    def finish(self, redirect_url: str | None) -> HttpResponse:
        """Signs in who has typed the code."""
        user = self.user or get_or_create_user(email=self.state["email"])
        if not user.is_active or user.is_update_user:
            refused: HttpResponse = get_adapter().respond_user_inactive(self.request, user)
            return refused
        self._user = user
        note_proved_address(user)
        done: HttpResponse = super().finish(redirect_url)
        return done

    @classmethod
    def initiate(cls, *, request: HttpRequest, user: User | None, email: str) -> "CodeProcess":
        """Sends the code, and remembers in the session that it was asked for."""
        login = Login(user=user, email=email)
        login.state["stages"] = {"current": LoginByCodeStage.key}
        stage = LoginByCodeStage(LoginStageController(request, login), request, login)
        stage.state.update(cls.initial_state(user=user, email=email), initiated_by_user=True)
        process = cls(stage=stage)
        process.send()
        process.persist()
        return process


class CodeView(ConfirmLoginCodeView):  # type: ignore[misc]  # it carries no types
    """Where the code is typed."""

    def _verify_form_valid(self, _form: Any) -> HttpResponse:
        return CodeProcess(stage=self.stage).finish(self.get_next_url())


def prove_again(request: HttpRequest, user: User) -> None:
    """A mailed link was pressed by somebody who is signed in: it shows that it is them.

    Not for who has a second step: the mail alone would then be enough to take it away.
    """
    note_proved_address(user)
    if not is_mfa_enabled(user, types=[Authenticator.Type.TOTP]):
        record_authentication(request, user, method="mailed_link", reauthenticated=True)


def safe_address(address: str) -> str:
    """An address on this site, else one's own page."""
    return own_path(address, otherwise=str(settings.LOGIN_REDIRECT_URL))


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

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("Address and password do not belong together."),
        "duplicate_email": gettext_lazy("Your account goes by this address already."),
        "enter_current_password": gettext_lazy("That is not the password that you have now."),
        "incorrect_code": gettext_lazy("That is not the code."),
        "incorrect_password": gettext_lazy("That is not your password."),
        "rate_limited": gettext_lazy("That was too often. Please wait a little."),
        "too_many_login_attempts": gettext_lazy("That was tried too often. Please wait a little."),
    }

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
        """The pages speak the language of the account from here on.

        Who has just come in, by all steps, has shown that it is them: not to be asked again.
        """
        response: HttpResponse = super().post_login(request, user, **more)
        record_authentication(request, user, method="signed_in", reauthenticated=True)
        if user.language in codes_of(cobrand_of(request)):
            remember_language(response, user.language)
        return response

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this site are led to after signing in."""
        return bool(url) and own_path(str(url), otherwise="") == url

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
        """One of our letters."""
        request: HttpRequest = at_hand.request
        if template_prefix in _TO_SIGN_IN:
            self._send_link(request, email, context)
            return
        user = context.get("user")
        language = getattr(user, "language", "") or translation.get_language() or ""
        cobrand = cobrand_of(request)
        with translation.override(language or "en"):
            values = {"email": email, "current_site": _Site(cobrand.site_name), **context}
            subject = render_to_string(f"{template_prefix}_subject.txt", values)
            text = render_to_string(f"{template_prefix}_message.txt", values)
        link = context.get("password_reset_url") or context.get("activate_url") or ""
        words = {"subject": " ".join(subject.split()), "text": text.strip(), "link": link}
        send(
            Letter(
                to=email,
                template="account",
                cobrand_name=cobrand.name,
                language=language,
                values=words,
            )
        )

    def _send_link(self, request: HttpRequest, email: str, context: dict[str, Any]) -> None:
        given = request.POST.get("next") or request.GET.get("next", "")
        # Enough may have gone to that address already; who asks is told the same in any case.
        with suppress(TooManyLinks):
            send_sign_in_link(
                email=email,
                next_url=safe_address(given),
                cobrand_name=cobrand_of(request).name,
                code=context.get("code", ""),
            )

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The code for who has a second step, a mailed link for who has none, beside the rest."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if found and not is_mfa_enabled(user, types=[Authenticator.Type.TOTP]):
            # Recovery codes that came with a passkey are no second step.
            found = [way for way in found if way["id"] != "mfa_reauthenticate"]
            words = {"id": "mailed_link", "description": _("Mail me a link"), "url": "/auth"}
            found.append(words)
        names = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use your code app"),
            "mfa_reauthenticate:webauthn": _("Use your passkey"),
        }
        return [way | {"description": names.get(way["id"], way["description"])} for way in found]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # it carries no types
    """Secrets are sealed; a passkey is a way in, and only a code app is a second step."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That is not the code. It changes every half minute."),
        "cannot_generate_recovery_codes": gettext_lazy("Set up a code app first."),
        "unverified_email": gettext_lazy(
            "Please sign in once by a mailed link before: it shows that the address is yours."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Sealed by the field keys."""
        return Box(settings.WAYWARDEN_FIELD_KEYS).seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The same again."""
        return Box(settings.WAYWARDEN_FIELD_KEYS).open(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's
        """What a passkey is called unless its owner says."""
        return _("Passkey")

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


class _AnyWay:
    """Who is half-way in, a mail asked for or a second step before them, may begin anew."""

    def _redirect_to_pending_stage(self, _request: HttpRequest, _stage: Any) -> None:
        """Not held there."""


class PasswordView(_AnyWay, LoginView):  # type: ignore[misc]  # it carries no types
    """By password."""


class PasskeyView(_AnyWay, LoginWebAuthnView):  # type: ignore[misc]  # it carries no types
    """By passkey."""


class AddPasskeyView(AddWebAuthnView):  # type: ignore[misc]  # it carries no types
    """Back to one's sign-ins; a passkey needs no recovery codes, for the mailed link stays."""

    def get_success_url(self) -> str:
        """One's sign-ins."""
        return reverse("mfa_index")


def to_the_door(request: HttpRequest) -> HttpResponse:
    """The admin's sign-in is the site's; who is signed in and no operator is told so."""
    if request.user.is_authenticated:
        return render(request, "ui/403.html", status=403)
    wanted = urlencode({"next": request.GET.get("next", "/admin/")})
    return redirect(f"/auth/login/?{wanted}")
