"""Deliveries against a real server on loopback: nothing lost, nothing twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connections as databases

from waywarden.bodies.models import Body
from waywarden.connections import services as connections
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.connections.services import set_secrets
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.sending import services
from waywarden.sending.claim_services import claim
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.queries import lanes_due

State = Delivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def lane(town) -> Lane:
    """The council's one lane."""
    return Lane(town.connection.pk, 0)


def due_now():
    """Lets the time come for all that waits."""
    Delivery.objects.update(due_at=clock.now())


def state_of(town, report, update=None):
    return town.delivery(report, update).state


def test_a_report_goes_to_the_server_and_its_number_comes_back(town, fake, lane, facts):
    report = town.report()

    assert drain(lane) is None

    delivery = town.delivery(report)
    assert (delivery.state, delivery.external_id, delivery.attempts) == (State.SENT, "4711", 1)
    row = town.row(report)
    assert (row.external_id, row.sent_by) == ("4711", "open311")
    assert row.sent_at is not None
    sent = fake.memory.requests["4711"].new
    assert sent.service_code == "POT"
    assert sent.attributes["fixmystreet_id"] == (str(report.pk),)
    assert [fact.data["external_id"] for fact in facts("report.sent")] == ["4711"]


def test_what_was_said_is_kept_and_the_key_is_not(town, lane):
    report = town.report()

    drain(lane)

    kept = Exchange.objects.get(subject_kind="delivery", subject_id=town.delivery(report).pk)
    assert (kept.method, kept.status) == ("POST", 200)
    assert "Deep pothole" in kept.request
    assert "4711" in kept.response
    assert "k3y-of-ours" not in kept.request + kept.url + kept.response


def test_a_devolved_category_goes_by_mail_while_its_body_is_open311(town, fake):
    report = town.report(town.lights, lat=51.5, nearest_address="12 High Street")

    drain(Lane(None, report.pk % 2))

    assert state_of(town, report) == State.SENT
    assert (town.row(report).sent_by, town.row(report).external_id) == ("email", "")
    assert [message.to for message in mail.outbox] == [["lights@example.org"]]
    assert fake.memory.requests == {}


def test_many_reports_go_each_once_in_their_order(town, fake, lane):
    reports = [town.report(title=f"Pothole {number}") for number in range(30)]

    assert drain(lane) is None

    assert {state_of(town, report) for report in reports} == {State.SENT}
    sent = [kept.new.attributes["fixmystreet_id"][0] for kept in fake.memory.requests.values()]
    assert sorted(sent) == sorted(str(report.pk) for report in reports)
    assert len(set(ReportBody.objects.values_list("external_id", flat=True))) == 30


def test_an_update_follows_its_report(town, fake, lane):
    report = town.report()
    update = town.update(report)

    drain(lane)

    assert state_of(town, report, update) == State.SENT
    (told,) = fake.memory.updates_in
    assert (told.service_request_id, told.update_id) == ("4711", str(update.pk))
    assert (told.status, told.description) == ("OPEN", "It grows.")


def test_that_a_body_took_an_update_is_a_fact_with_the_bodys_id_of_it(town, fake, lane, facts):
    report = town.report()
    update = town.update(report)
    drain(lane)
    drain(lane)
    [fact] = facts("update.sent")
    assert fact.subject_id == update.pk
    assert fact.data["external_id"] == town.delivery(report, update).external_id != ""


@pytest.mark.parametrize("switch", ["lost_reply", "garbage"])
def test_a_lost_answer_is_looked_up_and_adopted(town, fake, lane, switch):
    fake.switches.forgets_key = True
    setattr(fake.switches, switch, True)
    report = town.report()

    next_due = drain(lane)

    assert state_of(town, report) == State.UNKNOWN
    assert next_due > clock.now()
    setattr(fake.switches, switch, False)
    due_now()
    drain(lane)
    assert state_of(town, report) == State.SENT
    assert town.row(report).external_id == "4711"
    assert len(fake.memory.requests) == 1


def test_a_slow_answer_may_have_arrived_and_is_found(town, fake, lane):
    fake.switches.forgets_key = True
    town.connection.options["timeout_seconds"] = 1
    town.connection.save()
    fake.switches.slow = 1.4
    report = town.report()

    drain(lane)
    assert state_of(town, report) == State.UNKNOWN

    fake.switches.slow = 0
    while not fake.memory.requests:
        time.sleep(0.01)
    due_now()
    drain(lane)
    assert state_of(town, report) == State.SENT
    assert len(fake.memory.requests) == 1


