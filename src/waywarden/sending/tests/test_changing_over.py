"""A body changes how it is reached: nothing that it has goes a second time."""

import threading
from wsgiref.simple_server import make_server

import pytest
from click.testing import CliRunner
from django.core import mail

from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.bodies.services import choose_connection
from waywarden.config import setup
from waywarden.config.cli import cli
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.open311.types import Service, ServiceRequestUpdate
from waywarden.reports.models import ReportBody
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.queries import lanes_due
from waywarden.sync.updates import take_in_updates
from waywarden.webhooks.models import Call, Endpoint

State = Delivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch):
    """Runs the command in this process, on the test's own database."""
    monkeypatch.setattr(setup, "set_up", lambda: None)
    return lambda *words: CliRunner().invoke(cli, words)


@pytest.fixture
def mailed(town):
    """The council is reached by e-mail, and has two open reports and a closed one by it."""
    choose_connection(town.council, None)
    town.potholes.emails = ["roads@example.org"]
    town.potholes.save()
    town.potholes.refresh_from_db()
    reports = [town.report(), town.report(), town.report(state="closed")]
    for number in (0, 1):
        drain(Lane(None, number))
    assert len(mail.outbox) == 3
    return reports


def all_lanes():
    for lane in lanes_due(clock.now()):
        drain(lane)


def test_reports_that_were_mailed_stay_as_they_are(town, fake, mailed):
    choose_connection(town.council, town.connection)

    all_lanes()

    assert fake.memory.requests == {}
    assert {town.row(report).sent_by for report in mailed} == {"email"}


def test_the_open_ones_are_sent_on_request_and_once(town, fake, mailed, run):
    choose_connection(town.council, town.connection)

    assert "2 reports would go" in run("resend", "--body", "council", "--open", "--dry-run").output
    assert "2 reports are on their way" in run("resend", "--body", "council", "--open").output
    assert "0 reports are on their way" in run("resend", "--body", "council", "--open").output
    all_lanes()
    assert "0 reports are on their way" in run("resend", "--body", "council", "--open").output
    all_lanes()

    assert len(fake.memory.requests) == 2
    assert len(mail.outbox) == 3
    *opened, closed = mailed
    for report in opened:  # calls go out at once, so either may have come first
        row = town.row(report)
        there = fake.memory.requests[row.external_id].new.attributes["fixmystreet_id"]
        assert (there, row.sent_by) == ((str(report.pk),), "open311")
    assert town.row(closed).external_id == ""


def test_a_body_that_there_is_not_is_said(run, db):
    assert "no body called 'nowhere'" in str(run("resend", "--body", "nowhere", "--open").exception)


def test_from_an_adapter_to_the_bodys_own_server_is_a_change_of_address_only(town, fake, run):
    lane = Lane(town.connection.pk, 0)
    known = town.report()
    drain(lane)
    own = FakeServer([Service("POT", "Potholes")], api_key="k3y-of-ours")
    own.memory.requests.update(fake.memory.requests)  # the same works system behind it
    served = make_server("127.0.0.1", 0, own)
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        Connection.objects.update(
            options={"endpoint": f"http://127.0.0.1:{served.server_port}{PREFIX}"}
        )
        new = town.report()
        news = town.update(known)
        drain(lane)
        assert "0 reports" in run("resend", "--body", "council", "--open").output
        drain(lane)
    finally:
        served.shutdown()
        served.server_close()

    assert town.row(known).external_id == "4711"
    assert [kept.id for kept in own.memory.requests.values()] == ["4711", "4712"]
    assert town.row(new).external_id == "4712"
    (told,) = own.memory.updates_in
    assert (told.service_request_id, told.update_id) == ("4711", str(news.pk))
    assert len(fake.memory.requests) == 1


def test_send_sends_one_report_now_and_says_what_came_of_it(town, fake, run, settings):
    settings.WAYWARDEN_HOLD_SECONDS = 300
    report = town.report()

    answer = run("send", str(report.pk))

    assert "report to Council: sent  4711" in answer.output
    assert "no delivery" in str(run("send", "999999").exception)


def test_send_says_why_a_connection_is_paused(town, run):
    Connection.objects.update(is_paused=True, pause_reason="The key is old.")

    assert "The key is old." in run("send", str(town.report().pk)).output


def test_replay_tries_rows_set_aside_again(town, run):
    report = town.report()
    row = ServiceRequestUpdate("u1", "4711", status="closed", updated_datetime=clock.now())
    take_in_updates(body=town.council, connection=town.connection, rows=[row])
    assert "1 rows: 0 applied, 1 still" in run("replay", "aside", "council").output
    ReportBody.objects.filter(report=report).update(external_id="4711")
    assert "1 rows: 1 applied, 0 still" in run("replay", "aside", "council").output
    assert "no body called 'nowhere'" in str(run("replay", "aside", "nowhere").exception)


def test_replay_tells_webhooks_of_a_body_or_of_the_site_again(town, run):
    for body in (town.council, None):
        endpoint = Endpoint.objects.create(
            body=body, url="https://machine.example.org/", kinds=["report.sent"], secret="x",
            created=clock.now(),
        )  # fmt: skip
        Call.objects.create(
            endpoint=endpoint, kind="report.sent", payload={}, state=Call.State.FAILED,
            due_at=clock.now(), created=clock.now(),
        )  # fmt: skip
    assert "1 messages are told again" in run("replay", "webhooks", "council").output
    assert "0 messages are told again" in run("replay", "webhooks", "council").output
    assert "1 messages are told again" in run("replay", "webhooks").output
    assert not Call.objects.exclude(state=Call.State.WAITING).exists()


def test_replay_frees_the_dead_letters_of_a_body(town, fake, run):
    report = town.report()
    Delivery.objects.update(state=State.REFUSED)

    assert "1 deliveries are tried again" in run("replay", "deliveries", "council").output
    all_lanes()

    assert town.delivery(report).state == State.SENT
