"""Telling an endpoint: signed as Standard Webhooks says, guarded, tried again ever more seldom."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from waywarden.kernel import clock
from waywarden.kernel.errors import WaywardenError
from waywarden.kernel.http import Answer, Limits, Way
from waywarden.kernel.retry import pause_after
from waywarden.kernel.text import one_line, shorten, whole_number
from waywarden.webhooks import payloads, queries, services
from waywarden.webhooks.kinds import Kind
from waywarden.webhooks.models import Call
from waywarden.webhooks.services import Result

#: Pauses after the first, second, … failed attempt; after the last one it is given up.
PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: A receiver answers at once and works later.
LIMITS = Limits(connect_seconds=5.0, read_seconds=10.0, max_bytes=1_000_000)
#: Calls taken at a time, and how long one worker goes on before others have a turn.
AT_A_TIME = 10
SPELL = 60.0
_GONE = 410


def drain(endpoint_id: int) -> datetime | None:
    """Tells an endpoint all that is due; when the next is due. A failure ends the spell."""
    ends = time.monotonic() + SPELL
    way = Way(limits=LIMITS, allowed_private=settings.WAYWARDEN_PRIVATE_HOSTS)
    while time.monotonic() < ends:
        calls = services.claim(endpoint_id, limit=AT_A_TIME)
        if not calls:
            break
        for call in calls:
            if not _tell(call, way) and call.kind != Kind.TEST:
                _put_off(calls)
                return queries.next_due(endpoint_id)
    return queries.next_due(endpoint_id)


def _put_off(calls: list[Call]) -> None:
    """What was claimed beside a call that failed is tried a little later."""
    services.release([call.pk for call in calls], due_at=clock.now() + PAUSES[0])


def _tell(call: Call, way: Way) -> bool:
    """One attempt; False when it failed."""
    if not _may_still_hear(call):
        services.withhold(call.pk)
        return True
    began = time.monotonic()
    try:
        answer = way.post(call.endpoint.url, body=_body(call), headers=_headers(call))
    except WaywardenError as error:
        result = _failed(call, None, str(error), time.monotonic() - began)
    else:
        result = _result(call, answer, time.monotonic() - began)
    services.write_result(call, result)
    return result.is_delivered


def _may_still_hear(call: Call) -> bool:
    """Whether it is still public, or still the body's: what was hidden meanwhile is not told."""
    if call.report_id is None:
        return True
    kind = Kind(call.kind)
    update = call.payload.get("data", {}).get("update")
    number = update["id"] if update else call.report_id
    subject = payloads.subjects_of(kind, [number]).get(number)
    return subject is not None and payloads.may_hear(subject, call.endpoint.body_id, kind=kind)


def _body(call: Call) -> bytes:
    return msgspec.json.encode(call.payload)


def _headers(call: Call) -> dict[str, str]:
    """Of this attempt: the id stays, the time and so the signature are new."""
    moment = clock.now()
    number, text = str(call.message_id), _body(call).decode()
    signatures = [
        Webhook(secret).sign(number, moment, text)
        for secret in services.secrets_of(call.endpoint, now=moment)
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _result(call: Call, answer: Answer, seconds: float) -> Result:
    said = shorten(one_line(answer.body[:2000].decode(errors="replace")), 500)
    if 200 <= answer.status < 300:
        return Result(is_delivered=True, status=answer.status, said=said, seconds=seconds)
    if answer.status == _GONE:
        words = _("It answered 410: it wants no more.")
        return Result(False, answer.status, said, seconds, stops=words)
    return _failed(call, answer, said, seconds)


def _failed(call: Call, answer: Answer | None, said: str, seconds: float) -> Result:
    next_at = next_try_at(call.attempts + 1, now=clock.now(), asked=_asked_wait(answer))
    return Result(
        is_delivered=False,
        status=answer.status if answer else None,
        said=shorten(said, 500),
        seconds=seconds,
        next_at=None if call.kind == Kind.TEST else next_at,  # a person looks at a test at once
    )


def _asked_wait(answer: Answer | None) -> timedelta:
    given = answer.headers.get("Retry-After", "") if answer else ""
    return timedelta(seconds=min(whole_number(given.strip()) or 0, 86_400))


def next_try_at(
    attempts: int,
    *,
    now: datetime,
    asked: timedelta = timedelta(),
    chance: Callable[[], float] | None = None,
) -> datetime | None:
    """When a call that failed so many times is tried again; None when it is given up."""
    if attempts > len(PAUSES):
        return None
    more = {"chance": chance} if chance else {}
    return now + max(pause_after(attempts, pauses=PAUSES, **more), asked)
