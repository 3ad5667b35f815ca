"""Mailed links and accounts."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from waywarden.users.models import Ban, MailedLink, User
from waywarden.users.queries import is_banned
from waywarden.users.services import (
    LINKS_PER_HOUR,
    LinkUnusable,
    TooManyLinks,
    create_update_user,
    get_or_create_user,
    issue_link,
    redeem_link,
)

pytestmark = pytest.mark.django_db
SIGN_IN = MailedLink.Purpose.SIGN_IN


def test_a_link_works_once():
    token = issue_link(purpose=SIGN_IN, email="Rosa@Example.org")
    redeemed = redeem_link(token=token, purpose=SIGN_IN)
    assert redeemed.user.email == "rosa@example.org"
    with pytest.raises(LinkUnusable):
        redeem_link(token=token, purpose=SIGN_IN)


def test_the_token_itself_is_not_stored():
    token = issue_link(purpose=SIGN_IN, email="rosa@example.org")
    assert token not in str(MailedLink.objects.values())


def test_a_link_for_one_purpose_does_nothing_else():
    token = issue_link(
        purpose=MailedLink.Purpose.CONFIRM_REPORT, email="rosa@example.org", subject_id=1
    )
    with pytest.raises(LinkUnusable):
        redeem_link(token=token, purpose=SIGN_IN)


def test_an_old_link_is_refused():
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        token = issue_link(purpose=SIGN_IN, email="rosa@example.org")
    with time_machine.travel(datetime(2026, 3, 1, 3, tzinfo=UTC)), pytest.raises(LinkUnusable):
        redeem_link(token=token, purpose=SIGN_IN)


def test_an_address_is_not_flooded_with_mail():
    for _number in range(LINKS_PER_HOUR):
        issue_link(purpose=SIGN_IN, email="rosa@example.org")
    with pytest.raises(TooManyLinks):
        issue_link(purpose=SIGN_IN, email="ROSA@example.org")
    issue_link(purpose=SIGN_IN, email="oskar@example.org")


def test_the_flood_is_over_after_an_hour():
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC)):
        for _number in range(LINKS_PER_HOUR):
            issue_link(purpose=SIGN_IN, email="rosa@example.org")
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=1, minutes=1)):
        assert issue_link(purpose=SIGN_IN, email="rosa@example.org")


def test_confirming_never_changes_the_name_of_an_existing_account():
    get_or_create_user(email="rosa@example.org", name="Rosa")
    token = issue_link(purpose=SIGN_IN, email="rosa@example.org", data={"name": "Somebody else"})
    assert redeem_link(token=token, purpose=SIGN_IN).user.name == "Rosa"


def test_the_update_user_cannot_sign_in():
    create_update_user(name="The county", email="updates@county.example")
    token = issue_link(purpose=SIGN_IN, email="updates@county.example")
    with pytest.raises(LinkUnusable):
        redeem_link(token=token, purpose=SIGN_IN)


def test_a_refused_link_to_an_update_user_makes_it_no_ordinary_user():
    user = create_update_user(name="The county", email="updates@county.example")
    assert not user.check_password("")
    assert User.objects.get(pk=user.pk).is_update_user


@pytest.mark.parametrize(
    ("kind", "value", "banned"),
    [
        (Ban.Kind.EMAIL, "rosa@example.org", True),
        (Ban.Kind.EMAIL, "rosa@example.com", False),
        (Ban.Kind.DOMAIN, "example.org", True),
        (Ban.Kind.DOMAIN, "ample.org", False),
        (Ban.Kind.PHONE, "+44123", True),
        (Ban.Kind.PHONE, "44123", True),
        (Ban.Kind.PHONE, "4412", False),
        (Ban.Kind.DOMAIN, "org", True),
    ],
)
def test_bans_by_address_domain_and_phone(kind, value, banned):
    Ban.objects.create(kind=kind, value=value)
    assert is_banned(email="Rosa@example.org", phone="+44123") is banned


def test_an_account_made_by_an_address_has_no_password(db):
    assert not get_or_create_user(email="nia@example.org").has_usable_password()
