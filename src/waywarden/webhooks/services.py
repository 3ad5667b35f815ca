"""Every write of webhooks: endpoints, the fan-out of an event, claims, results, replays."""

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from waywarden.bodies.models import Body
from waywarden.bodies.queries import bodies_using
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.secrets import Box
from waywarden.kernel.text import one_line
from waywarden.webhooks import payloads
from waywarden.webhooks.kinds import CHOICES, OF_FACTS, Kind
from waywarden.webhooks.models import Call, Endpoint

State = Call.State
#: Delivered and withheld calls are kept for so long, others too.
CALLS_LIVE = timedelta(days=30)
#: A claim not renewed for so long belongs to a dead worker; the call is simply due again.
CLAIM_LASTS = timedelta(minutes=2)
#: An old secret signs beside the new one for so long.
OLD_SECRET_LIVES = timedelta(hours=24)
#: An endpoint that only failed for so long is stopped.
STOPS_AFTER = timedelta(days=5)
#: Endpoints of one body, or of the site.
MOST = 20
_SECRET_BYTES = 24


def new_endpoint(
    *, body_id: int | None, url: str, kinds: Iterable[str], description: str = "", by: Actor
) -> tuple[Endpoint, str]:
    """An endpoint and its secret, which is never shown again. Raises RuleBroken."""
    chosen = _checked(url, kinds)
    secret = _new_secret()
    with transaction.atomic():
        if Endpoint.objects.filter(body=body_id).count() >= MOST:
            raise RuleBroken(_("There are %d webhooks already; remove one first.") % MOST)
        endpoint = Endpoint.objects.create(
            body_id=body_id,
            url=url.strip(),
            kinds=chosen,
            description=one_line(description)[:200],
            secret=_box().seal(secret),
            created=clock.now(),
        )
        _note("webhook.added", endpoint, by)
    return endpoint, secret


def change_endpoint(
    endpoint_id: int,
    *,
    url: str,
    kinds: Iterable[str],
    description: str,
    is_active: bool,
    by: Actor,
) -> None:
    """Changes an endpoint; one that was stopped starts afresh. Raises RuleBroken."""
    chosen = _checked(url, kinds)
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        endpoint.url, endpoint.kinds = url.strip(), chosen
        endpoint.description = one_line(description)[:200]
        if is_active and not endpoint.is_active:
            endpoint.stopped_for, endpoint.failing_since = "", None
        endpoint.is_active = is_active
        endpoint.save()
        _note("webhook.changed", endpoint, by)


def remove_endpoint(endpoint_id: int, *, by: Actor) -> None:
    """Forgets an endpoint and its calls."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        _note("webhook.removed", endpoint, by)
        endpoint.delete()


def renew_secret(endpoint_id: int, *, by: Actor) -> str:
    """A new secret, shown once; the old one signs beside it for a day."""
    secret = _new_secret()
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        endpoint.old_secret = endpoint.secret
        endpoint.old_secret_until = clock.now() + OLD_SECRET_LIVES
        endpoint.secret = _box().seal(secret)
        endpoint.save()
        _note("webhook.secret_renewed", endpoint, by)
    return secret


def secrets_of(endpoint: Endpoint, *, now: datetime) -> tuple[str, ...]:
    """What signs now. Raises Misconfigured when the field keys have changed."""
    found = [_box().open(endpoint.secret)]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > now:
        found.append(_box().open(endpoint.old_secret))
    return tuple(found)


def _box() -> Box:
    return Box(settings.WAYWARDEN_FIELD_KEYS)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _checked(url: str, kinds: Iterable[str]) -> list[str]:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = _("Please give an address that begins with https://.")
        raise RuleBroken(message, field="url")
    if parts.username or parts.password:
        raise RuleBroken(_("Please leave user and password out of the address."), field="url")
    chosen = sorted({kind for kind in kinds if kind in set(CHOICES)})
    if not chosen:
        raise RuleBroken(_("Please choose at least one event."), field="kinds")
    return chosen


def _note(kind: str, endpoint: Endpoint, by: Actor) -> None:
    data = {"body": endpoint.body_id, "host": endpoint.host}
    record(Fact(kind, "webhook", endpoint.pk, actor=by, data=data))


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact on its way to machines. `data` is the fact's own, for alarms."""

    subject_id: int
    data: Mapping[str, Any]


