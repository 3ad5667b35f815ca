"""Tokens by OAuth client credentials (RFC 6749 4.4), kept until they run out."""

import hashlib
import threading
import time

import msgspec

from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.http import LostReply, NotReached, Way

#: A token is asked for anew so long before it runs out; and how long one without a term is kept.
EARLY, UNTOLD = 60.0, 300.0


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float = UNTOLD


_kept: dict[tuple[str, str, str, str], tuple[str, float]] = {}
_lock = threading.Lock()


class ClientCredentials:
    """One client's token, shared by all of this process that ask for the same one."""

    def __init__(
        self, *, address: str, client_id: str, client_secret: str, scope: str, way: Way
    ) -> None:
        self._address, self._client_id, self._secret = address, client_id, client_secret
        self._scope, self._way = scope, way
        sealed = hashlib.sha256(client_secret.encode()).hexdigest()
        self._key = (address, client_id, sealed, scope)

    def token(self) -> str:
        """The token. Raises NotReached when it cannot be had now, Misconfigured when never."""
        with _lock:
            known, until = _kept.get(self._key, ("", 0.0))
            if known and time.monotonic() < until:
                return known
            answer = self._ask()
            term = max(answer.expires_in - EARLY, min(answer.expires_in, 1.0))
            _kept[self._key] = (answer.access_token, time.monotonic() + term)
            return answer.access_token

    def forget(self, token: str) -> None:
        """It was not taken: the next one is asked for anew."""
        with _lock:
            if _kept.get(self._key, ("", 0.0))[0] == token:
                del _kept[self._key]

    def _ask(self) -> _Answer:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret,
            **({"scope": self._scope} if self._scope else {}),
        }
        try:
            answer = self._way.post(self._address, form=form)
        except LostReply as error:  # nothing of ours was sent with it
            raise NotReached(str(error)) from error
        if answer.status in (408, 425, 429) or answer.status >= 500:
            message = f"The token address answers {answer.status}."
            raise NotReached(message)
        try:
            read = msgspec.json.decode(answer.body, type=_Answer)
        except msgspec.MsgspecError as error:
            message = f"The token address gives us no token ({answer.status})."
            raise Misconfigured(message) from error
        if answer.status != 200:
            message = f"The token address gives us no token ({answer.status})."
            raise Misconfigured(message)
        return read