def test_a_login_page_is_no_answer_and_the_report_is_sent_again(town, fake, lane):
    fake.switches.html = True
    report = town.report()

    drain(lane)
    assert state_of(town, report) == State.UNKNOWN

    due_now()
    drain(lane)  # the list answers the login page, too: nobody knows, nothing is posted
    assert state_of(town, report) == State.UNKNOWN
    assert fake.memory.requests == {}

    fake.switches.html = False
    due_now()
    drain(lane)
    assert state_of(town, report) == State.SENT
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
    due_now()
    drain(lane)

    assert state_of(town, report) == state
    assert len(fake.memory.requests) == requests  # posted again with the same key


def test_a_server_that_is_down_is_tried_later(town, fake, lane):
    fake.switches.down = True
    report = town.report()

    next_due = drain(lane)

    delivery = town.delivery(report)
    assert (delivery.state, delivery.cause, delivery.attempts) == (State.WAITING, "try_later", 1)
    assert "503" in delivery.reason
    assert next_due == delivery.due_at
    fake.switches.down = False
    due_now()
    drain(lane)
    assert state_of(town, report) == State.SENT


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
        due_now()
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
    assert {state_of(town, report) for report in reports} == {State.SENT}


def test_options_that_cannot_work_pause_the_connection(town, lane):
    report = town.report()
    Connection.objects.update(options={"endpoint": "nowhere"})

    assert drain(lane) is None

    assert Connection.objects.get().is_paused
    assert "endpoint" in Connection.objects.get().pause_reason
    assert (state_of(town, report), town.delivery(report).attempts) == (State.QUEUED, 0)


def test_a_400_is_believed_after_three_tries_over_a_day(town, fake, lane, facts):
    fake.switches.refuses = 400
    report = town.report()

    for number in (1, 2, 3):
        due_now()
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


def test_a_token_is_asked_about_until_the_number_comes(town, fake, lane):
    fake.switches.token = True
    report = town.report()
    update = town.update(report)

    next_due = drain(lane)

    assert (state_of(town, report), town.delivery(report).token) == (State.PENDING, "T4711")
    assert next_due > clock.now()
    assert state_of(town, report, update) == State.QUEUED
    due_now()
    drain(lane)
    assert state_of(town, report) == State.PENDING
    fake.settle()
    due_now()
    drain(lane)
    assert town.row(report).external_id == "4711"
    assert state_of(town, report, update) == State.SENT
    assert len(fake.memory.requests) == 1


def test_the_token_of_an_update_is_asked_about_and_holds_nothing_up(town, fake, lane, facts):
    fake.switches.token_for_updates = True
    report = town.report()
    update, later = town.update(report), town.update(report)

    drain(lane)

    assert town.delivery(report, update).token == f"TU{update.pk}"
    assert [one.update_id for one in fake.memory.updates_in] == [str(update.pk), str(later.pk)]
    fake.settle()
    due_now()
    drain(lane)
    assert state_of(town, report, update) == state_of(town, report, later) == State.SENT
    assert {fact.data["external_id"] for fact in facts("update.sent")} == {
        f"U{update.pk}",
        f"U{later.pk}",
    }


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

    assert state_of(town, report) == State.SENT
    assert town.row(report).external_id == "4711"


def test_a_worker_that_died_between_leaves_evidence_and_nothing_goes_twice(town, fake, lane):
    fake.switches.forgets_key = True
    report = town.report()
    (claimed,) = claim(lane, limit=10)
    assert state_of(town, report) == State.SENDING
    with ThreadPoolExecutor(1) as other:  # the dead worker's call had arrived
        fake.switches.lost_reply = True
        step = _sent_by_a_dead_worker(claimed)
        other.submit(step).result()
    fake.switches.lost_reply = False
    assert drain(lane) is None
    assert services.recover() == frozenset()  # its claim still runs

    Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    assert services.recover() == {lane}
    assert state_of(town, report) == State.UNKNOWN
    drain(lane)

    assert state_of(town, report) == State.SENT
    assert town.row(report).external_id == "4711"
    assert len(fake.memory.requests) == 1


def _sent_by_a_dead_worker(claimed):
    from waywarden.connections.services import open_backend
    from waywarden.sending.outgoing import items_of
    from waywarden.sending.steps import Phase, Step, take

    item = items_of([claimed.delivery], with_mail=False)[claimed.delivery.pk]
    backend = open_backend(claimed.delivery.connection).backend
    step = Step(delivery_id=claimed.delivery.pk, phase=Phase.POST, item=item)
    return lambda: take(step, backend)


def test_a_worker_that_died_before_calling_is_made_up_for(town, fake, lane):
    report = town.report()
    claim(lane, limit=10)
    Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))

    services.recover()
    drain(lane)

    assert state_of(town, report) == State.SENT
    assert len(fake.memory.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_send_each_report_once(town, fake, lane):
    fake.switches.slow = 0.02
    for _ in range(24):
        town.report()

    def worker():
        try:
            drain(lane)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(worker) for _ in range(2)]:
            future.result()

    assert set(Delivery.objects.values_list("state", "attempts")) == {(State.SENT, 1)}
    assert len(fake.memory.requests) == 24
    assert [call[0] for call in fake.memory.calls] == ["POST"] * 24


