"""What a drain makes of answers that are none, and of systems that are down."""

import time
from datetime import timedelta

import pytest
import time_machine

from waywarden.connections import services as connections
from waywarden.connections.models import Circuit, Connection
from waywarden.connections.services import set_secrets
from waywarden.kernel import clock
from waywarden.sending.drain import drain
from waywarden.sending.models import Delivery
from waywarden.sending.queries import is_report_held, lanes_due

State = Delivery.State


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("switch", ["lost_reply", "garbage"])
def test_a_lost_answer_is_looked_up_and_adopted(town, fake, lane, switch):
    fake.switches.forgets_key = True
    setattr(fake.switches, switch, True)
    report = town.report()

    next_due = drain(lane)

    assert town.state_of(report) == State.UNKNOWN
    assert next_due > clock.now()
    setattr(fake.switches, switch, False)
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.SENT
    assert town.row(report).external_id == "4711"
    assert len(fake.memory.requests) == 1


def test_a_slow_answer_may_have_arrived_and_is_found(town, fake, lane):
    fake.switches.forgets_key = True
    town.connection.options["timeout_seconds"] = 1
    town.connection.save()
    fake.switches.slow = 1.4
    report = town.report()

    drain(lane)
    assert town.state_of(report) == State.UNKNOWN

    fake.switches.slow = 0
    while not fake.memory.requests:
        time.sleep(0.01)
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.SENT
    assert len(fake.memory.requests) == 1


def test_a_login_page_is_no_answer_and_the_report_is_sent_again(town, fake, lane):
    fake.switches.html = True
    report = town.report()

    drain(lane)
    assert town.state_of(report) == State.UNKNOWN

    town.due_now()
    drain(lane)  # the list answers the login page, too: nobody knows, nothing is posted
    assert town.state_of(report) == State.UNKNOWN
    assert fake.memory.requests == {}

    fake.switches.html = False
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.SENT
    assert len(fake.memory.requests) == 1


@pytest.mark.parametrize(
    ("on_unknown", "state", "requests"), [("look_up", State.SENT, 1), ("hold", State.HELD, 1)]
)
def test_without_a_list_the_connection_says_what_to_do(
    town, fake, lane, on_unknown, state, requests
):
    Connection.objects.update(on_unknown=on_unknown)
    fake.switches.lists_nothing = True
    fake.switches.lost_reply = True
    report = town.report()
    drain(lane)

    fake.switches.lost_reply = False
    town.due_now()
    drain(lane)

    assert town.state_of(report) == state
    assert len(fake.memory.requests) == requests  # posted again with the same key


def test_what_may_have_arrived_stays_so_when_a_further_try_did_not_go_out(town, fake, lane):
    fake.switches.forgets_key = True
    fake.switches.lists_nothing = True
    fake.switches.lost_reply = True
    report = town.report()
    drain(lane)

    fake.switches.lost_reply = False
    fake.switches.refuses = 503
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.UNKNOWN
    assert not is_report_held(report)

    fake.switches.refuses = 0
    fake.switches.lists_nothing = False
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.SENT
    assert len(fake.memory.requests) == 1


def test_a_server_that_is_down_is_tried_later(town, fake, lane):
    fake.switches.down = True
    report = town.report()

    next_due = drain(lane)

    delivery = town.delivery(report)
    assert (delivery.state, delivery.cause, delivery.attempts) == (State.WAITING, "try_later", 1)
    assert "503" in delivery.reason
    assert next_due == delivery.due_at
    fake.switches.down = False
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.SENT


def test_five_failures_in_a_row_open_the_circuit_and_the_others_burn_nothing(town, fake, lane):
    Connection.objects.update(calls_at_once=1)
    fake.switches.down = True
    for _ in range(8):
        town.report()

    come_back = drain(lane)

    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0] * 3 + [1] * 5
    circuit = Circuit.objects.get()
    assert come_back == circuit.probe_at
    assert lanes_due(clock.now()) == frozenset()
    posts = len(fake.memory.calls)
    assert drain(lane) == circuit.probe_at
    assert len(fake.memory.calls) == posts

    with time_machine.travel(circuit.probe_at + timedelta(seconds=1), tick=True):
        drain(lane)
        assert len(fake.memory.calls) == posts + 1  # one probe
        fake.switches.down = False
        Circuit.objects.update(probe_at=clock.now())
        town.due_now()
        assert drain(lane) is None
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert Circuit.objects.get().opened_at is None


def test_calls_made_ready_ahead_are_not_made_once_the_system_fails(town, fake, lane):
    Connection.objects.update(calls_at_once=2)
    fake.switches.down = True
    for _ in range(40):
        town.report()

    drain(lane)

    calls = len(fake.memory.calls)
    assert 5 <= calls <= 7  # five in a row open the circuit; two are out at once
    assert Delivery.objects.filter(attempts__gt=0).count() == calls
    assert not Delivery.objects.filter(state=State.SENDING).exists()


def test_a_wrong_key_pauses_the_connection_and_the_deliveries_burn_nothing(town, fake, lane):
    set_secrets(town.connection, {"api_key": "another"})
    town.connection.save()
    reports = [town.report() for _ in range(3)]

    drain(lane)

    town.connection.refresh_from_db()
    assert town.connection.is_paused
    assert "403" in town.connection.pause_reason
    for report in reports:
        delivery = town.delivery(report)
        assert (delivery.state, delivery.attempts) == (State.QUEUED, 0)
        assert delivery.first_attempt_at is None or delivery.cause != "misconfigured"

    set_secrets(town.connection, {"api_key": "k3y-of-ours"})
    town.connection.save()
    connections.resume(town.connection.pk)
    drain(lane)
    assert {town.state_of(report) for report in reports} == {State.SENT}


def test_options_that_cannot_work_pause_the_connection(town, lane):
    report = town.report()
    Connection.objects.update(options={"endpoint": "nowhere"})

    assert drain(lane) is None

    assert Connection.objects.get().is_paused
    assert "endpoint" in Connection.objects.get().pause_reason
    assert (town.state_of(report), town.delivery(report).attempts) == (State.QUEUED, 0)


def test_a_400_is_believed_after_three_tries_over_a_day(town, fake, lane, facts):
    fake.switches.refuses = 400
    report = town.report()

    for number in (1, 2, 3):
        town.due_now()
        drain(lane)
        assert town.delivery(report).refusals == number

    delivery = town.delivery(report)
    assert delivery.state == State.REFUSED
    assert "We do not take this." in delivery.reason
    assert fake.memory.requests == {}
    assert facts("delivery.refused")[0].subject_id == delivery.pk


def test_a_service_that_is_gone_is_refused_at_once(town, lane):
    town.potholes.service_code = "GONE"
    town.potholes.save()
    report = town.report()

    drain(lane)

    delivery = town.delivery(report)
    assert delivery.state == State.REFUSED
    assert "service_code is not known" in delivery.reason


def test_already_exists_is_accepted_and_its_number_looked_up(town, fake, lane):
    town.connection.options["already_exists"] = "already exists"
    town.connection.save()
    fake.switches.forgets_key = True
    fake.switches.lost_reply = True
    report = town.report()
    drain(lane)
    fake.switches.lost_reply = False
    fake.switches.already_exists = True
    Delivery.objects.update(state=State.QUEUED, due_at=clock.now())  # as if nobody had noticed

    drain(lane)

    assert town.state_of(report) == State.SENT
    assert town.row(report).external_id == "4711"
