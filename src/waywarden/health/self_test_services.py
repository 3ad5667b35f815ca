"""Runs the conformance kit on a connection's endpoint, and keeps what it found."""

import logging

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from waywarden.connections.models import Connection
from waywarden.connections.services import open_backend, secrets_of
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.health.models import SelfTest
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.text import shorten, without_control_characters
from waywarden.open311.conformance import report, runner
from waywarden.open311.conformance.target import Target
from waywarden.sync.rows import plain_cleaned

log = logging.getLogger(__name__)

#: Kinds whose endpoint the kit can judge.
JUDGED = frozenset({"open311"})
#: Tests that are kept of a connection.
KEPT = 20


def ask(connection_id: int, *, by: Actor = NOBODY) -> SelfTest:
    """Asks for a test; the queue runs it. Raises RuleBroken while one runs, or for other kinds."""
    connection = Connection.objects.get(pk=connection_id)
    if connection.kind not in JUDGED:
        raise RuleBroken(_("Only an Open311 server can be tested like this."))
    try:
        with transaction.atomic():
            test = SelfTest.objects.create(connection=connection, asked_at=clock.now())
            data = {"connection": connection_id}
            record(Fact("self_test.asked", "self_test", test.pk, actor=by, data=data))
    except IntegrityError as error:
        raise RuleBroken(_("A test of this connection is running already.")) from error
    old = SelfTest.objects.filter(connection=connection).order_by("-id")[KEPT:]
    SelfTest.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    return test


def run(self_test_id: int) -> None:
    """Runs a test that was asked for; one that was cut off is run again. Posts no report."""
    test = SelfTest.objects.filter(pk=self_test_id, finished_at=None).first()
    if test is None:
        return
    SelfTest.objects.filter(pk=test.pk).update(started_at=clock.now())
    found, error = {}, ""
    try:
        found = report.as_plain(runner.run(_target(test.connection)), level=1)
    except WaywardenError as wrong:
        error = shorten(without_control_characters(str(wrong)), 500)
    except Exception:  # a test that never ended would keep every other of the connection away
        log.exception("the test of connection %d failed", test.connection_id)
        error = _("The test itself failed, by what came or by a fault of ours; see the log.")
    SelfTest.objects.filter(pk=test.pk, finished_at=None).update(
        finished_at=clock.now(), found=plain_cleaned(found), error=error
    )


def _target(connection: Connection) -> Target:
    """The endpoint as the connection calls it: its way out, its key. Raises Misconfigured."""
    backend = open_backend(connection).backend
    return Target(
        str(connection.options.get("endpoint", "")),
        way=backend.way,
        jurisdiction_id=str(connection.options.get("jurisdiction", "")),
        api_key=secrets_of(connection).get("api_key", ""),
    )