def test_a_number_that_another_report_has_holds_the_delivery_with_a_reason(town, lane):
    other, report = town.report(plan=False), town.report()
    ReportBody.objects.filter(report=other).update(external_id="4711")

    drain(lane)

    delivery = town.delivery(report)
    assert (delivery.state, delivery.cause) == (State.HELD, "duplicate_id")
    assert "4711" in delivery.reason
    assert delivery.external_id == "4711"
    assert (town.row(report).external_id, town.row(other).external_id) == ("", "4711")


def test_another_bodys_row_is_not_touched(town, lane):
    other = Body.objects.create(name="Other", slug="other")
    report = town.report()
    theirs = ReportBody.objects.create(report=report, body=other, external_id="X1")

    drain(lane)

    theirs.refresh_from_db()
    assert (theirs.external_id, theirs.sent_at) == ("X1", None)
    assert town.row(report).external_id == "4711"


def test_a_report_withdrawn_or_hidden_in_the_meantime_is_not_sent(town, fake, lane):
    reports = [town.report(), town.report()]
    Report.objects.filter(pk=reports[0].pk).update(state="cancelled")
    Report.objects.filter(pk=reports[1].pk).update(state="hidden")

    assert drain(lane) is None

    assert {state_of(town, report) for report in reports} == {State.CANCELLED}
    assert fake.memory.calls == []


def test_a_closed_report_that_was_never_sent_is_still_sent(town, lane):
    report = town.report()
    Report.objects.update(state="fixed - user")

    drain(lane)

    assert state_of(town, report) == State.SENT


def test_a_withdrawn_report_of_unknown_fate_is_only_looked_up(town, fake, lane):
    fake.switches.html = True
    report = town.report()
    drain(lane)
    fake.switches.html = False
    Report.objects.update(state="cancelled")
    due_now()

    drain(lane)

    assert state_of(town, report) == State.CANCELLED
    assert fake.memory.requests == {}


def test_a_paused_connection_is_left_alone(town, fake, lane):
    report = town.report()
    connections.pause(town.connection.pk, reason="Works at the council.")

    assert drain(lane) is None

    assert (state_of(town, report), fake.memory.calls) == (State.QUEUED, [])


def test_a_worker_that_is_told_to_stop_gives_back_what_it_did_not_call_for(town, fake, lane):
    Connection.objects.update(calls_at_once=1)
    for _ in range(5):
        town.report()
    told = iter([False, False, False])

    drain(lane, stop=lambda: next(told, True))

    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["queued"] * 3 + ["sent"] * 2
    assert not Delivery.objects.filter(state=State.SENDING).exists()


def test_a_pace_is_kept_by_coming_back_later(town, fake, lane):
    Connection.objects.update(calls_per_minute=6)
    for _ in range(3):
        town.report()

    come_back = drain(lane)

    assert len(fake.memory.requests) == 1
    assert timedelta(seconds=5) < come_back - clock.now() <= timedelta(seconds=10)


def test_a_pace_is_kept_between_calls(town, fake, lane):
    Connection.objects.update(calls_per_minute=300)
    for _ in range(4):
        town.report()
    began = clock.now()

    drain(lane)

    assert len(fake.memory.requests) == 4
    assert clock.now() - began >= timedelta(seconds=0.58)


def test_one_report_that_cannot_be_built_does_not_stop_the_others(town, fake, lane, caplog):
    broken, sound = town.report(), town.report()
    ReportBody.objects.filter(report=broken).update(answers={"q": 7})

    drain(lane)

    assert (state_of(town, broken), state_of(town, sound)) == (State.WAITING, State.SENT)
    assert f"delivery {town.delivery(broken).pk} cannot be built" in caplog.text


def test_what_was_sent_is_written_once_the_database_is_back(town, fake, lane, monkeypatch):
    from django.db import OperationalError

    from waywarden.sending import drain as draining

    report, away = town.report(), [True, True]
    real = draining.write_results

    def write(results):
        if away:
            away.pop()
            raise OperationalError
        real(results)

    monkeypatch.setattr(draining, "write_results", write)
    monkeypatch.setattr(draining, "WRITE_AGAIN_AFTER", (0, 0, 0))
    monkeypatch.setattr(draining.databases, "close_all", lambda: None)

    drain(lane)

    assert state_of(town, report) == State.SENT
    assert len(fake.memory.requests) == 1
    assert Exchange.objects.filter(subject_kind="delivery").count() == 1
