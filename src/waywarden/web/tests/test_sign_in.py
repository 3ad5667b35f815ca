"""The one door: link, code, password, second step, passkey, provider; and its limits."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import override_settings

from waywarden.users.models import MailedLink, User
from waywarden.users.services import issue_link
from waywarden.web.services import LIMITS

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def signed_in(client) -> str:
    """Whose session the browser has, "" for nobody's."""
    number = client.session.get("_auth_user_id")
    return User.objects.get(pk=number).email if number else ""


def link(purpose=MailedLink.Purpose.SIGN_IN, **more) -> str:
    token = issue_link(purpose=purpose, email="rosa@example.org", **more)
    letter = {"sign_in": "M", "confirm_report": "P"}[purpose]
    return f"/{letter}/{token}"


@pytest.fixture
def rosa(town):
    town.rosa.set_password(PASSWORD)
    town.rosa.save()
    return town.rosa


@pytest.fixture
def with_app(rosa):
    """Rosa has a code app, and codes for when she loses it."""
    TOTP.activate(rosa, SECRET)
    RecoveryCodes.activate(rosa)
    return rosa


def code_now() -> str:
    """What the app shows."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def give_password(client, password=PASSWORD, email="rosa@example.org"):
    return client.post("/auth/login/?next=/my/alerts", {"login": email, "password": password})


def test_the_door_shows_every_way_in_and_works_without_scripts(client, db):
    shown = page(client.get("/auth?next=/my/alerts"))
    assert 'action="/auth"' in shown
    assert "/auth/login/?next=/my/alerts" in shown
    assert client.get("/auth/login/code/?next=/my/alerts")["Location"] == "/auth?next=/my/alerts"


def test_a_password_opens_and_a_wrong_one_does_not(client, rosa):
    assert give_password(client, "wrong").status_code == 200
    assert signed_in(client) == ""
    assert give_password(client)["Location"] == "/my/alerts"
    assert signed_in(client) == rosa.email


def test_who_tries_too_many_passwords_is_stopped_however_many_processes_there_are(
    client, rosa, settings
):
    settings.ACCOUNT_RATE_LIMITS = False  # allauth's own, which each process counts for itself
    for _ in range(LIMITS["password"][1]):
        give_password(client, "wrong")
    assert give_password(client).status_code == 200
    assert signed_in(client) == ""


def test_accounts_are_made_by_a_proved_address_only(client, db):
    client.post("/auth/signup/", {"email": "nia@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def ask_for_mail(client, email="rosa@example.org", **more):
    return client.post("/auth", {"email": email, "next": "/my/alerts", **more})


def code_in(mail) -> str:
    return re.search(r"^([A-Z0-9-]{6,9})$", mail.body, re.MULTILINE)[1]


def test_one_mail_has_a_link_and_a_code_and_either_signs_in(client, rosa, mailoutbox):
    asked = ask_for_mail(client)
    assert asked["Location"] == "/auth/login/code/confirm/?next=%2Fmy%2Falerts"
    shown = page(client.get(asked["Location"]))
    assert rosa.email in shown
    assert 'autocomplete="one-time-code"' in shown
    (mail,) = mailoutbox
    assert mail.to == [rosa.email]
    assert code_in(mail) in mail.alternatives[0][0], "it is a letter in the site's look"
    answer = client.post(asked["Location"], {"code": code_in(mail), "next": "/my/alerts"})
    assert answer["Location"] == "/my/alerts"
    assert signed_in(client) == rosa.email
    client.logout()
    pressed = client.post(re.search(r"/M/\S+", mail.body)[0])
    assert pressed["Location"] == "/my/alerts"
    assert signed_in(client) == rosa.email


def test_who_asked_for_a_mail_may_come_in_by_another_way_before_it_is_there(client, rosa):
    ask_for_mail(client)
    assert client.get("/auth").status_code == 200
    assert client.get("/auth/login/").status_code == 200
    assert client.get("/auth/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    give_password(client)
    assert signed_in(client) == rosa.email


def test_a_code_is_typed_three_times_wrong_at_most(client, rosa, mailoutbox):
    confirm = ask_for_mail(client)["Location"]
    for _ in range(3):
        client.post(confirm, {"code": "WRONG1"})
    client.post(confirm, {"code": code_in(mailoutbox[0])})
    assert signed_in(client) == ""


def test_a_code_works_only_in_the_browser_that_asked_for_it(client, rosa, mailoutbox):
    confirm = ask_for_mail(client)["Location"]
    other = type(client)()
    assert other.post(confirm, {"code": code_in(mailoutbox[0])})["Location"].startswith("/auth")
    assert signed_in(other) == ""


def test_an_address_nobody_has_is_answered_like_any_other(client, rosa, mailoutbox):
    known, unknown = ask_for_mail(client), ask_for_mail(client, "nobody@example.org")
    assert known["Location"] == unknown["Location"]
    first, second = (
        page(client.get(ask_for_mail(client, who)["Location"])).replace(who, "")
        for who in (rosa.email, "nobody@example.org")
    )
    csrf = re.compile(r'(value|nonce)="[^"]*"')
    assert csrf.sub("", first) == csrf.sub("", second)
    mail = next(one for one in mailoutbox if one.to == ["nobody@example.org"])
    assert code_in(mail) in mail.alternatives[0][0]
    client.post(re.search(r"/M/\S+", mail.body)[0])
    assert signed_in(client) == "nobody@example.org"


def test_an_address_that_is_new_here_gets_its_account_when_the_code_is_typed(
    client, db, mailoutbox
):
    confirm = ask_for_mail(client, "Nia@Example.org")["Location"]
    assert not User.objects.exists()
    client.post(confirm, {"code": "WRONG1"})
    assert not User.objects.exists()
    answer = client.post(confirm, {"code": code_in(mailoutbox[0]), "next": "/my/alerts"})
    assert answer["Location"] == "/my/alerts"
    assert signed_in(client) == "nia@example.org"
    assert EmailAddress.objects.get().verified
    client.logout()
    client.post(confirm, {"code": code_in(mailoutbox[0])})
    assert signed_in(client) == "", "a code works once"


@pytest.mark.parametrize("field", ["is_update_user", "is_closed"])
def test_no_code_opens_an_account_that_nobody_may_sign_in_to(client, rosa, mailoutbox, field):
    User.objects.filter(pk=rosa.pk).update(
        is_update_user=field == "is_update_user", is_active=field != "is_closed"
    )
    confirm = ask_for_mail(client)["Location"]
    answer = client.post(confirm, {"code": code_in(mailoutbox[0])})
    assert answer["Location"] == "/auth/inactive/"
    assert signed_in(client) == ""


def test_a_forgotten_password_of_nobody_s_is_answered_with_a_link_to_sign_in(
    client, db, mailoutbox
):
    client.post("/auth/password/reset/", {"email": "nia@example.org"})
    assert "/M/" in mailoutbox[0].body


def test_who_was_mailed_many_links_is_told_so_and_nothing_breaks(client, rosa):
    for _ in range(10):
        issue_link(purpose=MailedLink.Purpose.SIGN_IN, email=rosa.email)
    assert ask_for_mail(client).status_code == 422
    assert client.post("/auth/password/reset/", {"email": "x@example.org"}).status_code == 302


def test_who_cannot_show_it_otherwise_shows_by_a_mailed_link_that_it_is_them(
    client, rosa, mailoutbox
):
    client.force_login(rosa)
    shown = page(client.get("/auth/2fa/webauthn/add/", follow=True))
    assert "Is it you?" in shown
    assert "Mail me a link" in shown
    client.post("/auth", {"email": rosa.email, "next": "/auth/2fa/webauthn/add/"})
    pressed = client.post(re.search(r"/M/\S+", mailoutbox[-1].body)[0])
    assert pressed["Location"] == "/auth/2fa/webauthn/add/"
    assert "Add a passkey" in page(client.get(pressed["Location"]))


def test_who_has_just_come_in_is_not_asked_again_and_later_is(client, with_app):
    give_password(client)
    client.post("/auth/2fa/authenticate/", {"code": code_now()})
    assert client.get("/auth/2fa/totp/deactivate/").status_code == 200
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 301
    session.save()
    assert client.get("/auth/2fa/totp/deactivate/").status_code == 302


def test_a_mailed_link_alone_takes_no_second_step_away(client, with_app, mailoutbox):
    client.force_login(with_app)
    shown = page(client.get("/auth/2fa/totp/deactivate/", follow=True))
    assert "Is it you?" in shown
    assert "Mail me a link" not in shown
    client.post(link())
    assert client.get("/auth/2fa/totp/deactivate/").status_code == 302


def test_a_mailed_link_proves_the_address(client, rosa):
    client.post(link())
    assert EmailAddress.objects.get(user=rosa, verified=True, primary=True).email == rosa.email


@pytest.mark.parametrize("way", ["password", "link"])
def test_who_has_a_code_app_is_asked_for_the_code_first(client, with_app, way):
    first = give_password(client) if way == "password" else client.post(link())
    assert first["Location"] == "/auth/2fa/authenticate/"
    assert signed_in(client) == ""
    client.post("/auth/2fa/authenticate/", {"code": "000000"})
    assert signed_in(client) == ""
    client.post("/auth/2fa/authenticate/", {"code": code_now()})
    assert signed_in(client) == with_app.email


def test_a_recovery_code_stands_for_the_app_once(client, with_app):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for expected in (with_app.email, ""):
        client.logout()
        give_password(client)
        client.post("/auth/2fa/authenticate/", {"code": code})
        assert signed_in(client) == expected


def test_a_link_publishes_the_report_even_where_a_second_step_follows(client, town, with_app):
    """The mail proves who wrote it; the session asks for more."""
    report = town.report(state="unconfirmed", user=town.rosa)
    answer = client.post(link(MailedLink.Purpose.CONFIRM_REPORT, subject_id=report.pk))
    report.refresh_from_db()
    assert report.state == "confirmed"
    assert answer["Location"] == "/auth/2fa/authenticate/"


def test_a_passkey_is_a_way_in_and_no_second_step_of_another(client, rosa):
    Authenticator.objects.create(user=rosa, type="webauthn", data={})
    client.post(link())
    assert signed_in(client) == rosa.email


def test_the_secret_of_the_app_is_sealed(with_app):
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert SECRET not in kept


@pytest.mark.parametrize("address", ["/auth/2fa/", "/auth/2fa/totp/activate/", "/auth/email/",
                                     "/auth/password/set/", "/auth/2fa/webauthn/add/"])  # fmt: skip
def test_the_pages_of_signing_in_are_in_our_look_and_for_the_signed_in(client, town, address):
    assert client.get(address).status_code == 302
    client.post(link())
    shown = client.get(address)
    assert shown.status_code == 200
    assert 'class="top"' in page(shown)
    assert not re.search("Two-Factor|Security Key|Authenticator|third-party", page(shown))
    assert "style=" not in page(shown)


def test_a_bodys_update_user_never_signs_in(client, town):
    robot = User.objects.create_user("robot@example.org", PASSWORD, is_update_user=True)
    give_password(client, email=robot.email)
    assert signed_in(client) == ""


@pytest.mark.parametrize("wanted", ["http://evil.example/", "//evil.example"])
def test_the_door_leads_to_no_other_site(client, rosa, wanted):
    answer = client.post(f"/auth/login/?next={wanted}", {"login": rosa.email, "password": PASSWORD})
    assert answer["Location"] == "/my"


def test_operators_come_through_the_same_door(client, town):
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    door = client.get("/admin/login/?next=/admin/bodies/")
    assert door["Location"] == "/auth/login/?next=%2Fadmin%2Fbodies%2F"
    client.force_login(town.oskar)
    assert client.get("/admin/login/?next=/admin/").status_code == 403
    boss = User.objects.create_superuser("boss@example.org", PASSWORD)
    client.logout()
    answer = client.post(door["Location"], {"login": boss.email, "password": PASSWORD})
    assert answer["Location"] == "/admin/bodies/"


@pytest.fixture
def provider(httpserver, request):
    """A small OpenID Connect provider; it knows Rosa, and whether the address is hers."""
    is_proved = getattr(request, "param", True)
    claims = {
        "sub": "4711", "email": "rosa@example.org", "email_verified": is_proved, "name": "Rosa",
    }  # fmt: skip
    base = httpserver.url_for("")
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/keys",
        }
    )
    token = jwt.encode({"iss": base, "aud": "ways", **claims}, "x" * 32, algorithm="HS256")
    httpserver.expect_request("/token", method="POST").respond_with_json(
        {"access_token": "a", "token_type": "Bearer", "id_token": token}
    )
    httpserver.expect_request("/userinfo").respond_with_json(claims)
    app = {
        "provider_id": "own", "name": "County sign-on", "client_id": "ways", "secret": "s",
        "settings": {"server_url": base, "fetch_userinfo": True},
    }  # fmt: skip
    with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
        yield claims


def through(client, provider) -> None:
    """To the provider and back."""
    there = client.post("/auth/oidc/own/login/")["Location"]
    state = parse_qs(urlsplit(there).query)["state"][0]
    client.get("/auth/oidc/own/login/callback/", {"code": "c", "state": state})


def test_a_provider_signs_in_whom_it_has_proved_and_it_is_the_same_account(client, rosa, provider):
    assert "County sign-on" in page(client.get("/auth"))
    through(client, provider)
    assert signed_in(client) == rosa.email
    assert User.objects.filter(email=rosa.email).count() == 1


def test_a_provider_makes_an_account_for_somebody_new(client, db, provider):
    through(client, provider)
    assert signed_in(client) == "rosa@example.org"


@pytest.mark.parametrize("provider", [False], indirect=True)
def test_an_address_that_the_provider_has_not_proved_opens_nothing(client, rosa, provider):
    through(client, provider)
    assert signed_in(client) == ""
    assert User.objects.filter(email=rosa.email).count() == 1


def test_a_forged_answer_of_a_provider_opens_nothing(client, rosa, provider):
    client.get("/auth/oidc/own/login/callback/", {"code": "c", "state": "forged"})
    assert signed_in(client) == ""


@pytest.mark.parametrize(
    "wanted", ["http://[x", "//[x", "http://evil.example/", "nowhere", "/\x00"]
)
def test_an_odd_address_to_go_to_breaks_nothing_and_leads_nowhere_else(client, rosa, wanted):
    assert client.get("/auth/login/", {"next": wanted}).status_code == 200
    given = {"login": rosa.email, "password": PASSWORD, "next": wanted}
    assert client.post("/auth/login/", given)["Location"] == "/my"
