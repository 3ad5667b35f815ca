"""Reading people."""

from datetime import timedelta

from django.db.models import Q

from waywarden.kernel import clock
from waywarden.kernel.secrets import hash_token
from waywarden.users.models import Ban, MailedLink


def is_banned(*, email: str, phone: str = "") -> bool:
    """Whether a reporter's address, its domain, or phone number is banned."""
    address = email.strip().lower()
    wanted = Q(kind=Ban.Kind.EMAIL, value=address) | Q(
        kind=Ban.Kind.DOMAIN, value=address.rpartition("@")[2]
    )
    if phone:
        wanted |= Q(kind=Ban.Kind.PHONE, value=phone)
    return Ban.objects.filter(wanted).exists()


def find_link(*, token: str, purpose: MailedLink.Purpose) -> MailedLink | None:
    """A link by its token, used or not, None when it is unknown; opening it changes nothing."""
    return MailedLink.objects.filter(token_hash=hash_token(token), purpose=purpose).first()


def was_just_used(link: MailedLink) -> bool:
    """Whether a link was used within the last half minute (people press twice)."""
    return link.used_at is not None and clock.now() - link.used_at < timedelta(seconds=30)
