"""A report moves on while nobody knows whether it had arrived where it was."""

import threading
import time

import pytest
from django.db import OperationalError, connections, transaction

from waywarden.events.services import Actor
from waywarden.kernel import clock
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import OtherReference, ReportBody
from waywarden.sending import moving_services, services
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

State = Delivery.State
INES = Actor("user", None)
pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(town, fake, lane):
    """A report that arrived at the council, whose answer was lost."""
    fake.switches.lost_reply = fake.switches.forgets_key = True
    report = town.report()
    drain(lane)
    fake.switches.lost_reply = False
    return report


def move(report, *, to):
    first = report.deliveries.get(update=None)
    moving_services.reroute(first.pk, category_id=to.pk, by=INES)
    Delivery.objects.update(due_at=clock.now())
    return first


def drain_all(lane):
    for one in (lane, Lane(None, 0), Lane(None, 1)):
        drain(one)


def test_the_old_body_is_asked_first_and_told_under_its_number(town, fake, lane, district, lost):
    first = move(lost, to=district)

    drain_all(lane)
    drain_all(lane)

    first.refresh_from_db()
    assert (first.state, first.external_id) == (State.SENT, "4711")
    assert len(fake.memory.requests) == 1
    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]
    assert OtherReference.objects.get().external_id == "4711"
    there = ReportBody.objects.get(report=lost, body=district.body)
    assert there.sent_by == "email"


def test_where_it_never_arrived_nobody_is_told_and_nothing_is_posted(
    town, fake, lane, district, lost
):
    drain(lane)
    town.report(title="Another one")
    drain(lane)
    fake.memory.requests.pop("4711")
    first = move(lost, to=district)

    drain_all(lane)

    first.refresh_from_db()
    assert (first.state, first.cause) == (State.CANCELLED, "rerouted")
    assert len(fake.memory.requests) == 1
    assert fake.memory.updates_in == []


def test_where_nothing_tells_it_is_held_in_words_and_a_person_settles_it(
    town, fake, lane, district, lost
):
    fake.switches.lists_nothing = True
    first = move(lost, to=district)
    drain_all(lane)

    first.refresh_from_db()
    assert (first.state, first.cause) == (State.HELD, "left_behind")
    assert "may have arrived here" in first.reason
    services.mark_sent(first.pk, external_id="4711", by=INES)
    drain_all(lane)

    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]
    assert len(fake.memory.requests) == 1


def test_a_retry_of_what_was_left_behind_only_asks_again(town, fake, lane, district, lost):
    fake.switches.lists_nothing = True
    first = move(lost, to=district)
    drain_all(lane)
    services.retry(first.pk, by=INES)

    drain_all(lane)

    first.refresh_from_db()
    assert first.state == State.HELD
    assert len(fake.memory.requests) == 1


def test_another_desk_of_the_same_body_gets_it_without_waiting_for_the_old_one(
    town, fake, lane, lost
):
    fake.switches.down = True
    move(lost, to=town.lights)
    drain_all(lane)

    assert town.row(lost).sent_by == "email"
    fake.switches.down = False
    Delivery.objects.update(due_at=clock.now())
    drain_all(lane)
    drain_all(lane)
    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]
    assert town.row(lost).external_id == ""


@pytest.mark.django_db(transaction=True)
def test_moving_by_hand_and_taking_in_never_wait_in_a_circle(town):
    """Both lock the report before its deliveries: in another order PostgreSQL breaks one off."""
    report = town.report()
    Delivery.objects.update(state=State.HELD)
    has_report, wrong = threading.Event(), []

    def take_in():
        try:
            with transaction.atomic():
                lock_reports([report.pk])
                has_report.set()
                time.sleep(0.5)  # the other one has begun by then
                Delivery.objects.filter(report=report).update(reason="Taken in.")
        except OperationalError as error:
            wrong.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=take_in)
    thread.start()
    assert has_report.wait(60)
    moving_services.reroute(town.delivery(report).pk, category_id=town.trees.pk, by=INES)
    thread.join()

    assert wrong == []
    assert town.delivery(report).category == town.trees


def test_a_report_that_is_withdrawn_after_it_moved_still_shows_that_it_may_be_there(
    town, fake, lane, district, lost
):
    fake.switches.lists_nothing = True
    first = move(lost, to=district)
    drain_all(lane)

    services.cancel_for(lost.pk)

    first.refresh_from_db()
    assert (first.state, first.cause) == (State.HELD, "left_behind")
