"""Writes to bodies that are more than a form's own: which connection a body sends by."""

from django.db import transaction

from waywarden.bodies.models import Body
from waywarden.bodies.queries import METHOD_CHANGED
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY, Actor, Fact, record


def choose_connection(body: Body, connection: Connection | None, *, by: Actor = NOBODY) -> None:
    """Lets a body send by a connection, None for plain e-mail; the one before is kept as it is."""
    before = body.sending_connection
    with transaction.atomic():
        body.sending_connection = connection
        body.save(update_fields=["sending_connection"])
        if before != connection:
            data = {
                "from": before.pk if before else None,
                "to": connection.pk if connection else None,
            }
            record(Fact(METHOD_CHANGED, "body", body.pk, actor=by, data=data))
