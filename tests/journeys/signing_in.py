"""The pages of signing in, in the states worth looking at (rows of `stops.STOPS`)."""

from collections.abc import Callable

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from playwright.sync_api import Page

from tests.journeys.steps import arrive
from tests.journeys.world import World
from waywarden.users.account_services import note_proved_address
from waywarden.users.models import User

PASSWORD = "a lamp by the old mill"


def _with_password(email: str, name: str) -> tuple[User, bool]:
    user, is_new = User.objects.get_or_create(email=email, defaults={"name": name})
    if is_new:
        user.set_password(PASSWORD)
        user.save()
    return user, is_new


def ola(_world: World) -> User:
    """Somebody with a second step."""
    return _with_second_step("ola@example.org", "Ola")


def una(_world: World) -> User:
    """The same, who never shows that it is her: a session that did is not asked again."""
    return _with_second_step("una@example.org", "Una")


def _with_second_step(email: str, name: str) -> User:
    user, is_new = _with_password(email, name)
    if is_new:
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(user)
    return user


def pia(_world: World) -> User:
    """Somebody with a passkey."""
    user, is_new = _with_password("pia@example.org", "Pia")
    if is_new:
        Authenticator.objects.create(user=user, type="webauthn", data={"name": "Pia’s phone"})
    return user


def _rosa(world: World) -> User:
    note_proved_address(world.rosa)
    return world.rosa


def _at(address: str) -> Callable[[World], str]:
    return lambda _world: address


def _press(name: str) -> Callable[[Page], object]:
    return lambda page: arrive(page, name, exact=True)


def _ask_for_mail(page: Page) -> None:
    page.get_by_label("Your e-mail").fill("rosa@example.org")
    _press("Mail me a link")(page)
    page.get_by_label("Code").wait_for()


def _wrong_code(page: Page) -> None:
    _ask_for_mail(page)
    page.get_by_label("Code").fill("NOT-IT")
    _press("Sign in")(page)
    page.get_by_text("That is not the code.").wait_for()


def _give_password(page: Page) -> None:
    page.get_by_label("Your e-mail").fill("ola@example.org")
    page.get_by_label("Your password").fill(PASSWORD)
    _press("Sign in")(page)
    page.get_by_label("Code").wait_for()


def it_is_me(page: Page) -> None:
    """Shows it by the password, unless that was just done."""
    if page.locator("h1").inner_text() == "Is it you?":
        page.get_by_label("Your password").fill(PASSWORD)
        _press("Go on")(page)
        page.locator("h1", has_not_text="Is it you?").wait_for()


def _door_of_ola(world: World) -> str:
    ola(world)
    return "/auth/login/"


def _new_password(world: World) -> str:
    user = ola(world)
    uid, key = user_pk_to_url_str(user), default_token_generator.make_token(user)
    return f"/auth/password/reset/key/{uid}-{key}/"


def _new_address(world: World) -> str:
    row, _is_new = EmailAddress.objects.get_or_create(user=world.nia, email="nia.new@example.org")
    return f"/auth/confirm-email/{EmailConfirmationHMAC(row).key}/"


def _passkey(act: str) -> Callable[[World], str]:
    def address(world: World) -> str:
        key = Authenticator.objects.get(user=pia(world), type="webauthn")
        return f"/auth/2fa/webauthn/keys/{key.pk}/{act}/"

    return address


#: Name, address, heading, what is done there, who is signed in.
ROWS = (
    ("sign in by password", _at("/auth/login/"), "Sign in with a password", None, None),
    ("sign in by password, wrong", _at("/auth/login/"), "Sign in with", _press("Sign in"), None),
    ("sign in, mail sent", _at("/auth"), "Now check your mail", _ask_for_mail, None),
    ("sign in, wrong code", _at("/auth"), "Now check your mail", _wrong_code, None),
    ("sign in, second step", _door_of_ola, "The second step", _give_password, None),
    ("password forgotten", _at("/auth/password/reset/"), "Forgot the password?", None, None),
    ("password, mailed", _at("/auth/password/reset/done/"), "Now check your mail", None, None),
    ("password, dead", _at("/auth/password/reset/key/1-dead/"), "This link does not", None, None),
    ("password, new", _new_password, "Choose a new password", None, None),
    ("password, first", _at("/auth/password/set/"), "Set a password", None, _rosa),
    ("password, changing", _at("/auth/password/change/"), "Change the password", None, ola),
    ("address, changing", _at("/auth/email/"), "Change the e-mail address", None, _rosa),
    ("address, dead link", _at("/auth/confirm-email/dead/"), "This link does not", None, None),
    ("address, to confirm", _new_address, "One press, and this is your address", None, None),
    ("no form for an account", _at("/auth/signup/"), "There is no form to fill in", None, None),
    ("account closed", _at("/auth/inactive/"), "Nobody can sign in here", None, None),
    ("is it you", _at("/auth/2fa/totp/deactivate/"), "Is it you?", None, una),
    ("one’s sign-ins", _at("/auth/2fa/"), "Passkeys and the second step", None, _rosa),
    ("one’s sign-ins, all", _at("/auth/2fa/"), "Passkeys and the second step", None, ola),
    ("sign-ins elsewhere", _at("/auth/3rdparty/"), "Sign-ins elsewhere", None, _rosa),
    ("elsewhere, failed", _at("/auth/3rdparty/login/error/"), "Signing in there", None, None),
    ("elsewhere, left", _at("/auth/3rdparty/login/cancelled/"), "You are not", None, None),
    ("code app", _at("/auth/2fa/totp/activate/"), "Set up a code app", None, _rosa),
    ("code app, wrong code", _at("/auth/2fa/totp/activate/"), "Set up a code app",
     _press("Switch it on"), _rosa),
    ("code app, away", _at("/auth/2fa/totp/deactivate/"), "Take the second", it_is_me, ola),
    ("recovery codes", _at("/auth/2fa/recovery-codes/"), "Recovery codes", it_is_me, ola),
    ("recovery codes, new", _at("/auth/2fa/recovery-codes/generate/"), "Make new", it_is_me, ola),
    ("passkeys", _at("/auth/2fa/webauthn/"), "Your passkeys", it_is_me, pia),
    ("passkey, new", _at("/auth/2fa/webauthn/add/"), "Add a passkey", None, _rosa),
    ("passkey, renaming", _passkey("edit"), "Rename a passkey", it_is_me, pia),
    ("passkey, removing", _passkey("remove"), "Remove a passkey", it_is_me, pia),
    ("sign out", _at("/auth/logout/"), "Sign out", None, _rosa),
)  # fmt: skip
