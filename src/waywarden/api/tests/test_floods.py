"""Calls without a key, and guesses at one, are counted by network; those with a key by key."""

from datetime import timedelta

import pytest

from waywarden.api import floods
from waywarden.api.tests.test_open311 import ROOT, errors_of, get, key_for
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater
from waywarden.reports.models import Report
from waywarden.users.models import ApiKey

pytestmark = pytest.mark.django_db


def use_up(network, *, but=0):
    for _one in range(floods.CALLS_A_MINUTE - but):
        floods.count_call(network)


def ask(client, address, **query):
    return client.get(f"{ROOT}/services.json", query, REMOTE_ADDR=address)


def test_after_so_many_calls_a_network_must_wait_and_is_told_how_long():
    use_up("192.0.2.1")
    with pytest.raises(TryLater) as caught:
        floods.count_call("192.0.2.1")
    assert 0 < caught.value.after.total_seconds() <= 60
    floods.count_call("192.0.2.2")


def test_a_flood_without_a_key_is_a_429_for_that_network_only(client, town):
    use_up("192.0.2.1")
    answer = ask(client, "192.0.2.1")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert errors_of(answer)[0][0] == "429"
    assert ask(client, "192.0.2.2").status_code == 200


def test_neighbours_of_one_ipv6_network_are_counted_together(client, town):
    use_up("2001:db8:1:2::/64")
    assert ask(client, "2001:db8:1:2::aa").status_code == 429
    assert ask(client, "2001:db8:1:3::aa").status_code == 200


def test_a_good_key_is_counted_by_its_own_rate(client, town):
    use_up("192.0.2.1")
    assert ask(client, "192.0.2.1", api_key=key_for()).status_code == 200


def test_who_guesses_keys_is_stopped_too(client, town):
    assert ask(client, "192.0.2.1", api_key="guess").status_code == 403
    use_up("192.0.2.1", but=1)
    assert ask(client, "192.0.2.1", api_key="guess").status_code == 429


def test_calls_past_the_rate_are_a_429_that_says_when(client, town):
    key = key_for(rate_per_minute=2)
    assert [get(client, "services.json", api_key=key).status_code for _ in range(2)] == [200, 200]
    answer = get(client, "services.json", api_key=key)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert errors_of(answer)[0][0] == "429"
    ApiKey.objects.update(minute_began_at=clock.now() - timedelta(seconds=61))
    assert get(client, "services.json", api_key=key).status_code == 200
    assert get(client, "services.json").status_code == 200
    assert Report.objects.count() == 0
