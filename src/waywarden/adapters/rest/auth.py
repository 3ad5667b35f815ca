"""How a system knows us: a key, a login, or a token that is kept until it ends."""

import base64
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from waywarden.adapters.calling import answered
from waywarden.adapters.rest.options import Auth
from waywarden.kernel import clock
from waywarden.kernel.errors import BackendError, BadReply, Misconfigured, Refused, TryLater
from waywarden.kernel.http import Way

EARLY = timedelta(seconds=30)
"""A token is asked for again so long before it ends."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 300.0


class Credentials:
    """The headers that say who we are. Threads may share it."""

    def __init__(self, auth: Auth, secret: str, way: Callable[[], Way]) -> None:
        self._auth, self._secret, self._way = auth, secret, way
        self._lock = threading.Lock()
        self._token = ""
        self._ends: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        """The headers for a call. Raises TryLater and Misconfigured: nothing was sent yet."""
        auth = self._auth
        if auth.kind == "key":
            return {auth.header: auth.prefix + self._secret}
        if auth.kind == "basic":
            login = base64.b64encode(f"{auth.user}:{self._secret}".encode()).decode()
            return {"Authorization": f"Basic {login}"}
        if auth.kind == "oauth":
            return {"Authorization": f"Bearer {self._kept_token()}"}
        return {}

    def forget(self) -> bool:
        """Throws a token away that was not taken; whether another can be had."""
        with self._lock:
            had, self._token = bool(self._token), ""
        return had

    def _kept_token(self) -> str:
        with self._lock:
            if not self._token or self._ends is None or clock.now() >= self._ends:
                found = self._asked_token()
                self._token = found.access_token
                self._ends = clock.now() + timedelta(seconds=found.expires_in) - EARLY
            return self._token

    def _asked_token(self) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._auth.user,
            "client_secret": self._secret,
        }
        if self._auth.scope:
            form["scope"] = self._auth.scope
        try:
            answer = answered(lambda: self._way().post(self._auth.token_url, form=form))
            return msgspec.json.decode(answer.body, type=_Token)
        except (Refused, Misconfigured) as error:
            message = "The system gives this adapter no token."
            raise Misconfigured(message) from error
        except (BackendError, BadReply, msgspec.DecodeError) as error:
            message = "No token could be had from the system."
            raise TryLater(message) from error
