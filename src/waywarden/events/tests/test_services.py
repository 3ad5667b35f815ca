"""Facts are written in the transaction that makes them true, and handlers hear of them."""

import pytest
from django.db import transaction

from waywarden.events import services
from waywarden.events.models import Event
from waywarden.events.services import Actor, Fact, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(services, "_now", services.defaultdict(list))
    monkeypatch.setattr(services, "_later", services.defaultdict(list))
    return []


def test_a_fact_outside_a_transaction_is_a_mistake(heard):
    with pytest.raises(RuntimeError, match="transaction"):
        record(Fact("thing.done", "thing", 1))


def test_a_batch_of_one_kind_is_handed_over_at_once_now_before_later(heard):
    services.on("thing.done", later=[lambda facts: heard.append(("later", len(facts)))])
    services.on("thing.done", now=[lambda facts: heard.append(("now", len(facts)))])
    with transaction.atomic():
        record(
            Fact("thing.done", "thing", 1),
            Fact("thing.done", "thing", 2),
            Fact("thing.lost", "thing", 3),
        )
    assert heard == [("now", 2), ("later", 2)]
    assert Event.objects.count() == 3


def test_a_handler_that_fails_undoes_the_fact(heard):
    def fails(facts):
        raise ValueError

    services.on("thing.done", now=[fails])
    with pytest.raises(ValueError), transaction.atomic():  # noqa: PT011 - the handler's own
        record(Fact("thing.done", "thing", 1))
    assert not Event.objects.exists()


def test_registering_twice_is_hearing_once(heard):
    handler = heard.append
    services.on("thing.done", now=[handler])
    services.on("thing.done", now=[handler])
    with transaction.atomic():
        record(Fact("thing.done", "thing", 1, actor=Actor("user", 7), data={"a": 1}))
    assert len(heard) == 1
    event = Event.objects.get()
    assert (event.actor_kind, event.actor_id, event.data) == ("user", 7, {"a": 1})
