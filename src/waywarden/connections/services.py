"""Opening a connection's back-end, and every write to connections."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.conf import settings
from django.db import transaction

from waywarden.backends.bearers import ClientCredentials
from waywarden.backends.contract import Backend, Capability
from waywarden.backends.registry import backend_class
from waywarden.backends.way_options import WayOptions, WaySecrets
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.events.bulk_services import insert_rows
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel import clock, http, options
from waywarden.kernel.errors import Misconfigured, RuleBroken, WaywardenError
from waywarden.kernel.retry import CIRCUIT_OPENS_AT, probe_pause
from waywarden.kernel.secrets import Box
from waywarden.kernel.text import shorten, without_control_characters

log = logging.getLogger(__name__)

#: How long an exchange is kept.
EXCHANGES_LIVE = timedelta(days=90)
#: A shorter value in a query is a version or a format, no key.
_LONG_ENOUGH = 8
#: How long a probe of an open circuit may take before another is allowed.
PROBE_TAKES = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Opened:
    """A back-end ready to be called; `exchanges` fills as it is. None: e-mail without a row."""

    connection_id: int | None
    backend: Backend
    exchanges: list[http.Exchange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said over an opened connection, and about what."""

    opened: Opened
    subject_kind: str = ""
    subject_id: int | None = None


def open_backend(connection: Connection, *, is_rehearsal: bool = False) -> Opened:
    """The connection's plug-in with its options, secrets and the one way out.

    Raises Misconfigured for an unknown kind or zone, options that do not fit the kind, or secrets
    that cannot be opened. Opening calls nobody. In a rehearsal every call is recorded as it would
    go out, and held back (`kernel.http.HeldBack`).
    """
    return opener(connection, is_rehearsal=is_rehearsal)()


def opener(connection: Connection, *, is_rehearsal: bool = False) -> Callable[[], Opened]:
    """Opens the connection's plug-in as often as it is called; settings are read once.

    Each Opened keeps the exchanges of its own calls. Raises Misconfigured as `open_backend` does.
    """
    kind = backend_class(connection.kind)
    try:
        values = options.read(kind.options_type, connection.options)
        secrets = options.read(kind.secrets_type, _own(kind.secrets_type, secrets_of(connection)))
    except RuleBroken as error:
        message = f"The option {error.field!r} of {connection.name} is wrong: {error}"
        raise Misconfigured(message) from error
    zone = _zone(connection)
    first: Backend | None = None

    def open_once() -> Opened:
        nonlocal first
        exchanges: list[http.Exchange] = []
        way = way_of(values, secrets, record=exchanges.append, is_rehearsal=is_rehearsal)
        try:
            backend = kind(options=values, secrets=secrets, way=way, zone=zone)
            first = first or backend
            backend.open_beside(first)
        except WaywardenError:
            raise
        except Exception as error:  # raised on, it would stop the lane and repeat the poll at once
            log.exception("connection %s cannot be opened", connection.pk)
            message = f"{connection.name} cannot be opened as it is set ({type(error).__name__})."
            raise Misconfigured(message) from error
        return Opened(connection_id=connection.pk, backend=backend, exchanges=exchanges)

    return open_once


def way_of(
    values: options.Options,
    secrets: options.Secrets,
    *,
    record: Callable[[http.Exchange], None],
    is_rehearsal: bool = False,
) -> http.Way:
    """The one way out, as a kind's options and secrets say. Raises Misconfigured."""
    if not (isinstance(values, WayOptions) and isinstance(secrets, WaySecrets)):
        return http.Way(record=record, is_rehearsal=is_rehearsal)
    name, colon, value = secrets.secret_header.partition(":")
    proxy = values.proxy
    if proxy and secrets.proxy_login:
        user, _colon, password = secrets.proxy_login.partition(":")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        proxy = proxy.replace("://", f"://{login}@", 1)
    if values.client_certificate and not Path(values.client_certificate).is_file():
        message = "The client certificate is not there."
        raise Misconfigured(message)
    settled: dict[str, Any] = {
        "limits": http.Limits(read_seconds=float(values.timeout_seconds)),
        "allowed_private": frozenset(settings.WAYWARDEN_PRIVATE_HOSTS),
        "masked": (
            *(text for text in options.plain(secrets).values() if text),
            *_query_values(values),
            value.strip(),
        ),
        "proxy": proxy,
        "client_cert": values.client_certificate,
    }
    bearer = None
    if values.token_address and not is_rehearsal:
        bearer = ClientCredentials(
            address=values.token_address,
            client_id=values.client_id,
            client_secret=secrets.client_secret,
            scope=values.scope,
            way=http.Way(**settled),  # what it answers is in no record
        )
    return http.Way(
        **settled,
        headers={**values.headers, **({name.strip(): value.strip()} if colon else {})},
        basic_auth=(values.login, secrets.password) if values.login else None,
        record=record,
        is_rehearsal=is_rehearsal,
        bearer=bearer,
    )