def fan_out(fact: str, happened: Sequence[Happened], *, batch: uuid.UUID, at: datetime) -> set[int]:
    """Writes the calls of an event, one for each endpoint that may hear; the endpoints.

    Doing it again adds nothing: a message's id follows from the batch and its subject.
    """
    kind = OF_FACTS[fact]
    if kind in (Kind.ALARM_RAISED, Kind.ALARM_CLEARED):
        calls = _alarm_calls(kind, happened, batch=batch, at=at)
    else:
        calls = _report_calls(kind, happened, batch=batch, at=at)
    Call.objects.bulk_create(calls, ignore_conflicts=True, batch_size=500)
    return {call.endpoint_id for call in calls}


def _report_calls(
    kind: Kind, happened: Sequence[Happened], *, batch: uuid.UUID, at: datetime
) -> list[Call]:
    subjects = payloads.subjects_of(kind, [one.subject_id for one in happened])
    bodies = {body for one in subjects.values() for body in payloads.bodies_that_may_hear(one)}
    endpoints = _listening(kind, bodies)
    calls = []
    for pk, subject in subjects.items():
        for endpoint in endpoints:
            if payloads.may_hear(subject, endpoint.body_id, kind=kind):
                data = payloads.data_of(kind, subject, endpoint.body_id)
                text = payloads.message(kind, data, at=at)
                calls.append(_call(endpoint, kind, text, uuid.uuid5(batch, str(pk))))
                calls[-1].report_id = subject.report.pk
    return calls


def _alarm_calls(
    kind: Kind, happened: Sequence[Happened], *, batch: uuid.UUID, at: datetime
) -> list[Call]:
    """To the site's endpoints, and to those of the bodies that an alarm is about.

    One of a connection itself is about every body that uses it.
    """
    connection_ids = {one.data.get("connection") or 0 for one in happened}
    using = bodies_using(connection_ids)
    concerned = {
        one.subject_id: {one.data["body"]}
        if one.data.get("body")
        else using[one.data.get("connection") or 0]
        for one in happened
    }
    bodies = Body.objects.in_bulk([one.data.get("body") or 0 for one in happened])
    connections = Connection.objects.in_bulk(connection_ids)
    calls = []
    for endpoint in _listening(kind, set().union(*concerned.values())):
        for one in happened:
            if endpoint.body_id is None or endpoint.body_id in concerned[one.subject_id]:
                data = payloads.alarm_data(one.data, connections, bodies)
                text = payloads.message(kind, data, at=at)
                message_id = uuid.uuid5(batch, str(one.subject_id))
                calls.append(_call(endpoint, kind, text, message_id))
    return calls


def _listening(kind: Kind, body_ids: Iterable[int]) -> list[Endpoint]:
    whose = Q(body=None) | Q(body__in=set(body_ids))
    found = Endpoint.objects.filter(whose, is_active=True, kinds__contains=[kind.value])
    return list(found.order_by("id"))


def _call(endpoint: Endpoint, kind: Kind, payload: dict[str, Any], message_id: uuid.UUID) -> Call:
    moment = clock.now()
    return Call(
        endpoint=endpoint, kind=kind, payload=payload, message_id=message_id, due_at=moment,
        created=moment,
    )  # fmt: skip


def send_test(endpoint_id: int, *, by: Actor = NOBODY) -> Call:
    """Puts a test message on its way."""
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    data = {"webhook": {"id": endpoint.pk, "description": endpoint.description}}
    text = payloads.message(Kind.TEST, data, at=clock.now())
    with transaction.atomic():
        call = _call(endpoint, Kind.TEST, text, uuid.uuid4())
        call.save()
        record(_waked(endpoint.pk, by))
    return call


