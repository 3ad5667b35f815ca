"""Ways in, in a real browser: a code, a passkey, a second step; and the end of an account."""

import json
import re
import time
import zipfile

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import override_settings
from playwright.sync_api import Page, expect

from waywarden.users.models import User

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def ask_for_mail(page: Page, email: str) -> str:
    """Asks for a mail to sign in; what it says."""
    page.get_by_label("Your e-mail").fill(email)
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.locator("h1")).to_have_text("Now check your mail")
    (sent,) = [one for one in mail.outbox[-1:] if one.to == [email]]
    return sent.body


def sign_in_by_code(page: Page, email: str) -> None:
    """Types the code of the mail."""
    code = re.search(r"^[A-Z0-9-]{6,9}$", ask_for_mail(page, email), re.MULTILINE)[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_rosa_types_the_code_of_the_mail_where_no_scripts_run(open_page, world, site):
    page = open_page("/auth?next=/my/alerts", fresh=True, java_script_enabled=False)
    sign_in_by_code(page, "rosa@example.org")
    expect(page).to_have_url(f"{site}/my/alerts")


@override_settings(MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN=True)
def test_nia_makes_a_passkey_and_signs_in_by_it(open_page, world, site):
    host = site.replace("127.0.0.1", "localhost")  # a passkey is for a name, not for a number
    page = open_page(f"{host}/auth?next=/auth/2fa/", fresh=True)
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in_by_code(page, world.nia.email)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What it is called").fill("Nia’s phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".messages")).to_contain_text("The passkey is added.")
    page.get_by_role("link", name="Your passkeys").click()
    expect(page.locator(".things")).to_contain_text("Nia’s phone")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".messages")).to_contain_text("You are signed out.")
    page.goto(f"{host}/auth?next=/my/alerts")
    page.get_by_role("button", name="With a passkey").click()
    expect(page).to_have_url(f"{host}/my/alerts")


def test_mia_sets_up_a_second_step_takes_her_data_along_and_ends_her_account(open_page, site):
    """All of it without scripts."""
    User.objects.create_user("mia@example.org", name="Mia")
    plain = {"fresh": True, "java_script_enabled": False}
    page = open_page("/auth?next=/auth/2fa/totp/activate/", **plain)
    sign_in_by_code(page, "mia@example.org")
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("h1")).to_have_text("Recovery codes")
    recovery = page.locator(".codes code").first.inner_text()

    page = open_page("/auth?next=/my/account", **plain)
    sign_in_by_code(page, "mia@example.org")
    expect(page.locator("h1")).to_have_text("The second step")
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{site}/my/account")
    with page.expect_download() as came:
        page.get_by_role("button", name="Download my data").click()
    with zipfile.ZipFile(came.value.path()) as archive:
        assert json.loads(archive.read("data.json"))["account"]["name"] == "Mia"

    page.get_by_role("link", name="Delete my account").click()
    page.get_by_label("Yes, I am sure").check()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator(".messages")).to_contain_text("Your account is deleted.")
    assert not User.objects.filter(email="mia@example.org").exists()
