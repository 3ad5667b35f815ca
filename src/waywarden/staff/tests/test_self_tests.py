"""Testing a connection's endpoint from its page, with a real server to judge."""

import socketserver
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.bodies.models import Membership
from waywarden.health import self_test_services as self_tests
from waywarden.health.models import SelfTest
from waywarden.open311.types import Service

pytestmark = pytest.mark.django_db


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def endpoint(desk):
    """A body's server, to which the county's connection leads."""
    fake = FakeServer([Service("POT", "Potholes")])
    served = make_server("127.0.0.1", 0, fake, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    desk.connection.options = {"endpoint": f"http://127.0.0.1:{served.server_port}{PREFIX}"}
    desk.connection.save()
    yield fake
    served.shutdown()
    served.server_close()
    thread.join()


def ask(client, desk):
    return client.post(f"/staff/integration/connections/{desk.connection.pk}/test/")


def test_the_page_shows_what_the_kit_found(as_ines, desk, endpoint):
    page = ask(as_ines, desk)["Location"]
    assert "It runs." in as_ines.get(page).content.decode()
    self_tests.run(SelfTest.objects.get().pk)
    shown = as_ines.get(page).content.decode()
    assert "Level 1 is" in shown
    assert "checks passed" in shown
    assert "It runs." not in shown
    found = SelfTest.objects.get().found
    assert len(found["checks"]) > 20
    assert not endpoint.memory.requests  # a test posts nothing


def test_a_test_that_was_cut_off_is_run_again_and_a_finished_one_is_not(desk, endpoint):
    test = self_tests.ask(desk.connection.pk)
    SelfTest.objects.filter(pk=test.pk).update(started_at=test.asked_at)
    self_tests.run(test.pk)
    test.refresh_from_db()
    assert test.finished_at is not None
    self_tests.run(test.pk)
    assert SelfTest.objects.get().finished_at == test.finished_at


def test_a_test_that_fails_by_itself_ends_and_another_may_be_asked_for(as_ines, desk, monkeypatch):
    def odd(_target):
        raise ValueError

    monkeypatch.setattr(self_tests.runner, "run", odd)
    page = ask(as_ines, desk)["Location"]
    self_tests.run(SelfTest.objects.get().pk)
    assert "The test itself failed" in as_ines.get(page).content.decode()
    assert self_tests.ask(desk.connection.pk).pk


def test_what_no_table_can_keep_of_an_answer_is_left_out(desk, monkeypatch):
    test = self_tests.ask(desk.connection.pk)
    monkeypatch.setattr(self_tests.runner, "run", lambda _target: None)
    checks = [{"came": "a\x00b\ud800"}]
    plain = lambda _found, level: {"level": level, "checks": checks}  # noqa: E731
    monkeypatch.setattr(self_tests.report, "as_plain", plain)
    self_tests.run(test.pk)
    assert SelfTest.objects.get().found["checks"] == [{"came": "ab"}]


def test_one_test_runs_at_a_time(as_ines, desk):
    ask(as_ines, desk)
    answer = as_ines.post(f"/staff/integration/connections/{desk.connection.pk}/test/", follow=True)
    assert "is running already" in answer.content.decode()
    assert SelfTest.objects.count() == 1


def test_a_connection_that_cannot_be_opened_is_said_to_be_so(as_ines, desk):
    desk.connection.zone = "Nowhere/Atall"
    desk.connection.save()
    page = ask(as_ines, desk)["Location"]
    self_tests.run(SelfTest.objects.get().pk)
    shown = as_ines.get(page).content.decode()
    assert "It could not be tested." in shown
    assert "time zone" in shown


def test_oskar_neither_asks_nor_reads(as_ines, as_oskar, desk):
    assert ask(as_oskar, desk).status_code == 404
    page = ask(as_ines, desk)["Location"]
    assert as_oskar.get(page).status_code == 404


def test_who_only_reads_may_not_ask(as_ines, desk, town):
    Membership.objects.filter(user=town.ines).update(role="reader")
    assert ask(as_ines, desk).status_code == 403
