"""Drains among each other: pace, pauses, workers that die, a database that goes away."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.db import connections as databases

from waywarden.backends.contract import Accepted
from waywarden.connections import services as connections
from waywarden.connections.models import Connection, Exchange
from waywarden.kernel import clock
from waywarden.kernel.errors import Refused, TryLater
from waywarden.reports.models import ReportBody
from waywarden.sending import drain as draining
from waywarden.sending import patience, services
from waywarden.sending.claim_services import Result, claim, release, renew, write_results
from waywarden.sending.drain import drain
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import Failure, Phase, Standing, next_after
from waywarden.sending.reasons import Reason

State = Delivery.State


pytestmark = pytest.mark.django_db


def test_a_worker_that_died_between_leaves_evidence_and_nothing_goes_twice(town, fake, lane):
    fake.switches.forgets_key = True
    report = town.report()
    (claimed,) = claim(lane, limit=10)
    assert town.state_of(report) == State.SENDING
    with ThreadPoolExecutor(1) as other:  # the dead worker's call had arrived
        fake.switches.lost_reply = True
        step = _sent_by_a_dead_worker(claimed)
        other.submit(step).result()
    fake.switches.lost_reply = False
    assert drain(lane) is None
    assert services.recover() == frozenset()  # its claim still runs

    Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    assert services.recover() == {lane}
    assert town.state_of(report) == State.UNKNOWN
    drain(lane)

    assert town.state_of(report) == State.SENT
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

    assert town.state_of(report) == State.SENT
    assert len(fake.memory.requests) == 1


def _overtaken(lane):
    """A worker that was put to sleep, and the one that has its delivery since: their claims."""
    (old,) = claim(lane, limit=10)
    old.until -= timedelta(minutes=5)
    Delivery.objects.update(claimed_until=old.until)
    services.recover()
    (new,) = claim(lane, limit=10)
    return old, new


def test_a_worker_that_wakes_up_late_calls_for_nothing_that_another_has(
    town, fake, lane, monkeypatch
):
    report = town.report()
    old, _new = _overtaken(lane)
    left = [[old]]
    once = lambda *_lane, **_limit: left.pop() if left else []  # noqa: E731
    monkeypatch.setattr("waywarden.sending.drain.claim", once)

    drain(lane)

    assert fake.memory.calls == []
    assert town.state_of(report) == State.SENDING


def test_a_worker_that_wakes_up_late_gives_back_nothing_that_another_has(town, lane):
    report = town.report()
    old, new = _overtaken(lane)

    assert renew([old]) == []
    release([old])
    assert town.state_of(report) == State.SENDING

    assert renew([new]) == [new]
    release([new])
    assert town.state_of(report) == State.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Accepted("4711"), State.SENT),
        (Failure(TryLater, Reason(words="The server is away.")), State.SENDING),
        (Failure(Refused, Reason(words="No.")), State.SENDING),
    ],
)
def test_of_a_late_worker_only_that_it_arrived_is_news(town, lane, answer, state):
    report = town.report()
    old, new = _overtaken(lane)
    begun = clock.now()

    def result(claimed, answer):
        standing = Standing(claimed.before.value, 0, 0, first_attempt_at=begun, due_at=begun)
        return Result(claimed, next_after(Phase.POST, answer, standing, now=begun), {}, begun)

    write_results([result(old, answer)])
    assert town.state_of(report) == state

    write_results([result(new, Accepted("4712"))])
    assert town.state_of(report) == State.SENT
    assert town.row(report).external_id == ("4711" if state == State.SENT else "4712")


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


def test_a_paused_connection_is_left_alone(town, fake, lane):
    report = town.report()
    connections.pause(town.connection.pk, reason="Works at the council.")

    assert drain(lane) is None

    assert (town.state_of(report), fake.memory.calls) == (State.QUEUED, [])


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

    assert (town.state_of(broken), town.state_of(sound)) == (State.WAITING, State.SENT)
    assert f"delivery {town.delivery(broken).pk} cannot be built" in caplog.text


@pytest.fixture
def _hasty(monkeypatch):
    """Waits for no database, and keeps the test's own connection."""
    monkeypatch.setattr(patience, "AGAIN_AFTER", (0, 0, 0))
    monkeypatch.setattr(patience.databases, "close_all", lambda: None)


@pytest.mark.usefixtures("_hasty")
def test_what_was_sent_is_written_once_the_database_is_back(town, fake, lane, monkeypatch):
    report, away = town.report(), [True, True]
    real = draining.write_results

    def write(results):
        if away:
            away.pop()
            raise OperationalError
        real(results)

    monkeypatch.setattr(draining, "write_results", write)

    drain(lane)

    assert town.state_of(report) == State.SENT
    assert len(fake.memory.requests) == 1
    assert Exchange.objects.filter(subject_kind="delivery").count() == 1


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_what_is_out_when_the_database_goes_away_is_waited_for_and_written(
    town, fake, lane, monkeypatch, error
):
    Connection.objects.update(calls_at_once=1)
    reports = [town.report() for _ in range(3)]
    fake.switches.slow = 0.3  # the call is still out when the next are asked for

    def gone(*_given):
        limit = time.monotonic() + 60
        while not fake.memory.requests and time.monotonic() < limit:
            time.sleep(0.01)
        raise error

    monkeypatch.setattr(draining, "_more", gone)
    monkeypatch.setattr(draining, "AHEAD", 3)
    with pytest.raises(error):
        drain(lane)

    states = [town.state_of(report) for report in reports]
    assert set(states) <= {State.SENT, State.QUEUED}
    assert states.count(State.SENT) == len(fake.memory.requests) >= 1
