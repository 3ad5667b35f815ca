"""The test of a connection: what it asks, and what it says is wrong."""

import pytest

from waywarden.backends.email.plugin import EmailBackend
from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.backends.tests.serving import served
from waywarden.connections.checking import check
from waywarden.connections.models import Connection, Exchange
from waywarden.connections.services import set_secrets
from waywarden.kernel.errors import TryLater
from waywarden.open311.types import Deviation, Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    fake = FakeServer([Service("POT", "Potholes")], api_key="k3y-of-ours")
    with served(fake) as address:
        fake.url = f"{address}{PREFIX}"
        yield fake


def connected(server, *, key="k3y-of-ours", **values) -> Connection:
    row = Connection(name="County", kind="open311", options={"endpoint": server.url}, **values)
    set_secrets(row, {"api_key": key})
    row.save()
    return row


def test_what_is_to_be_fetched_is_asked_for_so_that_a_wrong_key_is_found(server):
    assert check(connected(server, fetches_updates=True, fetches_reports=True)).findings == ()
    assert check(connected(server, key="wrong")).findings == ()

    (finding,) = check(connected(server, key="wrong", fetches_updates=True)).findings

    assert finding.startswith("Updates cannot be fetched: ")
    assert "api_key is not known" in finding
    assert "wrong" not in finding
    assert Exchange.objects.filter(subject_kind="check").exists()


def test_a_list_of_problems_that_fails_is_said(server):
    server.switches.list_fails = True
    (finding,) = check(connected(server, fetches_reports=True)).findings
    assert finding.startswith("Problems cannot be fetched: ")


def test_a_server_without_a_list_of_updates_is_not_asked_for_one(server):
    row = connected(server, key="wrong", fetches_updates=True)
    row.options |= {"news": "requests"}
    assert check(row).findings == ()


def test_habits_that_are_put_up_with_are_told_and_no_fault(server, monkeypatch):
    def look(self, notes):
        notes.deviations += [Deviation("zone", "A date has no zone.")] * 2
        return ()

    monkeypatch.setattr(Open311Backend, "check", look)
    checked = check(connected(server))
    assert (checked.findings, checked.remarks) == ((), ("A date has no zone.",))


def test_plain_e_mail_greets_the_mail_server(monkeypatch):
    assert check(None).findings == ()

    def unreachable(self, notes):
        raise TryLater("The mail server was not reached.")

    monkeypatch.setattr(EmailBackend, "check", unreachable)
    assert check(None).findings == ("The mail server was not reached.",)


def test_what_is_asked_beside_is_left_out_once_something_is_wrong(server):
    asked = []

    def also(opened):
        asked.append(opened.connection_id)
        return ("There is no service POT2.",)

    assert check(connected(server), also=also).findings == ("There is no service POT2.",)
    server.switches.html = True
    assert len(check(connected(server), also=also).findings) == 1
    assert len(asked) == 1


def test_a_key_in_the_query_of_the_endpoint_stands_in_no_record(server):
    row = connected(server)
    row.options = {"endpoint": f"{server.url}?code=Zm9vYmFyYmF6cXV4&v=2"}
    row.save()
    check(row)
    (kept,) = Exchange.objects.all()
    assert "Zm9vYmFyYmF6cXV4" not in kept.url + kept.request + kept.response + kept.error
    assert "v=2" in kept.url
