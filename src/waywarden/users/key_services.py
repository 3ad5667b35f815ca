"""Keys of applications: made and shown once, checked and counted at every call."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When

from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, TryLater
from waywarden.kernel.secrets import hash_token, new_token
from waywarden.users.models import ApiKey, User
from waywarden.users.services import create_update_user

MINUTE = timedelta(minutes=1)
HINT_LENGTH = 6


class KeyUnusable(NotAllowed):
    """This key is not known, is revoked, or has expired."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was shown and is good."""

    id: int
    name: str
    scopes: frozenset[str]
    body_id: int | None
    is_sandbox: bool
    confirms: str
    user_id: int

    def may(self, scope: ApiKey.Scope) -> bool:
        """Whether the key has a scope."""
        return scope.value in self.scopes


def create_key(key: ApiKey) -> str:
    """Stores a new key and gives its token, which is kept nowhere and shown this once."""
    token = new_token()
    key.token_hash, key.hint = hash_token(token), token[:HINT_LENGTH]
    with transaction.atomic():
        key.user = _user_for(key)
        key.save()
    return token


def _user_for(key: ApiKey) -> User:
    """Every key has a user of its own, so that its reports tell which application made them."""
    return create_update_user(name=key.name, email=f"key-{key.token_hash[:16]}@clients.invalid")


def use_key(token: str) -> Key:
    """The key behind a token; counts the call. Raises KeyUnusable, TryLater when too many came."""
    found = ApiKey.objects.filter(token_hash=hash_token(token), is_revoked=False).first()
    now = clock.now()
    if found is None or (found.expires is not None and found.expires <= now):
        raise KeyUnusable
    _count(found, now)
    return Key(
        id=found.pk,
        name=found.name,
        scopes=frozenset(found.scopes),
        body_id=found.body_id,
        is_sandbox=found.is_sandbox,
        confirms=found.confirms,
        user_id=found.user_id,
    )


def _count(key: ApiKey, now: datetime) -> None:
    """Counts a call in its minute, exactly, whichever process takes it."""
    is_same = Q(minute_began_at__gt=now - MINUTE)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # A count that a crash loses harms nobody, and the call need not wait for the disk.
            cursor.execute("SET LOCAL synchronous_commit TO off")
        ApiKey.objects.filter(pk=key.pk).update(
            calls_this_minute=Case(
                When(is_same, then=F("calls_this_minute") + 1), default=Value(1)
            ),
            minute_began_at=Case(When(is_same, then=F("minute_began_at")), default=Value(now)),
            last_used_at=now,
        )
        calls, began = ApiKey.objects.values_list("calls_this_minute", "minute_began_at").get(
            pk=key.pk
        )
    if calls > key.rate_per_minute:
        message = f"This key may be used {key.rate_per_minute} times a minute."
        raise TryLater(message, after=(began or now) + MINUTE - now)
