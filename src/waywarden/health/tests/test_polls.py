"""Alarms of what is fetched: polls that do not succeed, and a system whose clock is off."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import time_machine

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.health import alarm_services as alarms
from waywarden.health.models import Alarm
from waywarden.health.queries import standings
from waywarden.health.verdicts import Level
from waywarden.kernel import clock
from waywarden.sync import polling
from waywarden.sync.models import SetAside, What

pytestmark = pytest.mark.django_db

EMPTY = b"<service_request_updates></service_request_updates>"
INTERVAL = timedelta(minutes=15)


@dataclass
class Server:
    """A body's system without news: what it answers, and what its clock says then."""

    status: str = "200 OK"
    ahead: timedelta = timedelta()

    def __call__(self, _environ, start_response):
        date = format_datetime(clock.now() + self.ahead, usegmt=True)
        start_response(self.status, [("Content-Type", "text/xml"), ("Date", date)])
        return [EMPTY]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    app = Server()
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        app.url = f"http://127.0.0.1:{running.server_port}"
        yield app
        running.shutdown()


@pytest.fixture
def way(db, server):
    """A body's connection to the server."""
    way = Connection.objects.create(
        name="Works", kind="open311", fetches_updates=True, poll_seconds=900,
        options={"endpoint": server.url},
    )  # fmt: skip
    Body.objects.create(name="Borsetshire", slug="borsetshire", sending_connection=way)
    return way


def open_alarms():
    return set(Alarm.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_polls_that_fail_for_four_intervals_raise_an_alarm_and_one_that_works_clears_it(
    way, server
):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        polling.poll(way.pk, What.UPDATES)
    server.status = "502 Bad Gateway"
    for turn in (1, 2, 3):
        with time_machine.travel(start + turn * INTERVAL, tick=False):
            assert polling.poll(way.pk, What.UPDATES).error
            alarms.watch()
            assert "poll" not in open_alarms()
    with time_machine.travel(start + 4 * INTERVAL + timedelta(minutes=1), tick=False):
        polling.poll(way.pk, What.UPDATES)
        alarms.watch()
        alarms.watch()
        assert "poll" in open_alarms()
        assert Alarm.objects.filter(kind="poll").count() == 1
        assert "502" in Alarm.objects.get(kind="poll").detail
    server.status = "200 OK"
    with time_machine.travel(start + 5 * INTERVAL, tick=False):
        assert polling.poll(way.pk, What.UPDATES).error == ""
        alarms.watch()
        assert "poll" not in open_alarms()


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_system_whose_clock_is_off_raises_an_alarm_though_it_has_no_news(way, server, minutes):
    server.ahead = timedelta(minutes=minutes)
    polling.poll(way.pk, What.UPDATES)
    alarms.watch()
    assert open_alarms() == {"clock"}
    assert Alarm.objects.get().detail.startswith("+" if minutes > 0 else "-")


def test_a_system_whose_clock_is_right_raises_none(way, server):
    server.ahead = timedelta(seconds=20)
    polling.poll(way.pk, What.UPDATES)
    alarms.watch()
    assert open_alarms() == set()


def test_rows_about_reports_of_others_need_no_person_and_others_do(way):
    """A system may list much that never was ours; only what came of late is told of."""
    moment = clock.now()

    def aside(key, reason, at=moment):
        SetAside.objects.create(
            connection=way, what=What.UPDATES, key=key, raw={}, reason=reason, created=at
        )

    aside("u1", SetAside.Reason.UNKNOWN_REPORT)
    aside("u2", SetAside.Reason.UNKNOWN_REPORT, at=moment - timedelta(days=2))
    assert troubles(way) == {"unknown": (1, Level.WATCH)}
    aside("u3", SetAside.Reason.BAD_DATE, at=moment - timedelta(days=2))
    assert troubles(way)["set_aside"] == (1, Level.PERSON)


def troubles(way):
    [standing] = [one for one in standings() if one.facts.connection_id == way.pk]
    return {one.kind.value: (one.count, one.level) for one in standing.troubles}
