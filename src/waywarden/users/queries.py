"""Reading people."""

from datetime import timedelta

from django.db.models import Q

from waywarden.kernel import clock
from waywarden.kernel.secrets import hash_token
from waywarden.users.bans import domains_of, plain_address, plain_phone
from waywarden.users.models import Ban, MailedLink


def is_banned(*, email: str, phone: str = "") -> bool:
    """Whether a reporter's address, its domain (or one above it), or phone number is banned."""
    wanted = Q(kind=Ban.Kind.EMAIL, value=plain_address(email))
    wanted |= Q(kind=Ban.Kind.DOMAIN, value__in=domains_of(email))
    if number := plain_phone(phone):
        wanted |= Q(kind=Ban.Kind.PHONE, value__in=(number, phone))
    return Ban.objects.filter(wanted).exists()


def find_link(*, token: str, purpose: MailedLink.Purpose) -> MailedLink | None:
    """A link by its token, used or not, None when it is unknown; opening it changes nothing."""
    return MailedLink.objects.filter(token_hash=hash_token(token), purpose=purpose).first()


def was_just_used(link: MailedLink) -> bool:
    """Whether a link was used within the last half minute (people press twice)."""
    return link.used_at is not None and clock.now() - link.used_at < timedelta(seconds=30)
