"""What is stuck is listed and settled by hand, beside a running server."""

import pytest

from waywarden.adapters import stuck
from waywarden.adapters.app import hold
from waywarden.adapters.contract import BadRow, CannotAsk, StepDraft
from waywarden.adapters.store import Post, Standing, Store
from waywarden.adapters.tests.memory import MemorySystem, provider_of
from waywarden.kernel.errors import Misconfigured, RuleBroken, Unknown
from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError

CALL = Call("east", "key")
NEW = types.NewRequest("HOLE", lat=60.0, long=25.0, attributes={"fixmystreet_id": ("77",)})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def system():
    class Deaf(MemorySystem):
        def find_report(self, _report, _since):
            raise CannotAsk

    return Deaf(late=Unknown("lost"), drafts=(StepDraft("photo 1"),))


@pytest.fixture
def provider(system, store):
    found = provider_of(system, store)
    with pytest.raises(ProviderError):
        found.create_request(CALL, NEW)
    return found


def test_an_unsure_post_that_arrived_is_answered_and_its_photos_follow(provider, system, store):
    (one,) = stuck.all_stuck(store)
    assert (one.kind, one.jurisdiction, one.key) == ("unsure", "east", "request id:77")
    stuck.settle(store, stuck.named(store, one.key), answer="R1")
    assert stuck.all_stuck(store) == []
    assert provider.create_request(CALL, NEW).service_request_id == "R1"
    assert len(system.reports) == 1
    provider.take_steps()
    assert [step.report_id for step in system.taken] == ["R1"]


def test_an_unsure_post_that_did_not_arrive_is_sent_again(provider, system, store):
    system.reports.clear()
    system.late = None
    stuck.settle(store, stuck.named(store, "request id:77"), answer="")
    assert provider.create_request(CALL, NEW).service_request_id == "R1"


def test_what_is_not_unsure_cannot_be_settled(provider, store):
    one = stuck.named(store, "request id:77")
    stuck.settle(store, one, answer="")
    with pytest.raises(RuleBroken):
        stuck.settle(store, one, answer="R1")
    with pytest.raises(RuleBroken):
        stuck.named(store, "request id:78")


def test_rows_set_aside_are_listed(provider, store):
    provider.frame.kept.set_aside("update", BadRow("9", "no date"))
    assert [one.words for one in stuck.all_stuck(store)] == [
        "it may have arrived",
        "no date (1 times)",
    ]


def test_looking_leaves_what_is_being_sent_alone(tmp_path):
    server = Store(tmp_path / "store")
    post = Post("east", "request", "id:7")
    assert server.claim(post).standing is Standing.FRESH
    Store(tmp_path / "store", is_ours=False)
    assert server.claim(post).standing is Standing.BUSY


def test_two_servers_do_not_share_a_store(tmp_path):
    hold(tmp_path / "store")
    with pytest.raises(Misconfigured, match="Another adapter server"):
        hold(tmp_path / "store")