def _query_values(values: options.Options) -> Iterator[str]:
    """What stands in the query of an address: some systems take their key there."""
    for text in options.plain(values).values():
        if isinstance(text, str) and text.startswith(("http://", "https://")):
            for _name, value in parse_qsl(text.partition("?")[2].partition("#")[0]):
                if len(value) >= _LONG_ENOUGH:
                    yield value


def can_list(connection: Connection) -> bool:
    """Whether a connection's kind has a list of services; asks nobody."""
    try:
        return backend_class(connection.kind).can(Capability.LISTS_SERVICES)
    except Misconfigured:
        return False


def open_email() -> Opened:
    """The e-mail back-end of a body without a connection (level 0)."""
    kind = backend_class("email")
    exchanges: list[http.Exchange] = []
    way = http.Way(record=exchanges.append)
    backend = kind(options=kind.options_type(), secrets=kind.secrets_type(), way=way)
    return Opened(connection_id=None, backend=backend, exchanges=exchanges)


def default_email_backend() -> Backend:
    """The same, where nothing is sent over it."""
    return open_email().backend


def _own(secrets_type: type[options.Secrets], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Those that the kind knows: a connection keeps its secrets when its kind is changed."""
    known = {item.name for item in msgspec.structs.fields(secrets_type)}
    return {name: value for name, value in secrets.items() if name in known}


def _zone(connection: Connection) -> ZoneInfo:
    try:
        return ZoneInfo(connection.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"The zone of {connection.name} is not the name of a time zone."
        raise Misconfigured(message) from error


def _box() -> Box:
    return Box(settings.WAYWARDEN_FIELD_KEYS)


def secrets_of(connection: Connection) -> dict[str, str]:
    """The connection's secrets, opened. Never shown, never logged. Raises Misconfigured."""
    plain = _box().open(connection.secrets)
    return json.loads(plain) if plain else {}


def set_secrets(connection: Connection, secrets: Mapping[str, str]) -> None:
    """Seals the given secrets beside those kept; "" removes one. The caller saves the row."""
    kept = secrets_of(connection) | dict(secrets)
    kept = {name: value for name, value in kept.items() if value}
    connection.secrets = _box().seal(json.dumps(kept)) if kept else ""


def keep_exchanges(
    opened: Opened, *, subject_kind: str = "", subject_id: int | None = None
) -> None:
    """Writes down what was said since the last time, and forgets it here."""
    keep_all_exchanges([Said(opened, subject_kind, subject_id)])


def keep_all_exchanges(said: Iterable[Said]) -> None:
    """The same for many at once."""
    rows = []
    for one in said:
        # Another thread may be calling meanwhile: only what is taken here is forgotten.
        exchanges = tuple(one.opened.exchanges)
        del one.opened.exchanges[: len(exchanges)]
        rows += [_row_of(exchange, one, one.opened.connection_id) for exchange in exchanges]
    insert_rows(rows, with_keys=False)


def _row_of(exchange: http.Exchange, said: Said, connection_id: int | None) -> Exchange:
    return Exchange(
        connection_id=connection_id,
        subject_kind=said.subject_kind,
        subject_id=said.subject_id,
        at=exchange.started_at,
        seconds=exchange.seconds,
        method=exchange.method,
        url=without_control_characters(exchange.url),
        request=without_control_characters(exchange.request),
        status=exchange.status,
        response=without_control_characters(exchange.response),
        error=shorten(without_control_characters(exchange.error), 500),
        clock_ahead=exchange.clock_ahead,
    )


def pause(connection_id: int, *, reason: str, by: Actor = NOBODY) -> bool:
    """Stops sending over a connection until a person resumes it; False when it was paused."""
    with transaction.atomic():
        paused = Connection.objects.filter(pk=connection_id, is_paused=False).update(
            is_paused=True, pause_reason=shorten(reason, 500)
        )
        if paused:
            _note("connection.paused", connection_id, by=by, reason=shorten(reason, 500))
    return bool(paused)


def resume(connection_id: int, *, by: Actor = NOBODY) -> bool:
    """Lets a paused connection send again; False when it was not paused. Its circuit is closed."""
    with transaction.atomic():
        resumed = Connection.objects.filter(pk=connection_id, is_paused=True).update(
            is_paused=False, pause_reason="", resumed_at=clock.now()
        )
        if resumed:
            note_answer(connection_id)
            _note("connection.resumed", connection_id, by=by)
    return bool(resumed)


def note_success(connection_id: int) -> bool:
    """A call worked: the circuit closes; True when it was open."""
    moment = clock.now()
    usual = Circuit.objects.filter(connection_id=connection_id, failures=0, opened_at=None)
    if usual.update(last_success_at=moment):
        return False
    was_open = note_answer(connection_id)
    Circuit.objects.update_or_create(
        connection_id=connection_id, defaults={"last_success_at": moment}
    )
    return was_open


def note_answer(connection_id: int) -> bool:
    """The system is there, whatever it said: the circuit closes; True when it was open."""
    circuits = Circuit.objects.filter(connection_id=connection_id)
    with transaction.atomic():
        was_open = circuits.filter(opened_at__isnull=False).update(
            failures=0, opened_at=None, probe_at=None
        )
        if was_open:
            _note("connection.recovered", connection_id)
    if not was_open:
        circuits.filter(failures__gt=0).update(failures=0)
    return bool(was_open)


def note_failure(connection_id: int, *, reason: str, is_probe: bool = False) -> bool:
    """A call failed for the system's own reasons; True when this failure opens the circuit.

    While it is open only the probe says anything new: other calls were out when it opened.
    """
    moment = clock.now()
    with transaction.atomic():
        Circuit.objects.get_or_create(connection_id=connection_id)
        circuit = Circuit.objects.select_for_update().get(connection_id=connection_id)
        was_open = circuit.opened_at is not None
        circuit.last_failure_at = moment
        circuit.last_failure = shorten(without_control_characters(reason), 500)
        if is_probe or not was_open:
            circuit.failures += 1
            if circuit.failures >= CIRCUIT_OPENS_AT:
                circuit.opened_at = circuit.opened_at or moment
                probes = circuit.failures - CIRCUIT_OPENS_AT + 1
                own = circuit.connection.retry_pauses
                circuit.probe_at = moment + probe_pause(probes, own=own)
        circuit.save()
        opens = circuit.opened_at is not None and not was_open
        if opens:
            _note("connection.failing", connection_id, reason=circuit.last_failure)
    return opens


def _note(kind: str, connection_id: int, *, by: Actor = NOBODY, reason: str = "") -> None:
    """The fact that a connection broke or mended: alarms and the board hear of it."""
    record(Fact(kind, "connection", connection_id, actor=by, data={"reason": reason}))


def claim_probe(connection_id: int, *, now: datetime) -> bool:
    """Takes the one probe an open circuit allows; False when another has it or it is too early."""
    return bool(
        Circuit.objects.filter(connection_id=connection_id, probe_at__lte=now).update(
            probe_at=now + PROBE_TAKES
        )
    )


def drop_old_exchanges() -> int:
    """Deletes exchanges older than 90 days; how many."""
    deleted, _by_model = Exchange.objects.filter(at__lt=clock.now() - EXCHANGES_LIVE).delete()
    return deleted
