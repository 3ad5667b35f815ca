"""Posts each report and update as signed JSON. Copy this folder to begin a back-end of your own.

`docs/how-to/back-end.md` walks through it.
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    Mapped,
    Notebook,
    Notes,
    OutgoingReport,
    OutgoingUpdate,
)
from waywarden.backends.webhook import payload
from waywarden.backends.webhook.options import WebhookOptions, WebhookSecrets
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, Refused, TryLater, Unknown
from waywarden.kernel.http import Answer, LostReply, NotReached, TooLarge
from waywarden.kernel.text import one_line, shorten
from waywarden.open311.client import retry_after

#: Nothing was taken; the same call may work later.
BUSY = frozenset({408, 425, 429, 503})
#: We are not let in, or there is nothing at the address.
CLOSED = frozenset({401, 403, 404, 405, 410})


class WebhookBackend(Backend):
    """An address that takes JSON."""

    kind = "webhook"
    label = "Webhook (JSON)"
    capabilities = frozenset({Capability.SENDS_REPORTS, Capability.SENDS_UPDATES})
    options_type = WebhookOptions
    secrets_type = WebhookSecrets
    options: WebhookOptions
    secrets: WebhookSecrets

    def state_for(self, status: str) -> Mapped:
        """Nothing comes back this way; the body may push updates to our own Open311 endpoint."""
        _ = status
        return Mapped(is_known=False)

    def check(self, notes: Notes) -> tuple[str, ...]:
        """Looks the options over; the address is not called, as a call would be a report."""
        _ = notes
        try:
            jmespath.compile(self.options.id_path)
        except JMESPathError:
            return ("The path to the number is no JMESPath.",)
        if self.secrets.signing_key and not _key_of(self.secrets.signing_key):
            return ("The signing key is not whsec_ and base64.",)
        return ()

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> Accepted:
        """Posts a report."""
        _ = notebook  # one call, nothing to remember between attempts
        said = payload.of_report(report, with_files=self.options.photos == "files")
        return self._post(self.options.address, said, key=report.key)

    def send_update(self, update: OutgoingUpdate, notebook: Notebook) -> Accepted:
        """Posts an update."""
        _ = notebook
        said = payload.of_update(update, with_files=self.options.photos == "files")
        address = self.options.update_address or self.options.address
        return self._post(address, said, key=update.key)

    def _post(self, address: str, said: dict[str, Any], *, key: str) -> Accepted:
        headers = {"Idempotency-Key": key, **self._signature(said, key)}
        try:
            answer = self.way.post(address, json=said, headers=headers)
        except NotReached as error:
            raise TryLater(str(error)) from error
        except (LostReply, TooLarge) as error:
            raise Unknown(str(error)) from error
        if not 200 <= answer.status < 300 and answer.status != 409:
            raise _trouble(answer)
        return self._accepted(answer)

    def _accepted(self, answer: Answer) -> Accepted:
        """A success, and a 409: the receiver has it already."""
        number = self._number(answer.body)
        if number:
            return Accepted(external_id=number)
        if self.options.needs_id or answer.status == 409:
            message = f"The answer ({answer.status}) holds no number where one was looked for."
            raise Unknown(message)
        return Accepted()

    def _number(self, body: bytes) -> str:
        try:
            found = jmespath.search(self.options.id_path, json.loads(body))
        except JMESPathError as error:
            message = "The path to the number is no JMESPath."
            raise Misconfigured(message) from error
        except ValueError:
            return ""
        is_number = isinstance(found, str | int) and not isinstance(found, bool)
        return one_line(str(found))[:200] if is_number else ""

    def _signature(self, said: dict[str, Any], key: str) -> dict[str, str]:
        """Standard Webhooks: the same id on every attempt, the time of this one."""
        if not self.secrets.signing_key:
            return {}
        secret, moment = _key_of(self.secrets.signing_key), str(int(clock.now().timestamp()))
        signed = f"{key}.{moment}.{json.dumps(said)}".encode()
        digest = b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": key,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{digest}",
        }


def _key_of(text: str) -> bytes:
    try:
        return b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""


def _trouble(answer: Answer) -> TryLater | Misconfigured | Refused | Unknown:
    """What an answer that is no success means (open311.md 4)."""
    words = f"The receiver answers {answer.status}"
    told = shorten(one_line(answer.body[:2000].decode(errors="replace")), 200)
    if told and not told.startswith("<"):
        words += f": {told}"
    if answer.status in BUSY:
        wait = retry_after(answer.headers.get("Retry-After", ""), now=clock.now())
        return TryLater(words, after=wait)
    if answer.status in CLOSED or 300 <= answer.status < 400:
        return Misconfigured(f"{words}. Look at the address and what lets us in.")
    if 400 <= answer.status < 500:
        return Refused(words, patient=answer.status == 400)
    return Unknown(words)
