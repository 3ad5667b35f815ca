"""Signing in by mail, links that are opened and pressed, and one's own page."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.reports.models import Report, Update
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link

pytestmark = pytest.mark.django_db
Purpose = MailedLink.Purpose


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def signed_in(client) -> bool:
    """Whether the browser has a session of somebody's."""
    return "_auth_user_id" in client.session


def test_a_link_is_mailed_and_signs_in_when_pressed(client, town, mailoutbox):
    sent = client.post("/auth", {"email": "Rosa@example.org", "next": "/report/new?x=1"})
    assert sent.status_code == 302
    (mail,) = mailoutbox
    assert mail.to == ["rosa@example.org"]
    path = "/M/" + mail.body.split("/M/")[1].split()[0]
    assert "Sign in" in page(client.get(path))
    assert not signed_in(client)
    assert client.post(path)["Location"] == "/report/new?x=1"
    assert signed_in(client)


@pytest.mark.parametrize(
    "wanted", ["http://evil.example/", "//evil.example/", "javascript:alert(1)", "nowhere", "front"]
)
def test_a_link_never_leads_to_another_site(client, town, wanted):
    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org", data={"next": wanted})
    assert client.post(f"/M/{token}")["Location"] == "/my"


def test_a_wrong_address_is_said_beside_the_field(client, db, mailoutbox):
    shown = client.post("/auth", {"email": "rosa"})
    assert shown.status_code == 422
    assert 'id="id_email_error"' in page(shown)
    assert not mailoutbox


def test_too_many_links_are_refused(client, town):
    for _ in range(10):
        client.post("/auth", {"email": "rosa@example.org"})
    assert client.post("/auth", {"email": "rosa@example.org"}).status_code == 422


def test_opening_a_link_any_number_of_times_uses_nothing_up(client, town):
    report = town.report(state="unconfirmed", user=town.rosa)
    Report.objects.update(user=None)
    token = issue_link(
        purpose=Purpose.CONFIRM_REPORT, email="rosa@example.org", subject_id=report.pk
    )
    for _ in range(3):
        assert client.get(f"/P/{token}").status_code == 200
        assert client.head(f"/P/{token}").status_code == 200
    assert MailedLink.objects.get().used_at is None
    report.refresh_from_db()
    assert report.state == "unconfirmed"


def test_pressing_twice_is_as_good_as_once(client, town):
    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org")
    client.post(f"/M/{token}")
    client.logout()
    assert client.post(f"/M/{token}").status_code == 302
    assert signed_in(client)


def test_a_link_used_a_while_ago_signs_nobody_in(client, town):
    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org")
    MailedLink.objects.update(used_at=clock.now() - timedelta(minutes=2))
    assert client.post(f"/M/{token}").status_code == 410
    assert client.get(f"/M/{token}").status_code == 410
    assert not signed_in(client)


def test_a_link_that_is_too_old_or_unknown_or_of_another_kind_signs_nobody_in(client, town):
    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org")
    assert client.post(f"/P/{token}").status_code == 404
    assert client.post("/M/unknown").status_code == 404
    MailedLink.objects.update(expires=clock.now())
    assert client.post(f"/M/{token}").status_code == 410
    assert not signed_in(client)


def test_a_link_page_is_kept_by_no_cache(client, town):
    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org")
    assert "no-store" in client.get(f"/M/{token}")["Cache-Control"]


def test_pressing_needs_the_forms_token(town):
    from django.test import Client

    token = issue_link(purpose=Purpose.SIGN_IN, email="rosa@example.org")
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post(f"/M/{token}")
    assert refused.status_code == 403
    assert MailedLink.objects.get().used_at is None


def test_one_sees_ones_own_reports_private_ones_too_and_nobody_elses(client, town):
    town.report(title="My lamp")
    town.report(title="My secret", is_private=True)
    town.report(title="Of Oskar", user=town.oskar)
    town.report(title="Not confirmed", state="unconfirmed")
    client.force_login(town.rosa)
    shown = page(client.get("/my"))
    assert "My lamp" in shown
    assert "My secret" in shown
    assert "Of Oskar" not in shown
    assert "Not confirmed" not in shown


def test_nobody_has_no_page_of_their_own(client, db):
    assert client.get("/my")["Location"] == "/auth?next=/my"


def test_ones_own_updates_are_listed(client, town):
    report = town.report(user=town.oskar)
    Update.objects.create(
        report=report, user=town.rosa, text="I saw it", visibility="shown",
        created=clock.now(), confirmed_at=clock.now(),
    )  # fmt: skip
    client.force_login(town.rosa)
    assert "I saw it" in page(client.get("/my/updates"))


def test_signing_out_needs_a_press(client, town):
    client.force_login(town.rosa)
    assert client.get("/auth/sign-out").status_code == 405
    client.post("/auth/sign-out")
    assert not signed_in(client)


def test_a_banned_persons_report_is_not_shown(client, town):
    from waywarden.users.models import Ban

    Ban.objects.create(kind="email", value="bad@example.org")
    report = town.report(state="unconfirmed")
    Report.objects.update(user=None)
    token = issue_link(
        purpose=Purpose.CONFIRM_REPORT, email="bad@example.org", subject_id=report.pk
    )
    where = client.post(f"/P/{token}")["Location"]
    client.logout()
    assert client.get(where).status_code == 410
