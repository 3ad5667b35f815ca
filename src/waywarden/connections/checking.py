"""Asks a connection's back-end something harmless, and says in words what came of it."""

from dataclasses import dataclass

from waywarden.connections.models import Connection
from waywarden.connections.services import default_email_backend, keep_exchanges, open_backend
from waywarden.kernel.errors import WaywardenError


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found; nothing found is good."""

    label: str
    findings: tuple[str, ...]


def check(connection: Connection | None) -> Checked:
    """Checks a connection, stored or not; None is plain e-mail. Never inside a transaction.

    The exchanges of a stored connection are kept, as of any call.
    """
    if connection is None:
        return Checked(label=default_email_backend().label, findings=())
    try:
        opened = open_backend(connection)
    except WaywardenError as error:
        return Checked(label=connection.kind, findings=(str(error),))
    try:
        findings = opened.backend.check()
    except WaywardenError as error:
        findings = (str(error),)
    if connection.pk is not None:
        keep_exchanges(opened, subject_kind="check")
    return Checked(label=opened.backend.label, findings=findings)
