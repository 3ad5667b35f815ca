"""Plug-ins that always fail, and that raise anything at all: the engine and the others go on."""

import pytest

from waywarden.backends import registry
from waywarden.backends.contract import Accepted, Backend, Capability
from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater
from waywarden.sending import services
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

State = Delivery.State
pytestmark = pytest.mark.django_db


class AlwaysFails(Backend):
    kind = "always_fails"
    label = "Always fails"
    capabilities = frozenset({Capability.SENDS_REPORTS})

    def send_report(self, report, notebook):
        notebook["tries"] = str(int(notebook.get("tries", "0")) + 1)
        raise TryLater("Not today.")


class RaisesAnything(Backend):
    kind = "raises_anything"
    label = "Raises anything"
    capabilities = frozenset({Capability.SENDS_REPORTS, Capability.LOOKS_UP})
    raising: Exception = KeyError("a bug")

    def send_report(self, report, notebook):
        raise self.raising

    def look_up(self, report, since):
        raise self.raising


class Fickle(Backend):
    """Its first remote step works and its second does not, once."""

    kind = "fickle"
    label = "Fickle"
    capabilities = frozenset({Capability.SENDS_REPORTS})
    steps: list[str] = []

    def send_report(self, report, notebook):
        if "case" not in notebook:
            self.steps.append("case")
            notebook["case"] = "77"
            raise TryLater("The second step failed.")
        self.steps.append("details")
        return Accepted(external_id=notebook["case"])


class Garbled(Backend):
    """Gives on what no table can keep."""

    kind = "garbled"
    label = "Garbled"
    capabilities = frozenset({Capability.SENDS_REPORTS})

    def send_report(self, report, notebook):
        notebook["step\x00"] = "done\ud800"
        return Accepted(external_id="47\x0011\ud800")


@pytest.fixture
def by(town, monkeypatch):
    """Gives the council's potholes a connection of an odd kind."""
    kinds = dict(registry.backend_classes())
    kinds |= {one.kind: one for one in (AlwaysFails, RaisesAnything, Fickle, Garbled)}
    monkeypatch.setattr(registry, "backend_classes", lambda: kinds)

    def odd(kind, **values):
        connection = Connection.objects.create(name=kind, kind=kind, lanes=1, **values)
        Category.objects.filter(pk=town.potholes.pk).update(connection=connection)
        town.potholes.refresh_from_db()
        return Lane(connection.pk, 0)

    return odd


def test_one_that_always_fails_waits_with_growing_pauses_and_keeps_its_notebook(town, by):
    lane = by("always_fails")
    report = town.report()

    for tries in (1, 2, 3):
        Delivery.objects.update(due_at=clock.now())
        drain(lane)
        delivery = town.delivery(report)
        assert (delivery.state, delivery.attempts) == (State.WAITING, tries)
        assert delivery.notebook == {"tries": str(tries)}


def test_the_connections_own_pauses_count(town, by):
    lane = by("always_fails", retry_minutes=[90])
    report = town.report()

    before = clock.now()
    drain(lane)

    wait = (town.delivery(report).due_at - before).total_seconds() / 60
    assert 90 <= wait < 100


@pytest.mark.parametrize(
    "error",
    [KeyError("bug"), RuntimeError(""), UnicodeDecodeError("utf-8", b"", 0, 1, "x"), OSError()],
)
def test_one_that_raises_anything_may_have_sent_it_and_the_words_are_for_people(
    town, by, fake, monkeypatch, error
):
    lane = by("raises_anything")
    monkeypatch.setattr(RaisesAnything, "raising", error)
    report = town.report()
    other = town.report(town.trees)

    drain(lane)
    drain(Lane(town.connection.pk, 0))

    delivery = town.delivery(report)
    assert (delivery.state, delivery.reason) == (
        State.UNKNOWN,
        "The send method has a fault; see the log.",
    )
    assert town.delivery(other).state == State.SENT


def test_what_no_table_can_keep_is_left_out_and_stops_nothing(town, by):
    lane = by("garbled")
    report = town.report()

    drain(lane)

    assert town.row(report).external_id == "4711"
    assert town.delivery(report).notebook == {"step": "done"}


def test_a_remote_step_that_worked_is_not_repeated(town, by):
    Fickle.steps.clear()
    lane = by("fickle")
    report = town.report()

    drain(lane)
    Delivery.objects.update(due_at=clock.now())
    drain(lane)

    assert Fickle.steps == ["case", "details"]
    assert town.row(report).external_id == "77"


def test_what_is_kept_here_is_not_said_to_be_sent(town):
    town.council.sending_connection = Connection.objects.create(name="Here", kind="noop", lanes=1)
    town.council.save()
    town.potholes.refresh_from_db()
    report = town.report()

    drain(Lane(town.council.sending_connection_id, 0))

    assert town.delivery(report).state == State.SENT
    assert town.row(report).sent_at is None


def test_a_body_that_takes_none_is_planned_nothing(town):
    town.council.sending_connection = Connection.objects.create(
        name="Nobody", kind="refuse", options={"reason": "Ring us."}
    )
    town.council.save()
    town.potholes.refresh_from_db()

    report = town.report()

    assert not report.deliveries.exists()
    assert services.plan_reports([report.pk]) == frozenset()
