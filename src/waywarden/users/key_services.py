"""Keys of applications: made and shown once, checked and counted at every call."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

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


#: One that begins far in the future was counted by a clock that has been put right since.
_IS_ITS_MINUTE = """minute_began_at > %(now)s - interval '1 minute'
    AND minute_began_at < %(now)s + interval '1 minute'"""
#: Finds a key and counts the call in its minute, exactly, whichever process takes it: one
#: question. A count that a crash loses harms nobody, so the call need not wait for the disk.
_USE = f"""
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE {ApiKey._meta.db_table} AS key SET
  calls_this_minute = CASE WHEN {_IS_ITS_MINUTE} THEN calls_this_minute + 1 ELSE 1 END,
  minute_began_at = CASE WHEN {_IS_ITS_MINUTE} THEN minute_began_at ELSE %(now)s END,
  last_used_at = %(now)s
FROM quick
WHERE token_hash = %(hash)s AND NOT is_revoked AND (expires IS NULL OR expires > %(now)s)
RETURNING id, name, scopes, body_id, is_sandbox, confirms, user_id,
  calls_this_minute, minute_began_at, rate_per_minute
"""  # noqa: S608 - the name of our own table


def use_key(token: str) -> Key:
    """The key behind a token; counts the call. Raises KeyUnusable, TryLater when too many came.

    Called outside a transaction: one that it stood in would not wait for the disk either.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_USE, {"now": now, "hash": hash_token(token)})
        row = cursor.fetchone()
    if row is None:
        raise KeyUnusable
    number, name, scopes, body_id, is_sandbox, confirms, user_id, calls, began, rate = row
    if calls > rate:
        message = f"This key may be used {rate} times a minute."
        raise TryLater(message, after=began + MINUTE - now)
    return Key(number, name, frozenset(scopes), body_id, is_sandbox, confirms, user_id)
