"""What is known of connections, read for many at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from statistics import median
from typing import Any

from django.db import connection as database
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.health.verdicts import Facts, Fetching, Standing, standing_of
from waywarden.kernel import clock
from waywarden.kernel.retry import CIRCUIT_OPENS_AT
from waywarden.sending.models import Answer, Delivery
from waywarden.sending.outcome import Cause
from waywarden.sending.queries import STUCK, WAKING
from waywarden.sync.models import Cursor, ServiceProposal, SetAside, What

#: How many of the last calls and runs are looked at.
LATEST_CALLS = 20
LATEST_RUNS = 20
#: What mails wait for when the mail server is at fault.
_MAIL_SERVERS = {Cause.TRY_LATER, Cause.UNKNOWN, Cause.MISCONFIGURED}
#: For how long mailed answers are counted.
ANSWERS_OF_LATE = timedelta(days=7)
#: For how long a row about a report that is not known here is told of.
UNKNOWN_OF_LATE = timedelta(days=1)
#: Reasons for which a row set aside needs a person; of the others, which may be many, few are read.
_WRONG = [one for one in SetAside.Reason if one != SetAside.Reason.UNKNOWN_REPORT]
#: Connections that a question names one by one.
NAMED_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class StuckAt:
    """How many deliveries of one way are stuck at one body."""

    connection_id: int | None
    body_id: int
    is_aged: bool
    count: int


def stuck_by_body() -> list[StuckAt]:
    """What is stuck, by way and body; what was tried for too long apart from the rest."""
    rows = (
        Delivery.objects.filter(state__in=STUCK)
        .order_by()
        .values_list("connection_id", "body_id")
        .annotate(count=Count("pk"), aged=Count("pk", filter=Q(cause=Cause.AGE)))
    )
    found = []
    for connection_id, body_id, count, aged in rows:
        found.append(StuckAt(connection_id, body_id, is_aged=True, count=aged))
        found.append(StuckAt(connection_id, body_id, is_aged=False, count=count - aged))
    return [one for one in found if one.count]


@dataclass(frozen=True, slots=True)
class BouncingAt:
    """Addresses of one body's categories that mail came back from."""

    body_id: int
    addresses: tuple[str, ...]


def bouncing_by_body(body_ids: Collection[int] | None = None) -> list[BouncingAt]:
    """Where mail comes back, by body."""
    rows = Category.objects.exclude(bounced_emails={}).exclude(state=Category.State.DELETED)
    if body_ids is not None:
        rows = rows.filter(body__in=list(body_ids))
    found: dict[int, set[str]] = {}
    for body_id, bounced in rows.values_list("body_id", "bounced_emails"):
        found.setdefault(body_id, set()).update(bounced)
    return [BouncingAt(body_id, tuple(sorted(found[body_id]))) for body_id in sorted(found)]


def connections_of(body_ids: Collection[int] | None) -> QuerySet[Connection]:
    """The connections that bodies use to send or to fetch; None stands for every body."""
    bodies = Body.objects.filter(is_deleted=False)
    if body_ids is not None:
        bodies = bodies.filter(pk__in=body_ids)
    categories = Q(categories__body__in=bodies, categories__body__can_be_devolved=True)
    used = Connection.objects.filter(
        Q(sending_bodies__in=bodies) | Q(fetching_bodies__in=bodies) | categories
    )
    return Connection.objects.filter(pk__in=used.values("pk")).order_by("name", "pk")


