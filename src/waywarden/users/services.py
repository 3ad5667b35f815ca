"""Every write to people: accounts made by confirming, mailed links."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.secrets import hash_token, new_token
from waywarden.users.models import MailedLink, User

#: How long a mailed link works, by purpose.
LIVES = {
    MailedLink.Purpose.SIGN_IN: timedelta(hours=2),
    MailedLink.Purpose.CONFIRM_REPORT: timedelta(days=30),
    MailedLink.Purpose.CONFIRM_UPDATE: timedelta(days=30),
    MailedLink.Purpose.FOLLOW: timedelta(days=30),
}
#: Links one address may be mailed in an hour.
LINKS_PER_HOUR = 10


class TooManyLinks(RuleBroken):
    """Too many mails have gone to this address in the last hour. Please wait a little."""


class LinkUnusable(RuleBroken):
    """This link has been used or is too old. Please ask for a new one."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a pressed link was for, and whose it is."""

    user: User
    purpose: str
    subject_id: int | None
    data: dict[str, Any]


def get_or_create_user(*, email: str, name: str = "", phone: str = "") -> User:
    """The account of an address; name and phone fill only what is empty."""
    user, _created = User.objects.get_or_create(
        email=email.strip().lower(),
        # Nobody can sign in by a password that was never set.
        defaults={"name": name, "phone": phone, "password": make_password(None)},
    )
    missing = {
        field: value
        for field, value in (("name", name), ("phone", phone))
        if value and not getattr(user, field)
    }
    if missing:
        User.objects.filter(pk=user.pk).update(**missing)
        user.refresh_from_db()
    return user


def create_update_user(*, name: str, email: str) -> User:
    """The user that a body's fetched updates are credited to; it cannot sign in."""
    user, _created = User.objects.get_or_create(
        email=email.strip().lower(),
        defaults={"name": name, "is_update_user": True, "password": make_password(None)},
    )
    return user


def check_links(email: str) -> None:
    """Raises TooManyLinks where an address is mailed no more links just now."""
    since = clock.now() - timedelta(hours=1)
    recent = MailedLink.objects.filter(email=email.strip().lower(), created__gt=since)
    if recent.count() >= LINKS_PER_HOUR:
        raise TooManyLinks


def issue_link(
    *,
    purpose: MailedLink.Purpose,
    email: str,
    subject_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """The token of a fresh link; only its hash is stored. Raises TooManyLinks."""
    moment = clock.now()
    address = email.strip().lower()
    check_links(address)
    token = new_token()
    MailedLink.objects.create(
        token_hash=hash_token(token),
        purpose=purpose,
        email=address,
        subject_id=subject_id,
        data=data or {},
        created=moment,
        expires=moment + LIVES[purpose],
    )
    return token


def redeem_link(*, token: str, purpose: MailedLink.Purpose) -> Redeemed:
    """Uses a link up, once, and gives the account it stands for. Raises LinkUnusable."""
    moment = clock.now()
    with transaction.atomic():
        used = MailedLink.objects.filter(
            token_hash=hash_token(token), purpose=purpose, used_at=None, expires__gt=moment
        ).update(used_at=moment)
        if not used:
            raise LinkUnusable
        link = MailedLink.objects.get(token_hash=hash_token(token))
        user = get_or_create_user(
            email=link.email, name=link.data.get("name", ""), phone=link.data.get("phone", "")
        )
    if not user.is_active or user.is_update_user:
        raise LinkUnusable
    return Redeemed(user=user, purpose=link.purpose, subject_id=link.subject_id, data=link.data)
