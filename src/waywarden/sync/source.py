"""Where rows come from: a connection, opened, and the bodies it speaks for."""

from dataclasses import dataclass

from django.db.models import QuerySet

from waywarden.backends.contract import Backend
from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.reports.fetched_services import Credit
from waywarden.sync.models import SetAside, What


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from: the connection, its back-end, and the bodies it speaks for.

    Without a connection: one body that is sent to by e-mail, and pushes.
    """

    connection: Connection | None
    backend: Backend
    bodies: tuple[Body, ...]

    @property
    def body_ids(self) -> tuple[int, ...]:
        """The bodies' ids."""
        return tuple(body.pk for body in self.bodies)

    @property
    def credit(self) -> Credit:
        """Whom what is taken in is credited to."""
        if self.connection is None:
            return Credit(connection_id=None, sent_by="push", user_id=None)
        return Credit(
            connection_id=self.connection.pk,
            sent_by=self.connection.kind,
            user_id=self.connection.update_user_id,
            suppresses_alerts=self.connection.suppresses_alerts,
        )

    @property
    def permits_blank_updates(self) -> bool:
        """Whether an update without text is no deviation."""
        return self.connection is not None and self.connection.permits_blank_updates

    def asides(self, what: What) -> QuerySet[SetAside]:
        """Every row that was ever set aside for it."""
        rows = SetAside.objects.filter(what=what)
        if self.connection is None:
            return rows.filter(connection=None, body__in=self.body_ids)
        # One that is only tried has no row yet.
        return rows.filter(connection=self.connection.pk) if self.connection.pk else rows.none()

    def __str__(self) -> str:
        """For the log."""
        if self.connection is None:
            return f"pushes of body {self.body_ids[0]}"
        return f"connection {self.connection.pk}"
