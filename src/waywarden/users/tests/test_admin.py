"""Accounts made by the operator."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from waywarden.kernel.secrets import hash_token
from waywarden.users.models import Ban, MailedLink, User
from waywarden.users.services import issue_link

pytestmark = pytest.mark.django_db
ADD = "/admin/users/user/add/"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


def test_an_update_user_needs_a_name_only(olive):
    assert olive.post(ADD, {"name": "The County", "is_update_user": "on"}).status_code == 302
    made = User.objects.get(name="The County")
    assert made.is_update_user
    assert made.email == "the-county@updates.invalid"
    assert not made.has_usable_password()


def test_an_update_user_gets_no_password(olive):
    olive.post(ADD, {"name": "The County", "is_update_user": "on", "password": "something-long"})
    assert not User.objects.get(name="The County").has_usable_password()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "Ines"}, "Please give the person"),
        ({"is_update_user": "on"}, "Please give the name"),
        ({"email": "OLIVE@example.org"}, "already"),
        ({"email": "nonsense"}, "valid email"),
    ],
)
def test_what_is_missing_is_said(olive, typed, words):
    answer = olive.post(ADD, typed)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert User.objects.count() == 1


def test_a_person_may_get_a_password(olive):
    olive.post(ADD, {"email": "Ines@Example.org", "password": "a long pass phrase"})
    assert User.objects.get(email="ines@example.org").check_password("a long pass phrase")


def test_only_a_superuser_gives_powers(client):
    clerk = User.objects.create_user("clerk@example.org", is_staff=True)
    for name in ("view_user", "change_user"):
        clerk.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(clerk)
    address = reverse("admin:users_user_change", args=[clerk.pk])
    typed = {"email": clerk.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client.post(address, typed).status_code == 302
    clerk.refresh_from_db()
    assert not clerk.is_superuser


def test_a_mailed_link_shows_neither_token_nor_hash(olive):
    token = issue_link(
        purpose=MailedLink.Purpose.SIGN_IN, email="rosa@example.org", data={"next": "/my"}
    )
    link = MailedLink.objects.get()
    page = olive.get(reverse("admin:users_mailedlink_change", args=[link.pk])).content.decode()
    assert "rosa@example.org" in page
    assert token not in page
    assert hash_token(token) not in page


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("email", " Rosa@Example.org ", "rosa@example.org"),
        ("domain", "@Example.ORG", "example.org"),
        ("phone", "+358 (0)40-123 456", "358040123456"),
        ("phone", "0044 123", "44123"),
    ],
)
def test_a_ban_is_kept_as_it_is_compared(olive, kind, typed, kept):
    olive.post("/admin/users/ban/add/", {"kind": kind, "value": typed, "reason": ""})
    assert Ban.objects.get().value == kept


def test_a_ban_of_nothing_is_refused(olive):
    answer = olive.post("/admin/users/ban/add/", {"kind": "phone", "value": "none", "reason": ""})
    assert answer.status_code == 200
    assert not Ban.objects.exists()
