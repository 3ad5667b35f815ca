"""What only real processes can prove: a poll and pushes of the same rows at once, and kill -9."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import shapely
from django.db import connection as database

import waywarden
from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sync.bulk_import import import_open311
from waywarden.sync.models import ImportRun, SeenItem
from waywarden.sync.tests.years import AREA, END, START, Years
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 20
#: Seconds that another process may take for what it has to do.
PATIENCE = 120.0
BEGIN = """
import sys, django
django.setup()
from django.test import Client
from django.urls import get_resolver
from waywarden.sync.models import What
from waywarden.sync.polling import poll
get_resolver().url_patterns
from django.db import connection
connection.ensure_connection()
print("ready", connection.connection.info.backend_pid, flush=True)
sys.stdin.readline()
"""
POLL = """
run = poll(int(sys.argv[1]), What.UPDATES)
print(run.new, run.repeated, run.error or "no error")
"""
PUSH = """
for number in range(int(sys.argv[2])):
    answer = Client().post("/open311/v2/servicerequestupdates.json", {
        "api_key": sys.argv[1], "jurisdiction_id": "borsetshire", "service_request_id": "4711",
        "update_id": f"u{number}", "status": "IN_PROGRESS", "description": f"Step {number}.",
        "updated_datetime": sys.argv[3],
    })
    print(answer.status_code, end=" ")
"""
IMPORT = """
from waywarden.bodies.models import Body
from waywarden.sync import bulk_import
from waywarden.sync.tests.years import END, START
bulk_import.BATCH_OF_ROWS, bulk_import.PATIENCE = 200, 0.1
bulk_import.import_open311(Body.objects.get(), since=START, until=END)
print("finished")
"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """Serves an application on a free port; gives its address."""
    with ExitStack() as stack:

        def start(app):
            server = stack.enter_context(make_server("127.0.0.1", 0, app, WSGIServer, Quiet))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture
def process(database_server):
    """Starts a process of ours on this test's database; it begins when it is let go."""
    with ExitStack() as stack:

        def start(code, *arguments):
            ours = urlsplit(database_server)._replace(path=f"/{database.settings_dict['NAME']}")
            env = os.environ | {
                "DATABASE_URL": ours.geturl(),
                "DJANGO_SETTINGS_MODULE": "waywarden.config.settings_for_tests",
                "PYTHONPATH": str(Path(waywarden.__file__).parents[1]),
            }
            one = subprocess.Popen(
                [sys.executable, "-c", BEGIN + code, *map(str, arguments)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True,
            )  # fmt: skip
            stack.enter_context(one)
            stack.callback(one.kill)
            return one

        yield start


def wait_until_ready(one):
    """The number of its session at the database."""
    ready, session = one.stdout.readline().split()
    assert ready == "ready"
    return int(session)


def let_go(one):
    one.stdin.write("\n")
    one.stdin.flush()


def make_body(connection, box):
    west, south, east, north = box
    area = Area.objects.create(
        name="City", kind="city", code="city", west=west, south=south, east=east, north=north,
        boundary=shapely.to_wkb(shapely.box(west, south, east, north)),
    )  # fmt: skip
    forget_shapes()
    body = Body.objects.create(
        name="Borsetshire", slug="borsetshire", sending_connection=connection
    )
    body.areas.add(area)
    Category.objects.create(body=body, name="Potholes", slug="potholes", service_code="POT")
    return body


def test_the_same_rows_by_poll_and_by_push_in_two_processes_are_taken_in_once(serve, process):
    fake = FakeServer()
    way = Connection.objects.create(
        name="Works", kind="open311", fetches_updates=True,
        options={"endpoint": serve(fake) + PREFIX, "extended_statuses": True},
    )  # fmt: skip
    body = make_body(way, AREA)
    at = clock.now().replace(microsecond=0)
    report = Report.objects.create(
        title="Deep pothole", category_name="Potholes", lat=60.1, lon=24.9, state="confirmed",
        cell=Point(60.1, 24.9).cell, created=at, confirmed_at=at, changed=at,
    )  # fmt: skip
    ReportBody.objects.create(report=report, body=body, external_id="4711", sent_at=at)
    row = ServiceRequestUpdate(
        update_id="", service_request_id="4711", status="in_progress", updated_datetime=at
    )
    fake.memory.updates += [
        replace(row, update_id=f"u{number}", description=f"Step {number}.")
        for number in range(ROWS)
    ]
    key = create_key(ApiKey(name="Works", scopes=["updates:write"], body_id=body.pk))
    polling = process(POLL, way.pk)
    pushing = process(PUSH, key, ROWS, at.isoformat())
    for one in (polling, pushing):
        wait_until_ready(one)
    for one in (polling, pushing):
        let_go(one)
    polled, _errors = polling.communicate(timeout=PATIENCE)
    pushed, _errors = pushing.communicate(timeout=PATIENCE)
    new, repeated, *error = polled.split()
    assert error == ["no", "error"]
    assert int(new) + int(repeated) == ROWS
    assert pushed.split() == ["200"] * ROWS
    assert Update.objects.count() == SeenItem.objects.count() == ROWS
    assert set(Update.objects.values_list("external_id", flat=True)) == {
        f"u{number}" for number in range(ROWS)
    }


class Stopping:
    """Answers so many questions, then none until it is let go on."""

    def __init__(self, app, answers):
        self.app, self.left = app, answers
        self.may_go_on = threading.Event()

    def __call__(self, environ, start_response):
        self.left -= 1
        if self.left < 0:
            self.may_go_on.wait(PATIENCE)
        return self.app(environ, start_response)


def test_an_import_killed_with_kill_9_goes_on_where_it_stopped(serve, process):
    years = Years(3000, most=60)
    way = Connection.objects.create(name="Works", kind="open311", options={})
    body = make_body(way, AREA)
    stopping = Stopping(years, answers=25)
    way.options = {"endpoint": serve(stopping), "format": "json", "most_rows": 60}
    way.save()
    importing = process(IMPORT)
    session = wait_until_ready(importing)
    let_go(importing)
    run = _wait_for_rows()
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    _wait_until_gone(session)
    stopping.may_go_on.set()
    held, stopped_at = Report.objects.count(), ImportRun.objects.get(pk=run.pk).position
    assert 0 < held < years.good
    assert START < stopped_at < END
    years.asked.clear()
    done = import_open311(body, since=START, until=END)
    assert done.run.pk == run.pk
    assert stopped_at.strftime("%Y-%m-%dT%H") in years.asked[0].replace("%3A", ":")
    assert Report.objects.count() == ReportBody.objects.count() == years.good
    assert ReportBody.objects.values("external_id").distinct().count() == years.good
    assert done.totals.new == years.good
    assert done.run.rejects.count() == years.rejected


def _wait_for_rows():
    """The run, once some of its rows are held and it has moved."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        run = ImportRun.objects.filter(new__gt=300, position__gt=START).first()
        if run is not None:
            return run
        time.sleep(0.05)
    message = "the import has taken nothing in"
    raise AssertionError(message)


def _wait_until_gone(session):
    """What a killed process was writing is written or undone only when its session has ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with database.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [session])
            if cursor.fetchone() is None:
                return
        time.sleep(0.05)
    message = "the session of the killed process lives on"
    raise AssertionError(message)
