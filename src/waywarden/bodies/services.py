"""Writes to bodies that are more than a form's own: which connection a body sends by."""

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.models import Body
from waywarden.bodies.queries import METHOD_CHANGED
from waywarden.connections.models import Connection
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.kernel.errors import RuleBroken


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


def go_live(body_id: int, *, by: Actor = NOBODY) -> Connection:
    """The connection in shadow takes over sending from now on; that connection.

    What is on its way already goes on by the one before, so nothing goes twice. Raises RuleBroken
    when nothing is in shadow.
    """
    with transaction.atomic():
        body = Body.objects.select_for_update().get(pk=body_id)
        live = body.shadow_connection
        if live is None:
            raise RuleBroken(_("This body has no connection in shadow."))
        body.shadow_connection = None
        body.save(update_fields=["shadow_connection"])
        choose_connection(body, live, by=by)
    return live