def facts_of(
    connections: Iterable[Connection], *, body_ids: Collection[int] | None = None
) -> list[Facts]:
    """The facts of connections, in their order; deliveries and rows of `body_ids` only."""
    rows = list(connections)
    ids = [row.pk for row in rows]
    own = Q() if body_ids is None else Q(body__in=list(body_ids))
    waiting = _waiting(_among(ids) & own)
    stuck = _stuck(_among(ids) & own)
    circuits = {circuit.pk: circuit for circuit in Circuit.objects.filter(_among(ids))}
    fetching = _fetching({row.pk: row for row in rows})
    aside = _set_aside(ids, body_ids)
    deviations = _deviations(ids)
    proposals = _proposals(body_ids)
    calls = _calls(ids)
    bodies = _bodies(ids, body_ids)
    found = []
    for row in rows:
        seconds, ahead = calls.get(row.pk, (None, None))
        facts = Facts(
            connection_id=row.pk,
            seconds=seconds,
            clock_ahead=ahead,
            name=row.name,
            kind=row.kind,
            bodies=tuple(bodies.get(row.pk, ())),
            is_paused=row.is_paused,
            pause_reason=row.pause_reason,
            fetching=tuple(fetching.get(row.pk, ())),
            deviations=tuple(deviations.get(row.pk, ())),
            set_aside=aside.get(row.pk, (0, 0))[0],
            unknown=aside.get(row.pk, (0, 0))[1],
            proposals=proposals.get(row.pk, 0),
        )
        facts = _with_circuit(facts, circuits.get(row.pk))
        found.append(_with_deliveries(facts, waiting.get(row.pk), stuck.get(row.pk)))
    return found


def facts_of_email(*, body_ids: Collection[int] | None = None) -> Facts:
    """The facts of plain e-mail, for bodies and categories without a connection."""
    own = Q(connection=None)
    if body_ids is not None:
        own &= Q(body__in=list(body_ids))
    bouncing = tuple(address for one in bouncing_by_body(body_ids) for address in one.addresses)
    answered = Answer.objects.filter(kind=Answer.Kind.ANSWER, at__gt=clock.now() - ANSWERS_OF_LATE)
    if body_ids is not None:
        answered = answered.filter(body__in=list(body_ids))
    said = Exchange.objects.filter(connection=None).order_by("-at")
    lately = list(said.values_list("seconds", "at", "error")[:LATEST_CALLS])
    facts = Facts(
        connection_id=None,
        name=_("E-mail"),
        bouncing=bouncing,
        answers=answered.count(),
        seconds=median(seconds for seconds, _at, _error in lately) if lately else None,
        last_sent_at=next((at for _seconds, at, error in lately if not error), None),
    )
    facts = _with_deliveries(facts, _waiting(own).get(None), _stuck(own).get(None))
    return _with_mail_trouble(facts, lately)


def _with_mail_trouble(facts: Facts, lately: Sequence[tuple[float, datetime, str]]) -> Facts:
    """A mail server that takes nothing is like a system that does not answer.

    `lately` are the last mails, newest first. A refused address is the address's own fault: so
    something must wait because of the server, too.
    """
    failed = list(takewhile(lambda one: one[2], lately))
    if not (_MAIL_SERVERS & facts.late.keys()):
        return facts
    facts = replace(facts, failures_in_a_row=len(failed))
    if len(failed) < CIRCUIT_OPENS_AT:
        return facts
    return replace(facts, circuit_opened_at=failed[-1][1], last_failure=failed[0][2])


def standings(body_ids: Collection[int] | None = None) -> list[Standing]:
    """How every connection of some bodies does, and plain e-mail; the worst first."""
    facts = facts_of(connections_of(body_ids), body_ids=body_ids)
    facts.append(facts_of_email(body_ids=body_ids))
    moment = clock.now()
    found = [standing_of(one, now=moment) for one in facts]
    return sorted(found, key=lambda standing: -standing.level)


