"""Which polls are due, and how they get into the queue."""

from datetime import timedelta

import pytest

from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.sync import polling, run_services, services
from waywarden.sync.models import Cursor, What
from waywarden.sync.tests.conftest import MINUTE, due, poll, set_cursor

pytestmark = pytest.mark.django_db


def test_what_is_due_is_what_is_switched_on_and_whose_time_has_come(connection, body):
    services.ensure_cursors()
    now = clock.now()
    assert due(now) == {(connection.pk, What.UPDATES), (connection.pk, What.REPORTS)}
    Connection.objects.filter(pk=connection.pk).update(fetches_reports=False)
    assert due(now) == {(connection.pk, What.UPDATES)}
    assert due(now - MINUTE) == set()
    run_services.claim(connection.pk, What.UPDATES)
    assert due(now) == set()


def test_what_is_due_is_queued_once_until_it_has_run(system, connection, body):
    services.ensure_cursors()
    queued = []
    assert run_services.queue_due(queued.extend) == 2
    assert run_services.queue_due(queued.extend) == 0
    assert set(queued) == {(connection.pk, What.UPDATES), (connection.pk, What.REPORTS)}
    poll(connection)
    Cursor.objects.update(next_poll_at=clock.now())
    assert run_services.queue_due(queued.extend) == 1
    assert queued[-1] == (connection.pk, What.UPDATES)


def test_a_poll_whose_worker_was_killed_is_due_again_within_minutes(connection, body, time_machine):
    """Also when the dead worker's job was run again, and found the cursor still held."""
    time_machine.move_to(clock.now())
    services.ensure_cursors()
    queued = []
    run_services.queue_due(queued.extend)
    run_services.claim(connection.pk, What.UPDATES)  # and then its worker is killed
    assert poll(connection).error == polling.BUSY

    time_machine.shift(4 * MINUTE)

    assert (connection.pk, What.UPDATES) in due(clock.now())


def test_a_poll_that_was_lost_in_the_queue_is_queued_again(system, connection, body):
    moment = clock.now()
    set_cursor(connection, queued_until=moment - MINUTE)
    queued = []
    assert run_services.queue_due(queued.extend) == 1


def test_a_backlog_is_queued_bit_by_bit_the_longest_due_first(connection, body, monkeypatch):
    monkeypatch.setattr(run_services, "MOST_QUEUED", 2)
    moment = clock.now()
    ways = [
        Connection.objects.create(name=f"W{number}", kind="memory", fetches_updates=True)
        for number in range(3)
    ]
    for number, way in enumerate(ways):
        set_cursor(way, next_poll_at=moment - number * MINUTE)
    queued = []
    assert run_services.queue_due(queued.extend) == 2
    assert [number for number, _what in queued] == [ways[2].pk, ways[1].pk]


def test_where_queueing_fails_they_stay_due(connection, body):
    services.ensure_cursors()

    def full(_polls):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run_services.queue_due(full)
    assert len(due(clock.now())) == 2


def test_a_paused_connection_is_not_polled(connection, body):
    services.ensure_cursors()
    Connection.objects.filter(pk=connection.pk).update(is_paused=True)
    assert due(clock.now()) == set()


def test_cursors_are_made_once(connection):
    assert services.ensure_cursors() == 2
    assert services.ensure_cursors() == 0


def test_the_mop_up_reaches_a_day_back_once(system, connection, body):
    services.ensure_cursors()
    moment = clock.now()
    assert services.mop_up(moment) == 1
    poll(connection)
    assert system.spans[0].start == moment - timedelta(hours=24)
    assert len(system.spans) == 1
    poll(connection)
    assert system.spans[1].start > moment - timedelta(hours=3)
