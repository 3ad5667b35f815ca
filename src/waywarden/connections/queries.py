"""Reading connections."""

from datetime import datetime

from django.db.models import Q, QuerySet

from waywarden.connections.models import Circuit, Connection, Exchange


def is_circuit_open(connection_id: int, *, now: datetime) -> bool:
    """Whether calls over this connection wait for a probe; False once a probe is due."""
    probe_at = probe_due_at(connection_id)
    return probe_at is not None and probe_at > now


def probe_due_at(connection_id: int) -> datetime | None:
    """When an open circuit allows its next probe; None while the circuit is closed."""
    circuit = Circuit.objects.filter(connection_id=connection_id, opened_at__isnull=False).first()
    return circuit.probe_at if circuit else None


def failures_in_a_row(connection_id: int) -> int:
    """How often the connection has failed since it last worked."""
    circuit = Circuit.objects.filter(connection_id=connection_id).first()
    return circuit.failures if circuit else 0


def closed_to_calls(now: datetime) -> QuerySet[Connection]:
    """Connections that nothing is sent over just now: paused, or an open circuit without probe."""
    waits = Q(circuit__opened_at__isnull=False, circuit__probe_at__gt=now)
    return Connection.objects.filter(Q(is_paused=True) | waits)


def latest_by_email(most: int) -> QuerySet[Exchange]:
    """The last mails without a connection, newest first."""
    return Exchange.objects.filter(connection=None).order_by("-at")[:most]


def exchanges_of(subject_kind: str, subject_id: int) -> QuerySet[Exchange]:
    """What was said about one thing, newest first."""
    found = Exchange.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    return found.order_by("-at", "-id")
