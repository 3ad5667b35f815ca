"""A body's service list: fetched, proposed, and applied by itself or when a person agrees."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from waywarden.backends.contract import Backend, Capability, Notes
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.connections.services import can_list, keep_exchanges, open_backend
from waywarden.kernel.errors import (
    BackendError,
    BadReply,
    Misconfigured,
    Refused,
    TryLater,
    Unknown,
)
from waywarden.open311.types import Deviation, Service, ServiceDefinition
from waywarden.sync.category_services import apply_proposal, held_categories
from waywarden.sync.proposal_services import keep_waiting, overtake
from waywarden.sync.proposals import Proposal, listed_from, propose

#: Definitions that are asked for at the same time.
AT_ONCE = 8
#: After so many calls in a row without an answer, the other definitions are not asked for.
PATIENCE = 3
#: Calls that are kept of one list; of thousands of definitions the first tell enough.
KEPT_CALLS = 50
_LIST_ADDRESS = re.compile(
    r"(?P<endpoint>\S+)/(services|requests|servicerequestupdates|discovery)\.(?P<format>xml|json)"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A service list as it came. `missing` tells of each definition that was not to be had, why."""

    services: tuple[Service, ...]
    definitions: Mapping[str, ServiceDefinition]
    missing: Mapping[str, str]
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Synced:
    """What a list proposed, and whether it was applied."""

    proposal: Proposal
    is_applied: bool
    missing: Mapping[str, str]
    """Service code → why its definition was not to be had; its questions stay as they are."""


def sync_services(
    body: Body,
    *,
    address: str = "",
    is_agreed: bool = False,
    dry_run: bool = False,
    user_id: int | None = None,
) -> Synced:
    """Fetches the list of the body's connection, or of any Open311 address, and applies it.

    A proposal that waits for a person is kept, and applied only when `is_agreed`; an empty list
    only puts categories out of use then. Raises Misconfigured without a connection, BackendError
    when the list cannot be had; nothing is changed then.
    """
    fetched = _fetch_from(address) if address else fetch_list(_connection_of(body))
    listed, deviations = listed_from(fetched.services, fetched.definitions)
    proposal = propose(listed, held_categories(body), deviations=(*fetched.deviations, *deviations))
    applies = not dry_run and (is_agreed or not proposal.waits)
    if applies:
        if not proposal.is_empty:
            apply_proposal(proposal, body=body, user_id=user_id)
        overtake(body)
    elif not dry_run and not proposal.is_empty:
        keep_waiting(body, listed, reason=proposal.waits)
    return Synced(proposal=proposal, is_applied=applies, missing=fetched.missing)


def connection_with_list(body: Body) -> Connection | None:
    """The body's connection that has a list of services, None when it has none."""
    for connection in (body.fetching_connection, body.sending_connection):
        if connection is not None and can_list(connection):
            return connection
    return None


def _connection_of(body: Body) -> Connection:
    connection = connection_with_list(body) or body.connection_for_fetching
    if connection is None:
        message = f"{body.name} has no connection; say where its list is with --from."
        raise Misconfigured(message)
    return connection


def _fetch_from(address: str) -> Fetched:
    """The list at any address, in the first format that is answered."""
    candidates = endpoints_at(address)
    for options in candidates[:-1]:
        try:
            return fetch_list(connection_to(options))
        except (Refused, BadReply):
            continue
    return fetch_list(connection_to(candidates[-1]))


def endpoints_at(address: str) -> tuple[dict[str, str], ...]:
    """The options to try for an Open311 address, the likeliest first.

    The address of a list (`…/services.json`, `…/requests.xml`) tells the endpoint and the format;
    the endpoint alone is tried as XML, then as JSON.
    """
    found = _LIST_ADDRESS.fullmatch(address.strip())
    if found:
        return ({"endpoint": found["endpoint"], "format": found["format"]},)
    return tuple({"endpoint": address.strip(), "format": one} for one in ("xml", "json"))


def connection_to(options: Mapping[str, str]) -> Connection:
    """An unsaved connection to an Open311 endpoint."""
    return Connection(name=options["endpoint"][:200], kind="open311", options=dict(options))


def fetch_list(connection: Connection) -> Fetched:
    """The list and the definitions it announces. Raises BackendError, Misconfigured, RuleBroken."""
    opened = open_backend(connection)
    if not opened.backend.can(Capability.LISTS_SERVICES):
        message = f"The send method {connection.kind} has no list of services."
        raise Misconfigured(message)
    try:
        return _fetch(opened.backend)
    finally:
        if connection.pk is not None:
            del opened.exchanges[KEPT_CALLS:]
            keep_exchanges(opened)


def _fetch(backend: Backend) -> Fetched:
    notes = Notes()
    services = tuple(backend.list_services(notes))
    codes = list(dict.fromkeys(one.service_code for one in services if one.metadata))
    definitions: dict[str, ServiceDefinition] = {}
    missing: dict[str, str] = {}
    silent = 0
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for start in range(0, len(codes), AT_ONCE):
            piece = codes[start : start + AT_ONCE]
            if silent >= PATIENCE:
                missing |= dict.fromkeys(piece, "Not asked for: the server did not answer.")
                continue
            for code, answer in zip(
                piece, pool.map(partial(_ask, backend, notes=notes), piece), strict=True
            ):
                silent = silent + 1 if isinstance(answer, TryLater | Unknown) else 0
                if isinstance(answer, BackendError):
                    missing[code] = str(answer)
                else:
                    definitions[code] = answer
    return Fetched(services, definitions, missing, deviations=tuple(notes.deviations))


def _ask(backend: Backend, code: str, *, notes: Notes) -> ServiceDefinition | BackendError:
    try:
        return backend.describe_service(code, notes)
    except BackendError as error:
        return error
