"""Looking up whether a report arrived."""

from datetime import UTC, timedelta

import pytest

from waywarden.backends.contract import (
    LookedUp,
)
from waywarden.backends.open311.finding import find
from waywarden.backends.open311.searching import MOST_LISTS
from waywarden.backends.open311.tests.values import backend_at, report
from waywarden.kernel import clock
from waywarden.kernel.errors import (
    BadReply,
)
from waywarden.open311.types import ServiceRequest


def test_a_lost_report_is_found_by_our_number(fake, backend):
    since = clock.now()
    assert backend.look_up(report(), since) == LookedUp(None, is_trustworthy=True)

    backend.send_report(report(), {})

    assert backend.look_up(report(), since) == LookedUp("4711", is_trustworthy=True)
    assert backend.look_up(report(report_id=8, report_url="u"), since).external_id is None


def test_look_ups_of_one_batch_ask_for_the_list_once(fake, backend):
    beside = backend_at(fake.url)
    for one in (backend, beside):
        one.open_beside(backend)
    backend.send_report(report(), {})
    calls = len(fake.memory.calls)

    assert backend.look_up(report(), clock.now()).external_id == "4711"
    assert beside.look_up(report(report_id=8, report_url="u"), clock.now()).external_id is None
    assert len(fake.memory.calls) == calls + 1


def test_a_server_without_a_list_says_nothing(fake, backend):
    fake.switches.lists_nothing = True

    assert backend.look_up(report(), clock.now()) == LookedUp(None, is_trustworthy=False)
    without = backend_at("http://127.0.0.1:1/", lists_requests=False)
    assert without.look_up(report(), clock.now()) == LookedUp(None, is_trustworthy=False)


def test_a_list_that_was_cut_is_asked_for_in_halves(fake, backend, monkeypatch, time_machine):
    """Of a day with more rows than an answer holds, each is found, and what is not there is not."""
    monkeypatch.setattr("waywarden.backends.open311.finding.CUT_AT", 10)
    fake.switches.lists_most = 10
    since = clock.now()
    for number in range(1, 41):
        time_machine.move_to(since + timedelta(minutes=number), tick=False)
        new = report(report_id=number, report_url=f"https://x/report/{number}", key=str(number))
        backend.send_report(new, {})

    first = report(report_id=1, report_url="https://x/report/1")
    assert backend.look_up(first, since) == LookedUp("4711", is_trustworthy=True)
    missing = report(report_id=99, report_url="https://x/report/99", lat=1.0)
    assert backend.look_up(missing, since) == LookedUp(None, is_trustworthy=True)


def test_a_list_that_is_cut_however_short_its_span_is_not_trusted(fake, backend, monkeypatch):
    monkeypatch.setattr("waywarden.backends.open311.finding.CUT_AT", 2)
    for number in range(1, 5):
        backend.send_report(
            report(report_id=number, report_url=f"https://x/report/{number}", key=str(number)), {}
        )
    calls = len(fake.memory.calls)

    missing = report(report_id=99, report_url="https://x/report/99", lat=1.0)
    looked = backend.look_up(missing, clock.now() - timedelta(days=30))

    assert looked == LookedUp(None, is_trustworthy=False)
    assert len(fake.memory.calls) - calls <= MOST_LISTS


def test_a_look_up_that_cannot_go_back_far_enough_is_not_trusted(backend):
    long_ago = clock.now() - timedelta(days=100)

    assert backend.look_up(report(), long_ago) == LookedUp(None, is_trustworthy=False)


def test_a_list_that_answers_a_login_page_is_a_bad_reply(fake, backend):
    fake.switches.html = True

    with pytest.raises(BadReply):
        backend.look_up(report(), clock.now())


def row(**values):
    return ServiceRequest(
        **{
            "service_request_id": "1",
            "service_code": "POT",
            "lat": 52.2,
            "long": -1.5,
            "requested_datetime": clock.now().astimezone(UTC),
            **values,
        }
    )


def found(*rows):
    return find(report(), rows, id_field="fixmystreet_id", plain="plain words")


@pytest.mark.parametrize(
    ("values", "external_id"),
    [
        ({"extras": {"fixmystreet_id": "7"}}, "1"),
        ({"extras": {"attribute[fixmystreet_id]": "7"}}, "1"),
        ({"description": "see https://example.org/report/7."}, "1"),
        ({"description": "see https://example.org/report/71"}, None),
        ({"description": "By the  bus stop."}, "1"),
        ({"description": "plain words"}, "1"),
        ({"description": "By the bus stop.", "service_code": "TREE"}, None),
        ({"description": "By the bus stop.", "lat": 52.21}, None),
        ({"description": "By the bus stop.", "lat": None}, None),
        ({"description": "By the bus stop.", "extras": {"fixmystreet_id": "8"}}, None),
        ({"service_request_id": "", "extras": {"fixmystreet_id": "7"}}, None),
    ],
)
def test_by_what_a_report_is_found(values, external_id):
    assert found(row(**values)).external_id == external_id


def test_our_number_goes_before_the_look_of_it():
    alike = row(description="By the bus stop.")
    ours = row(service_request_id="2", extras={"fixmystreet_id": "7"})

    assert found(alike, ours).external_id == "2"


def test_a_list_that_may_have_been_cut_is_not_trusted():
    assert found(*[row()] * 999).is_trustworthy
    assert not found(*[row()] * 1000).is_trustworthy
