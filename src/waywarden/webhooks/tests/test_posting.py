"""Telling a machine over HTTP: the signature, retries, what is withheld."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from waywarden.events.services import NOBODY
from waywarden.kernel import clock
from waywarden.reports.models import Report, Update
from waywarden.webhooks import posting, queries, services
from waywarden.webhooks.models import Call, Endpoint
from waywarden.webhooks.services import Happened

pytestmark = pytest.mark.django_db
DOWN = ("503 Service Unavailable", [])


def tell(report, fact="report.confirmed") -> None:
    services.fan_out(fact, [Happened(report.pk, {})], batch=uuid.uuid4(), at=clock.now())


def make_due() -> None:
    Call.objects.update(due_at=clock.now() - timedelta(seconds=1))


def test_the_message_is_signed_so_that_the_library_of_the_standard_believes_it(
    town, listen, receiver
):
    endpoint = listen()
    report = town.report()
    tell(report)
    assert posting.drain(endpoint.pk) is None
    ((headers, body),) = receiver.heard
    found = Webhook(endpoint.plain).verify(body, headers)
    assert found["data"]["report"]["id"] == report.pk
    call = endpoint.calls.get()
    assert headers["webhook-id"] == str(call.message_id)
    assert (call.state, call.status, call.attempts) == ("delivered", 204, 1)


def test_after_a_new_secret_both_believe_it(town, listen, receiver):
    endpoint = listen()
    new = services.renew_secret(endpoint.pk, by=NOBODY)
    tell(town.report())
    posting.drain(endpoint.pk)
    ((headers, body),) = receiver.heard
    for secret in (endpoint.plain, new):
        assert Webhook(secret).verify(body, headers)


def test_a_machine_that_is_down_is_told_later_under_the_same_id_with_a_new_time(
    town, listen, receiver, monkeypatch
):
    endpoint = listen()
    receiver.answers.append(DOWN)
    tell(town.report())
    next_due = posting.drain(endpoint.pk)
    call = endpoint.calls.get()
    assert (call.state, call.status, call.said) == ("waiting", 503, "heard")
    assert next_due == call.due_at > clock.now()
    make_due()
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert posting.drain(endpoint.pk) is None
    (first, _body), (second, _body) = receiver.heard
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert endpoint.calls.get().state == "delivered"


def test_a_failure_spares_the_machine_the_rest(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(DOWN)
    for number in range(3):
        tell(town.report(title=f"Lamp {number}"))
    posting.drain(endpoint.pk)
    assert len(receiver.heard) == 1
    assert set(endpoint.calls.values_list("state", "claimed_until")) == {("waiting", None)}
    make_due()
    posting.drain(endpoint.pk)
    assert set(endpoint.calls.values_list("state", flat=True)) == {"delivered"}


def test_pauses_grow_and_end():
    now = datetime(2026, 11, 26, tzinfo=UTC)
    waits = [
        posting.next_try_at(attempts, now=now, chance=lambda: 0.0) - now
        for attempts in range(1, 10)
    ]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=10), timedelta(hours=24))
    assert posting.next_try_at(10, now=now) is None


def test_what_failed_to_the_end_is_given_up_and_can_be_replayed(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(DOWN)
    tell(town.report())
    Call.objects.update(attempts=9)
    posting.drain(endpoint.pk)
    assert endpoint.calls.get().state == "failed"
    services.replay_failed(endpoint.pk, by=NOBODY)
    posting.drain(endpoint.pk)
    assert endpoint.calls.get().state == "delivered"


def test_the_wait_a_machine_asks_for_is_kept(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(("429 Too Many Requests", [("Retry-After", "3600")]))
    tell(town.report())
    posting.drain(endpoint.pk)
    assert endpoint.calls.get().due_at > clock.now() + timedelta(minutes=59)


@pytest.mark.parametrize("said", ["²", "9" * 5000, "-1", "soon", ""])
def test_a_wait_that_is_none_stops_nothing(town, listen, receiver, said):
    endpoint = listen()
    receiver.answers.append(("429 Too Many Requests", [("Retry-After", said)]))
    tell(town.report())
    posting.drain(endpoint.pk)
    call = endpoint.calls.get()
    assert (call.state, call.attempts, call.claimed_until) == ("waiting", 1, None)


def test_410_stops_the_endpoint(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(("410 Gone", []))
    tell(town.report())
    posting.drain(endpoint.pk)
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert "410" in endpoint.stopped_for
    assert endpoint.calls.get().state == "failed"


def test_five_days_of_failure_stop_it_and_one_success_forgives(town, listen, receiver):
    endpoint = listen()
    Endpoint.objects.update(failing_since=clock.now() - timedelta(days=4))
    tell(town.report())
    posting.drain(endpoint.pk)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    Endpoint.objects.update(failing_since=clock.now() - timedelta(days=6))
    receiver.answers.append(DOWN)
    tell(town.report())
    posting.drain(endpoint.pk)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.stopped_for) == (False, "It has failed for five days.")


def test_what_became_private_or_hidden_on_its_way_is_withheld(town, listen, receiver):
    site, ours = listen(), listen(town.county)
    report = town.report()
    tell(report)
    Report.objects.filter(pk=report.pk).update(is_private=True)
    posting.drain(site.pk)
    assert receiver.heard == []
    call = site.calls.get()
    assert (call.state, call.payload) == ("withheld", {})
    posting.drain(ours.pk)
    assert len(receiver.heard) == 1  # its body may know


def test_an_update_hidden_on_its_way_is_withheld(town, listen, receiver):
    endpoint = listen()
    moment = clock.now()
    update = Update.objects.create(
        report=town.report(), text="Rude", created=moment, confirmed_at=moment, visibility="shown"
    )
    tell(update, "update.confirmed")
    Update.objects.update(visibility="hidden")
    posting.drain(endpoint.pk)
    assert receiver.heard == []


def test_a_private_address_is_not_called(town, listen, receiver, settings):
    settings.WAYWARDEN_PRIVATE_HOSTS = ()
    endpoint = listen()
    tell(town.report())
    posting.drain(endpoint.pk)
    assert receiver.heard == []
    assert endpoint.calls.get().status is None
    assert endpoint.calls.get().said


def test_a_redirect_is_not_followed(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(("302 Found", [("Location", receiver.url + "/elsewhere")]))
    tell(town.report())
    posting.drain(endpoint.pk)
    assert len(receiver.heard) == 1
    assert endpoint.calls.get().status == 302


def test_a_test_is_told_once_and_tells_nothing_of_anybody(town, listen, receiver):
    endpoint = listen()
    receiver.answers.append(DOWN)
    services.send_test(endpoint.pk)
    posting.drain(endpoint.pk)
    assert json.loads(receiver.heard[0][1])["type"] == "webhook.test"
    assert endpoint.calls.get().state == "failed"


def test_a_worker_that_died_leaves_calls_that_are_told_again(town, listen, receiver):
    endpoint = listen()
    tell(town.report())
    assert services.claim(endpoint.pk, limit=10)
    assert queries.endpoints_due(clock.now()) == []
    Call.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    assert queries.endpoints_due(clock.now()) == [endpoint.pk]
    posting.drain(endpoint.pk)
    assert endpoint.calls.get().state == "delivered"
