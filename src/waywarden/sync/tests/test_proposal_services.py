"""A service list that waits for a person, and the clock that looks at lists."""

from datetime import timedelta

import pytest

from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, TryLater
from waywarden.open311.types import Attribute, AttributeValue, Service, ServiceDefinition
from waywarden.sync import proposal_services, watch_services
from waywarden.sync.models import ServiceProposal, ServiceWatch
from waywarden.sync.service_lists import sync_services
from waywarden.sync.tests.conftest import make_body

pytestmark = pytest.mark.django_db

POT, LAMP, TREE = Service("POT", "Potholes"), Service("LMP", "Lamps"), Service("TRE", "Trees")
STATE = ServiceProposal.State


@pytest.fixture
def listing(system):
    system.services = [POT, LAMP, TREE]
    return system


@pytest.fixture
def waiting(listing, body):
    """A list that lost two of three services, and waits."""
    sync_services(body)
    listing.services = [TREE]
    sync_services(body)
    return ServiceProposal.objects.get(state=STATE.WAITING)


def test_a_list_that_loses_much_is_kept_for_a_person(waiting, body):
    assert waiting.reason == "The list has lost 2 of 3 services."
    proposal = proposal_services.proposal_of(waiting)
    assert [gone.name for gone in proposal.gone] == ["Potholes", "Lamps"]
    fact = Event.objects.get(kind="services.proposed")
    assert (fact.subject_id, fact.data["proposal"]) == (body.pk, waiting.pk)


def test_applying_it_puts_out_of_use_and_deletes_nothing(waiting):
    proposal_services.decide(waiting, is_agreed=True, user_id=7)
    states = dict(Category.objects.values_list("service_code", "state"))
    assert states == {"POT": "inactive", "LMP": "inactive", "TRE": "confirmed"}
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == (STATE.APPLIED, 7)
    assert Event.objects.filter(kind="services.synced", actor_id=7).count() == 1


def test_refusing_it_changes_nothing_and_the_same_list_does_not_come_again(waiting, body):
    proposal_services.decide(waiting, is_agreed=False, user_id=7, note="Their test server.")
    assert set(Category.objects.values_list("state", flat=True)) == {"confirmed"}
    sync_services(body)
    assert not ServiceProposal.objects.filter(state=STATE.WAITING).exists()
    fact = Event.objects.get(kind="services.refused")
    assert (fact.actor_id, fact.data["note"]) == (7, "Their test server.")


def test_the_same_list_waits_once_and_another_overtakes_it(waiting, body, listing):
    sync_services(body)
    assert ServiceProposal.objects.count() == 1
    listing.services = []
    sync_services(body)
    states = dict(ServiceProposal.objects.values_list("reason", "state"))
    assert states == {
        "The list has lost 2 of 3 services.": STATE.OVERTAKEN,
        "The list is empty.": STATE.WAITING,
    }


def test_a_list_that_is_whole_again_overtakes_what_waited(waiting, body, listing):
    listing.services = [POT, LAMP, TREE]
    sync_services(body)
    waiting.refresh_from_db()
    assert waiting.state == STATE.OVERTAKEN


def test_it_is_decided_once(waiting):
    proposal_services.decide(waiting, is_agreed=False, user_id=7)
    with pytest.raises(RuleBroken, match="decided already"):
        proposal_services.decide(waiting, is_agreed=True, user_id=8)
    assert set(Category.objects.values_list("state", flat=True)) == {"confirmed"}


def test_what_is_applied_is_the_list_on_the_categories_as_they_are_by_then(waiting, body):
    Category.objects.filter(service_code="POT").update(protected_fields=["state"])
    proposal_services.decide(waiting, is_agreed=True, user_id=7)
    assert Category.objects.get(service_code="POT").state == "confirmed"
    assert Category.objects.get(service_code="LMP").state == "inactive"


def test_a_body_has_its_own_proposals(waiting, connection):
    other = make_body(name="Borchester District Council", connection=connection)
    sync_services(other)
    assert not ServiceProposal.objects.filter(body=other).exists()
    assert Category.objects.filter(body=other).count() == 1


def test_a_list_of_5_000_services_takes_a_few_statements(
    listing, body, django_assert_max_num_queries
):
    """First all new, then all changed: neither asks once for each."""
    values = (AttributeValue("s", "Small"), AttributeValue("l", "Large"))
    question = Attribute("size", order=1, datatype="singlevaluelist", values=values)
    listing.services = [
        Service(f"S{number}", f"Service {number}", metadata=number < 50) for number in range(5000)
    ]
    listing.definitions = {
        f"S{number}": ServiceDefinition(f"S{number}", (question,)) for number in range(50)
    }
    with django_assert_max_num_queries(40):
        assert sync_services(body).is_applied
    assert Category.objects.count() == 5000
    listing.services = [
        Service(one.service_code, one.service_name, metadata=one.metadata, group="Streets")
        for one in listing.services
    ]
    with django_assert_max_num_queries(60):
        assert sync_services(body, is_agreed=True).is_applied
    assert Category.objects.filter(groups=["Streets"]).count() == 5000


@pytest.fixture
def watch(listing, body, connection, monkeypatch):
    """The body's list is looked at by the clock."""
    monkeypatch.setattr(watch_services, "backend_classes", lambda: {"memory": listing})
    watch_services.ensure_watches()
    return ServiceWatch.objects.get(body=body)


def test_every_body_whose_connection_lists_services_is_looked_at(watch, body):
    other = Connection.objects.create(name="Mail", kind="email")
    make_body(name="Borchester District Council", connection=other)
    assert watch_services.ensure_watches() == 0
    assert [one.body for one in ServiceWatch.objects.all()] == [body]


def test_a_look_fetches_once_a_day_and_when_the_server_announces_a_change(
    watch, body, listing, monkeypatch
):
    versions = ["1", "1", "2", "2"]
    monkeypatch.setattr(listing, "list_version", lambda _self: versions.pop(0))
    assert watch_services.look(body.pk)
    assert Category.objects.count() == 3
    assert not watch_services.look(body.pk), "nothing has changed"
    assert watch_services.look(body.pk), "the changeset has"
    ServiceWatch.objects.update(listed_at=clock.now() - timedelta(hours=25))
    assert watch_services.look(body.pk), "a day is over"
    watch.refresh_from_db()
    assert watch.version == "2"
    assert watch.next_look_at > clock.now() + timedelta(minutes=50)


def test_a_look_that_fails_is_written_down_and_comes_again(watch, body, listing):
    listing.services = [TryLater("The server answered 503.")]
    assert not watch_services.look(body.pk)
    watch.refresh_from_db()
    assert watch.error == "The server answered 503."
    assert watch.listed_at is None
    listing.services = [POT]
    assert watch_services.look(body.pk)
    watch.refresh_from_db()
    assert watch.error == ""


def test_what_is_due_is_claimed_once_and_what_is_switched_off_is_not(watch, body):
    ServiceWatch.objects.update(next_look_at=clock.now())
    assert watch_services.claim_due(clock.now()) == [body.pk]
    assert watch_services.claim_due(clock.now()) == []
    watch_services.watch(body, is_on=False)
    ServiceWatch.objects.update(next_look_at=clock.now())
    assert watch_services.claim_due(clock.now()) == []
