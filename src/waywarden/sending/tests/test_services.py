"""Planning deliveries, and what people do with them by hand."""

from datetime import timedelta

import pytest

from waywarden.bodies.models import Body, Category
from waywarden.events.services import Actor
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import ReportBody, Update
from waywarden.sending import services
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.queries import for_report, is_report_held, lanes_due, next_due, stuck

State = Delivery.State
pytestmark = pytest.mark.django_db


def test_planning_twice_makes_one_delivery(town):
    report = town.report()

    services.plan_reports([report.pk])

    assert Delivery.objects.filter(report=report).count() == 1


def test_a_report_of_two_bodies_has_a_delivery_for_each(town):
    district = Body.objects.create(name="District", slug="district")
    litter = Category.objects.create(
        body=district, name="Potholes", slug="potholes", emails=["district@example.org"]
    )
    report = town.report(plan=False)
    ReportBody.objects.create(report=report, body=district, category=litter)

    lanes = services.plan_reports([report.pk])

    assert lanes == {Lane(town.connection.pk, 0), Lane(None, report.pk % 2)}
    assert {one.body_id: one.connection_id for one in report.deliveries.all()} == {
        town.council.pk: town.connection.pk,
        district.pk: None,
    }


def test_a_report_is_held_for_a_while(town, settings):
    settings.WAYWARDEN_HOLD_SECONDS = 300
    before = clock.now()

    delivery = town.delivery(town.report())

    assert timedelta(seconds=299) < delivery.due_at - before < timedelta(seconds=302)
    assert lanes_due(before) == frozenset()
    assert next_due(Lane(town.connection.pk, 0)) == delivery.due_at


@pytest.mark.parametrize("state", ["unconfirmed", "hidden", "cancelled"])
def test_what_nobody_may_see_or_was_withdrawn_is_not_planned(town, state):
    report = town.report(state=state)

    assert not report.deliveries.exists()


def test_a_private_report_is_planned_like_any_other(town):
    assert town.delivery(town.report(is_private=True)).state == State.QUEUED


def test_a_report_that_the_body_has_already_is_not_planned(town):
    report = town.report(plan=False)
    ReportBody.objects.filter(report=report).update(external_id="77")

    assert services.plan_reports([report.pk]) == frozenset()
    assert not report.deliveries.exists()


@pytest.mark.parametrize(
    ("slug", "values", "words"),
    [
        ("potholes", {"service_code": ""}, "Potholes: it has no service code."),
        ("lights", {"emails": []}, "Street lighting: it has no e-mail address."),
        ("lights", {"state": "unconfirmed"}, "is not confirmed yet"),
    ],
)
def test_a_category_without_an_address_holds_its_report_with_a_reason(town, slug, values, words):
    Category.objects.filter(slug=slug).update(**values)

    delivery = town.delivery(town.report(Category.objects.get(slug=slug)))

    assert (delivery.state, delivery.cause) == (State.HELD, "no_address")
    assert words in delivery.reason
    assert list(stuck()) == [delivery]
    assert [one.state for one in for_report(delivery.report_id)] == [State.HELD]


def test_the_own_choice_of_a_category_counts_only_where_contacts_can_be_devolved(town):
    devolved = town.delivery(town.report(town.lights))
    Body.objects.update(can_be_devolved=False)
    Category.objects.filter(pk=town.lights.pk).update(service_code="LIGHT")
    not_devolved = town.delivery(town.report(Category.objects.get(pk=town.lights.pk)))

    assert devolved.connection is None
    assert not_devolved.connection == town.connection


def test_updates_are_planned_where_the_connection_sends_them(town):
    report = town.report()
    update = town.update(report)
    mailed = town.report(town.lights)

    assert town.delivery(report, update).state == State.QUEUED
    assert not Delivery.objects.filter(update=town.update(mailed)).exists()


@pytest.mark.parametrize(
    "values", [{"visibility": "hidden"}, {"visibility": "unconfirmed"}, {"body": True}]
)
def test_updates_that_are_not_shown_or_are_a_bodys_own_are_not_planned(town, values):
    if "body" in values:
        values = {"body": town.council}

    assert not Delivery.objects.filter(update=town.update(town.report(), **values)).exists()


def test_a_withdrawn_report_goes_no_more(town):
    report = town.report()

    assert services.cancel_for(report.pk) == 1

    assert town.delivery(report).state == State.CANCELLED
    assert next_due(Lane(town.connection.pk, 0)) is None


@pytest.mark.parametrize("state", [State.SENT, State.SENDING, State.PENDING, State.UNKNOWN])
def test_withdrawing_does_not_undo_what_may_have_gone_out(town, state):
    report = town.report()
    Delivery.objects.update(state=state)

    assert services.cancel_for(report.pk) == 0

    assert town.delivery(report).state == state


def test_retry_goes_by_the_way_the_category_goes_now(town):
    Category.objects.filter(pk=town.potholes.pk).update(service_code="")
    report = town.report(Category.objects.get(pk=town.potholes.pk))
    Category.objects.filter(pk=town.potholes.pk).update(
        emails=["roads@example.org"], is_devolved_to_email=True
    )

    lane = services.retry(town.delivery(report).pk)

    delivery = town.delivery(report)
    assert (delivery.state, delivery.connection, delivery.reason) == (State.QUEUED, None, "")
    assert lane == Lane(None, delivery.lane)