def _with_circuit(facts: Facts, circuit: Circuit | None) -> Facts:
    if circuit is None:
        return facts
    return replace(
        facts,
        circuit_opened_at=circuit.opened_at,
        probe_at=circuit.probe_at,
        failures_in_a_row=circuit.failures,
        last_failure=circuit.last_failure,
        last_sent_at=circuit.last_success_at,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many deliveries are on their way, since when, and those that failed, by class."""

    count: int = 0
    oldest: datetime | None = None
    late: Mapping[str, int] = field(default_factory=dict)


def _with_deliveries(
    facts: Facts, waiting: Waiting | None, stuck: dict[tuple[str, str], int] | None
) -> Facts:
    waiting = waiting or Waiting()
    stuck = stuck or {}
    aged = sum(number for (_state, cause), number in stuck.items() if cause == Cause.AGE)
    causes: dict[str, int] = {}
    for (_state, cause), number in stuck.items():
        causes[cause] = causes.get(cause, 0) + number
    return replace(
        facts,
        waiting=waiting.count,
        oldest_waiting_at=waiting.oldest,
        late=waiting.late,
        stuck=sum(stuck.values()) - aged,
        aged=aged,
        causes=causes,
    )


def _waiting(which: Q) -> dict[int | None, Waiting]:
    """What is on its way; an update that has arrived only waits for its number."""
    rows = (
        Delivery.objects.filter(which, state__in=WAKING)
        .exclude(state=Delivery.State.PENDING, update__isnull=False)
        .order_by()
        .values_list("connection_id", "cause")
        .annotate(count=Count("pk"), oldest=Min("created"))
    )
    found: dict[int | None, Waiting] = {}
    for connection_id, cause, count, oldest in rows:
        known = found.get(connection_id, Waiting())
        moments = [moment for moment in (known.oldest, oldest) if moment is not None]
        late = {**known.late, cause: count} if cause else known.late
        found[connection_id] = Waiting(known.count + count, min(moments, default=None), late)
    return found


def _stuck(which: Q) -> dict[int | None, dict[tuple[str, str], int]]:
    rows = (
        Delivery.objects.filter(which, state__in=STUCK)
        .order_by()
        .values_list("connection_id", "state", "cause")
        .annotate(count=Count("pk"))
    )
    found: dict[int | None, dict[tuple[str, str], int]] = {}
    for connection_id, state, cause, count in rows:
        found.setdefault(connection_id, {})[state, cause] = count
    return found


def _fetching(connections: dict[int, Connection]) -> dict[int, list[Fetching]]:
    cursors = Cursor.objects.filter(_among(connections)).order_by("-what")
    wanted = [row for row in cursors if _is_wanted(connections.get(row.connection_id), row.what)]
    errors = _last_errors([row.connection_id for row in wanted if row.failures])
    found: dict[int, list[Fetching]] = {}
    for row in wanted:
        connection = connections[row.connection_id]
        one = Fetching(
            what=row.what,
            interval=timedelta(seconds=connection.poll_seconds),
            read_to=row.position,
            next_at=row.next_poll_at,
            # A poll reads up to its own moment, so that is when it worked last.
            last_success_at=row.position,
            since=connection.created,
            failures=row.failures,
            last_error=errors.get((row.connection_id, row.what), ""),
        )
        found.setdefault(row.connection_id, []).append(one)
    return found


def _is_wanted(connection: Connection | None, what: str) -> bool:
    if connection is None:
        return False
    return connection.fetches_updates if what == What.UPDATES else connection.fetches_reports


def _among(connections: Collection[int]) -> Q:
    """Rows of some connections; of many, naming each costs more than reading the others too."""
    if len(connections) > NAMED_AT_MOST:
        return Q(connection__isnull=False)
    return Q(connection__in=list(connections))


def _set_aside(ids: list[int], body_ids: Collection[int] | None) -> dict[int, tuple[int, int]]:
    """What needs a person, and what of late is about reports that are not known here."""
    is_unknown = Q(reason=SetAside.Reason.UNKNOWN_REPORT)
    is_late = Q(created__gt=clock.now() - UNKNOWN_OF_LATE)
    rows = SetAside.objects.filter(_among(ids), settled_at=None)
    rows = rows.filter(Q(reason__in=_WRONG) | (is_unknown & is_late))
    if body_ids is not None:
        rows = rows.filter(body__in=list(body_ids))
    counted = (
        rows.order_by()
        .values("connection_id")
        .annotate(wrong=Count("pk", filter=~is_unknown), unknown=Count("pk", filter=is_unknown))
    )
    return {row["connection_id"]: (row["wrong"], row["unknown"]) for row in counted}


def _proposals(body_ids: Collection[int] | None) -> dict[int, int]:
    """Service lists that wait for a person, by the connection they were fetched through."""
    way = Coalesce("body__fetching_connection", "body__sending_connection")
    rows = ServiceProposal.objects.filter(state=ServiceProposal.State.WAITING).annotate(way=way)
    if body_ids is not None:
        rows = rows.filter(body__in=list(body_ids))
    counted = rows.order_by().values("way").annotate(count=Count("pk"))
    return {row["way"]: row["count"] for row in counted}


def _bodies(ids: list[int], body_ids: Collection[int] | None) -> dict[int, list[tuple[int, str]]]:
    own = "" if body_ids is None else "AND b.id = ANY(%(bodies)s)"
    found: dict[int, list[tuple[int, str]]] = {}
    for connection_id, body_id, name in _rows(
        f"""
        WITH used AS (
            SELECT sending_connection_id AS way, id FROM bodies_body
            UNION SELECT fetching_connection_id, id FROM bodies_body
            UNION SELECT k.connection_id, k.body_id FROM bodies_category k
                JOIN bodies_body d ON d.id = k.body_id AND d.can_be_devolved
                WHERE k.connection_id IS NOT NULL
        )
        SELECT used.way, b.id, b.name FROM used JOIN bodies_body b ON b.id = used.id
        WHERE used.way = ANY(%(ids)s) AND NOT b.is_deleted {own}
        ORDER BY used.way, b.name
        """,  # noqa: S608 - no value stands in it
        ids=ids,
        bodies=list(body_ids or ()),
    ):
        found.setdefault(connection_id, []).append((body_id, name))
    return found


def _deviations(ids: list[int]) -> dict[int, list[tuple[str, str, int]]]:
    found: dict[int, list[tuple[str, str, int]]] = {}
    for connection_id, code, words, count in _rows(
        """
        SELECT c.id, d->>'code', min(d->>'message'), sum((d->>'count')::bigint)
        FROM unnest(%(ids)s::bigint[]) AS c(id),
            LATERAL (
                SELECT deviations FROM sync_pollrun WHERE connection_id = c.id
                ORDER BY started_at DESC LIMIT %(most)s
            ) AS run,
            LATERAL jsonb_array_elements(run.deviations) AS d
        GROUP BY 1, 2 ORDER BY 1, 4 DESC
        """,
        ids=ids,
        most=LATEST_RUNS,
    ):
        found.setdefault(connection_id, []).append((code or "", words or "", int(count or 0)))
    return found


def _last_errors(ids: list[int]) -> dict[tuple[int, str], str]:
    rows = _rows(
        """
        SELECT c.id, run.what, run.error FROM unnest(%(ids)s::bigint[]) AS c(id),
            LATERAL (
                SELECT DISTINCT ON (what) what, error FROM (
                    SELECT what, error, started_at FROM sync_pollrun WHERE connection_id = c.id
                    ORDER BY started_at DESC LIMIT %(most)s
                ) AS latest ORDER BY what, started_at DESC
            ) AS run
        """,
        ids=sorted(set(ids)),
        most=LATEST_RUNS,
    )
    return {(connection_id, what): error for connection_id, what, error in rows}


def _calls(ids: list[int]) -> dict[int, tuple[float | None, float | None]]:
    """The middle of the last calls' times, and of how far the other side's clock is ahead."""
    rows = _rows(
        """
        SELECT c.id, percentile_cont(0.5) WITHIN GROUP (ORDER BY call.seconds),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY call.clock_ahead)
        FROM unnest(%(ids)s::bigint[]) AS c(id),
            LATERAL (
                SELECT seconds, clock_ahead FROM connections_exchange WHERE connection_id = c.id
                ORDER BY at DESC LIMIT %(most)s
            ) AS call
        GROUP BY 1
        """,
        ids=ids,
        most=LATEST_CALLS,
    )
    return {connection_id: (seconds, ahead) for connection_id, seconds, ahead in rows}


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    if not values["ids"]:
        return []
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