def replay(call_ids: Iterable[int], *, endpoint_id: int, by: Actor) -> int:
    """Sends messages of an endpoint again, under the same ids; how many."""
    with transaction.atomic():
        done = (
            Call.objects.filter(pk__in=list(call_ids), endpoint=endpoint_id)
            .filter(state__in=(State.DELIVERED, State.FAILED))
            .update(state=State.WAITING, due_at=clock.now(), attempts=0, claimed_until=None)
        )
        if done:
            record(_waked(endpoint_id, by))
    return done


def replay_failed(endpoint_id: int, *, by: Actor) -> int:
    """Sends everything again that was given up; how many."""
    failed = Call.objects.filter(endpoint=endpoint_id, state=State.FAILED)
    return replay(failed.values_list("pk", flat=True), endpoint_id=endpoint_id, by=by)


def _waked(endpoint_id: int, by: Actor) -> Fact:
    return Fact("webhook.replayed", "webhook", endpoint_id, actor=by)


def claim(endpoint_id: int, *, limit: int) -> list[Call]:
    """Takes due calls of an endpoint, oldest first; one that is stopped gives none."""
    moment = clock.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=moment)
    with transaction.atomic():
        rows = list(
            Call.objects.filter(free, endpoint=endpoint_id, endpoint__is_active=True)
            .filter(state=State.WAITING, due_at__lte=moment)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("endpoint")
            .order_by("due_at", "id")[:limit]
        )
        ids = [row.pk for row in rows]
        Call.objects.filter(pk__in=ids).update(claimed_until=moment + CLAIM_LASTS)
    return rows


def release(call_ids: Iterable[int], *, due_at: datetime) -> None:
    """Gives back what was claimed and not tried."""
    Call.objects.filter(pk__in=list(call_ids), claimed_until__isnull=False).update(
        claimed_until=None, due_at=due_at
    )


def withhold(call_id: int) -> None:
    """What may not be told any more is not."""
    Call.objects.filter(pk=call_id).update(
        state=State.WITHHELD, claimed_until=None, payload={}, tried_at=clock.now()
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt. `next_at` None: it is over."""

    is_delivered: bool
    status: int | None
    said: str
    seconds: float
    next_at: datetime | None = None
    stops: str = ""
    """Why the endpoint is stopped; "" where it is not."""


def write_result(call: Call, result: Result) -> None:
    """Writes what came of an attempt, and how the endpoint does."""
    moment = clock.now()
    state = State.DELIVERED if result.is_delivered else State.FAILED
    with transaction.atomic():
        Call.objects.filter(pk=call.pk).update(
            state=State.WAITING if result.next_at else state,
            due_at=result.next_at or call.due_at,
            claimed_until=None,
            attempts=call.attempts + 1,
            status=result.status,
            said=result.said,
            seconds=result.seconds,
            tried_at=moment,
        )
        endpoints = Endpoint.objects.filter(pk=call.endpoint_id)
        if result.is_delivered:
            endpoints.filter(failing_since__isnull=False).update(failing_since=None)
            return
        endpoints.filter(failing_since=None).update(failing_since=moment)
        if result.stops:
            _stop(call.endpoint, result.stops)
        elif endpoints.filter(failing_since__lt=moment - STOPS_AFTER).exists():
            _stop(call.endpoint, _("It has failed for five days."))


def _stop(endpoint: Endpoint, reason: str) -> None:
    stopped = Endpoint.objects.filter(pk=endpoint.pk, is_active=True)
    if stopped.update(is_active=False, stopped_for=reason):
        _note("webhook.stopped", endpoint, NOBODY)


def drop_old_calls() -> int:
    """Deletes calls older than 30 days; how many."""
    deleted, _by_model = Call.objects.filter(created__lt=clock.now() - CALLS_LIVE).delete()
    return deleted