def test_retry_of_what_may_have_arrived_looks_first(town):
    report = town.report()
    Delivery.objects.update(state=State.HELD, cause="unknown", attempts=9)

    services.retry(town.delivery(report).pk)

    assert (town.delivery(report).state, town.delivery(report).attempts) == (State.UNKNOWN, 0)


def test_retry_of_a_token_asks_about_it_again(town):
    report = town.report()
    Delivery.objects.update(state=State.HELD, cause="token", token="T1")

    services.retry(town.delivery(report).pk)

    assert town.delivery(report).state == State.PENDING


def test_retry_all_frees_the_dead_letters_of_one_body(town):
    other = Body.objects.create(name="Other", slug="other")
    mine, theirs = town.report(), town.report()
    Delivery.objects.update(state=State.REFUSED)
    Delivery.objects.filter(report=theirs).update(body=other)

    assert services.retry_all(town.council.pk) == {Lane(town.connection.pk, 0)}

    assert town.delivery(mine).state == State.QUEUED
    assert town.delivery(theirs).state == State.REFUSED


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.CANCELLED])
def test_hands_off_what_is_on_its_way_or_finished(town, state):
    delivery = town.delivery(town.report())
    Delivery.objects.update(state=state)

    with pytest.raises(RuleBroken):
        services.retry(delivery.pk)
    with pytest.raises(RuleBroken):
        services.give_up(delivery.pk, reason="why not")
    with pytest.raises(RuleBroken):
        services.mark_sent(delivery.pk, external_id="1")
    with pytest.raises(RuleBroken):
        services.hold(delivery.pk, reason="wait")


def test_marking_as_sent_stores_the_number_and_tells_it(town, facts):
    report = town.report()

    services.mark_sent(town.delivery(report).pk, external_id=" 99 ", by=Actor("user", 7))

    assert town.delivery(report).state == State.SENT
    assert town.row(report).external_id == "99"
    assert facts("report.sent")[0].data["external_id"] == "99"
    assert facts("delivery.marked_sent")[0].actor_id == 7


def test_a_number_that_another_report_has_is_not_taken(town):
    first, second = town.report(), town.report()
    services.mark_sent(town.delivery(first).pk, external_id="99")

    with pytest.raises(RuleBroken) as caught:
        services.mark_sent(town.delivery(second).pk, external_id="99")

    assert caught.value.field == "external_id"
    assert town.delivery(second).state == State.QUEUED


def test_giving_up_needs_a_reason_and_keeps_it(town, facts):
    delivery = town.delivery(town.report())

    with pytest.raises(RuleBroken):
        services.give_up(delivery.pk, reason="  ")
    services.give_up(delivery.pk, reason="Phoned it through.")

    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.CANCELLED, "Phoned it through.")
    assert facts("delivery.given_up")[0].subject_id == delivery.pk


def test_holding_and_sending_now(town, settings):
    settings.WAYWARDEN_HOLD_SECONDS = 300
    delivery = town.delivery(town.report())

    services.hold(delivery.pk, reason="Ask the clerk.")
    assert list(stuck()) == [delivery]
    lane = services.send_now(delivery.pk)

    assert lane in lanes_due(clock.now())


@pytest.mark.parametrize(
    "stands",
    [
        {"state": State.UNKNOWN},
        {"state": State.HELD, "cause": "unknown"},
        {"state": State.HELD, "cause": "duplicate_id"},
        {"state": State.PENDING, "token": "T1"},
        {"state": State.HELD, "cause": "token", "token": "T1"},
    ],
)
def test_what_may_have_arrived_is_looked_for_however_often_it_was_held(town, stands):
    report = town.report()
    delivery = town.delivery(report)
    Delivery.objects.update(**stands)

    for _time in range(2):
        services.hold(delivery.pk, reason="Wait for Monday.")
        assert not is_report_held(report)
    services.retry(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == (State.PENDING if "token" in stands else State.UNKNOWN)


def test_lanes_of_paused_connections_are_not_woken(town):
    town.report()
    now = clock.now()
    assert lanes_due(now) == {Lane(town.connection.pk, 0)}

    town.connection.is_paused = True
    town.connection.save()

    assert lanes_due(now) == frozenset()


def test_an_update_waits_for_its_report_and_for_earlier_updates(town):
    report = town.report()
    first, second = town.update(report), town.update(report, text="And grows.")
    lane = Lane(town.connection.pk, 0)

    def turn():
        from waywarden.sending.queries import in_lane

        return [one.update_id for one in in_lane(lane)]

    assert turn() == [None]
    services.mark_sent(town.delivery(report).pk, external_id="1")
    assert turn() == [first.pk]
    Delivery.objects.filter(update=first).update(state=State.REFUSED)
    assert turn() == [second.pk]


def test_an_update_hidden_meanwhile_is_not_sent(town):
    report = town.report()
    update = town.update(report)
    services.mark_sent(town.delivery(report).pk, external_id="1")
    Update.objects.update(visibility=Update.Visibility.HIDDEN)

    from waywarden.sending.claim_services import claim

    assert claim(Lane(town.connection.pk, 0), limit=10) == []
    assert town.delivery(report, update).state == State.CANCELLED
