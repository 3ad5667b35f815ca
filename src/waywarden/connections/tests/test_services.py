"""Opening connections, sealing secrets, the circuit, and what is kept."""

from datetime import timedelta

import pytest
import time_machine

from waywarden.connections import queries, services
from waywarden.connections.models import Circuit, Connection, Exchange
from waywarden.kernel import clock, http
from waywarden.kernel.errors import Misconfigured

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    made = Connection(
        name="Council", kind="open311", options={"endpoint": "https://example.org/open311"}
    )
    services.set_secrets(made, {"api_key": "k3y-of-ours"})
    made.save()
    return made


def exchange(**values) -> http.Exchange:
    return http.Exchange(
        **{
            "method": "GET",
            "url": "https://example.org/",
            "request": "",
            "status": 200,
            "response": "",
            "started_at": clock.now(),
            "seconds": 0.1,
            "error": "",
            **values,
        }
    )


def test_a_back_end_is_opened_with_its_options_and_secrets(connection):
    opened = services.open_backend(connection)

    assert opened.backend.options.endpoint == "https://example.org/open311"
    assert opened.backend.secrets.api_key == "k3y-of-ours"
    assert str(opened.backend.zone) == "Europe/London"


def test_secrets_are_sealed_kept_and_removed_one_by_one(connection):
    assert "k3y-of-ours" not in connection.secrets

    services.set_secrets(connection, {"other": "x"})
    assert services.secrets_of(connection) == {"api_key": "k3y-of-ours", "other": "x"}
    services.set_secrets(connection, {"api_key": "", "other": ""})
    assert connection.secrets == ""


def test_secrets_of_another_kind_stay_and_do_not_hinder(connection):
    services.set_secrets(connection, {"password": "of an earlier kind"})

    assert services.open_backend(connection).backend.secrets.api_key == "k3y-of-ours"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "pigeon"}, "pigeon"),
        ({"options": {}}, "endpoint"),
        ({"options": {"endpoint": "https://x", "colour": "red"}}, "colour"),
        ({"zone": "Nowhere/City"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"secrets": "rubbish"}, "field keys"),
    ],
)
def test_what_cannot_be_opened_is_misconfigured(connection, values, words):
    for name, value in values.items():
        setattr(connection, name, value)

    with pytest.raises(Misconfigured) as caught:
        services.open_backend(connection)
    assert words in str(caught.value)
    assert "k3y-of-ours" not in str(caught.value)


def test_exchanges_are_kept_once_and_without_characters_that_hurt(connection):
    opened = services.open_backend(connection)
    opened.exchanges.extend([exchange(response="a\x00b", error="e" * 600), exchange()])

    services.keep_exchanges(opened, subject_kind="delivery", subject_id=3)
    services.keep_exchanges(opened, subject_kind="delivery", subject_id=3)

    first, _second = Exchange.objects.order_by("id")
    assert (first.response, len(first.error)) == ("ab", 500)
    assert (first.subject_kind, first.subject_id) == ("delivery", 3)


def test_old_exchanges_go(connection):
    opened = services.open_backend(connection)
    moment = clock.now()
    opened.exchanges.extend(
        [
            exchange(started_at=moment - timedelta(days=91)),
            exchange(started_at=moment - timedelta(days=89)),
        ]
    )
    services.keep_exchanges(opened)

    assert services.drop_old_exchanges() == 1
    assert Exchange.objects.count() == 1


def test_plain_e_mail_has_no_row_and_what_is_said_is_kept_all_the_same():
    opened = services.open_email()
    opened.exchanges.append(exchange())

    services.keep_exchanges(opened)

    assert opened.backend.kind == "email"
    assert Exchange.objects.get().connection is None


def test_five_failures_in_a_row_open_the_circuit_once(connection):
    opens = [services.note_failure(connection.pk, reason="down") for _ in range(6)]

    assert opens == [False, False, False, False, True, False]
    assert queries.failures_in_a_row(connection.pk) == 5
    assert queries.is_circuit_open(connection.pk, now=clock.now())
    assert list(queries.closed_to_calls(clock.now())) == [connection]


def test_a_success_between_starts_the_count_again(connection):
    for _ in range(4):
        services.note_failure(connection.pk, reason="down")
    assert services.note_success(connection.pk) is False
    for _ in range(4):
        services.note_failure(connection.pk, reason="down")

    assert not queries.is_circuit_open(connection.pk, now=clock.now())


def test_one_probe_at_a_time_and_its_success_closes_the_circuit(connection):
    for _ in range(5):
        services.note_failure(connection.pk, reason="down")
    probe_at = Circuit.objects.get().probe_at

    assert not services.claim_probe(connection.pk, now=probe_at - timedelta(seconds=1))
    assert services.claim_probe(connection.pk, now=probe_at)
    assert not services.claim_probe(connection.pk, now=probe_at)
    assert queries.is_circuit_open(connection.pk, now=probe_at)
    assert services.note_success(connection.pk) is True
    assert queries.probe_due_at(connection.pk) is None
    assert list(queries.closed_to_calls(probe_at)) == []


def test_probes_that_fail_come_less_often(connection):
    for _ in range(5):
        services.note_failure(connection.pk, reason="down")
    first = Circuit.objects.get().probe_at - clock.now()
    with time_machine.travel(Circuit.objects.get().probe_at, tick=False):
        services.note_failure(connection.pk, reason="down", is_probe=True)
        second = Circuit.objects.get().probe_at - clock.now()

    assert second > 1.5 * first


def test_pausing_and_resuming_tell_whether_they_did_something(connection):
    assert services.pause(connection.pk, reason="x" * 600)
    assert not services.pause(connection.pk, reason="again")
    connection.refresh_from_db()
    assert (connection.is_paused, len(connection.pause_reason)) == (True, 500)
    for _ in range(5):
        services.note_failure(connection.pk, reason="down")

    assert services.resume(connection.pk)
    assert not services.resume(connection.pk)
    connection.refresh_from_db()
    assert (connection.is_paused, connection.pause_reason) == (False, "")
    assert connection.resumed_at is not None
    assert list(queries.closed_to_calls(clock.now())) == []


def test_a_long_outage_is_probed_at_least_every_few_minutes(connection):
    """So that a system which was away for hours gets its reports soon after it is back."""
    for _ in range(5):
        services.note_failure(connection.pk, reason="down")
    for _probe in range(20):
        with time_machine.travel(Circuit.objects.get().probe_at, tick=False):
            services.note_failure(connection.pk, reason="down", is_probe=True)
            wait = Circuit.objects.get().probe_at - clock.now()
    assert timedelta(minutes=4) < wait < timedelta(minutes=6)


def test_calls_that_were_out_when_the_circuit_opened_are_no_failed_probes(connection):
    for _ in range(5):
        services.note_failure(connection.pk, reason="down")
    first = Circuit.objects.get().probe_at
    for _ in range(8):
        services.note_failure(connection.pk, reason="down")
    assert Circuit.objects.get().probe_at == first


@pytest.mark.parametrize("endpoint", ["http://[x", "http://℀.example/"])
def test_an_address_that_passes_and_cannot_be_opened_is_a_connection_set_up_wrongly(
    connection, endpoint
):
    connection.options = {"endpoint": endpoint}
    with pytest.raises(Misconfigured, match="Council cannot be opened"):
        services.open_backend(connection)
