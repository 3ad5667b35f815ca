"""A report that goes on under another category or at another body, and who is told."""

import pytest

from waywarden.connections.models import Connection
from waywarden.events.services import Actor
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.moving_services import Changes
from waywarden.sending import moving_services, services
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

State = Delivery.State
INES = Actor("user", None)
pytestmark = pytest.mark.django_db


def states(report):
    return list(report.deliveries.order_by("id").values_list("body__slug", "state", "cause"))


def test_a_change_inside_a_connection_tells_the_new_service_code_by_an_update(town, fake, lane):
    report = town.report()
    drain(lane)

    lanes = moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=town.trees.pk, by=INES
    )

    assert lanes == {lane}
    drain(lane)
    (told,) = fake.memory.updates_in
    assert (told.service_request_id, told.service_code) == ("4711", "TREE")
    assert "Potholes" in told.description
    assert "Fallen trees" in told.description
    assert len(fake.memory.requests) == 1
    report.refresh_from_db()
    assert report.category_name == "Fallen trees"
    assert town.row(report).external_id == "4711"


def test_a_change_before_it_was_sent_sends_it_once_under_the_new_code(town, fake, lane, settings):
    settings.WAYWARDEN_HOLD_SECONDS = 300
    report = town.report()

    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=town.trees.pk, by=INES
    )
    drain(lane)

    (kept,) = fake.memory.requests.values()
    assert kept.new.service_code == "TREE"
    assert fake.memory.updates_in == []


def test_a_move_to_another_body_makes_a_delivery_there_and_tells_the_old_one(
    town, fake, lane, district
):
    report = town.report()
    drain(lane)

    lanes = moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=district.pk, by=INES
    )

    assert lanes == {lane, Lane(None, report.pk % 2)}
    drain(lane)
    drain(Lane(None, report.pk % 2))
    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]
    assert states(report) == [
        ("council", State.SENT, ""),
        ("district", State.SENT, ""),
        ("council", State.SENT, ""),
    ]
    assert town.row(report).left_at is not None
    assert ReportBody.objects.get(report=report, body=district.body).sent_by == "email"


def test_a_body_that_takes_no_updates_is_told_nothing(town, fake, lane, district):
    Connection.objects.update(sends_updates=False)
    report = town.report()
    drain(lane)

    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=district.pk, by=INES
    )

    assert not Delivery.objects.filter(report=report, update__isnull=False).exists()


def test_a_move_to_another_connection_of_one_body_goes_anew_and_the_old_desk_is_told(
    town, fake, lane
):
    report = town.report()
    drain(lane)

    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=town.lights.pk, by=INES
    )
    drain(Lane(None, report.pk % 2))
    drain(lane)

    row = town.row(report)
    assert (row.sent_by, row.external_id) == ("email", "")
    assert list(report.other_references.values_list("external_id", flat=True)) == ["4711"]
    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]
    assert Delivery.objects.get(report=report, generation=2).state == State.SENT


def test_what_the_old_body_still_says_does_not_change_the_state(town, lane, district):
    from waywarden.kernel import clock
    from waywarden.reports.fetched_services import Credit, FetchedUpdate, apply_updates

    report = town.report()
    drain(lane)
    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=district.pk, by=INES
    )

    apply_updates(
        [
            FetchedUpdate(
                report_id=report.pk,
                body_id=town.council.pk,
                update_id="U1",
                said_at=clock.now(),
                state="closed",
                text="Not ours.",
            )
        ],
        credit=Credit(connection_id=town.connection.pk, sent_by="open311", user_id=None),
    )

    report.refresh_from_db()
    assert report.state == "confirmed"


def test_reroute_cancels_the_dead_letter_and_sends_it_to_the_other_body(
    town, fake, lane, district, facts
):
    fake.switches.refuses = 404
    report = town.report()
    drain(lane)
    delivery = town.delivery(report)

    lanes = moving_services.reroute(delivery.pk, category_id=district.pk, by=INES)

    assert lanes == {Lane(None, report.pk % 2)}
    assert states(report) == [
        ("council", State.CANCELLED, "rerouted"),
        ("district", State.QUEUED, ""),
    ]
    assert not ReportBody.objects.filter(report=report, body=town.council).exists()
    assert facts("delivery.rerouted")[0].data["report"] == report.pk


def test_what_is_on_its_way_is_not_rerouted(town, district):
    delivery = town.delivery(town.report())
    Delivery.objects.update(state=State.SENDING)

    with pytest.raises(RuleBroken):
        moving_services.reroute(delivery.pk, category_id=district.pk)
    with pytest.raises(RuleBroken):
        moving_services.move_report(
            delivery.report_id, from_body_id=town.council.pk, category_id=district.pk
        )

    assert Report.objects.get().category_name == "Potholes"


def test_an_update_is_not_rerouted_and_a_report_not_to_where_it_is(town, district):
    report = town.report()
    update = town.delivery(report, town.update(report))

    with pytest.raises(RuleBroken):
        moving_services.reroute(update.pk, category_id=district.pk)
    with pytest.raises(RuleBroken):
        moving_services.reroute(town.delivery(report).pk, category_id=town.potholes.pk)


def test_a_report_of_two_bodies_is_not_moved_to_the_one_that_has_it(town, district):
    report = town.report()
    ReportBody.objects.create(report=report, body=district.body, category=district)

    with pytest.raises(RuleBroken):
        moving_services.move_report(
            report.pk, from_body_id=town.council.pk, category_id=district.pk
        )


def test_edit_and_retry_goes_with_new_words_and_a_new_key(town, fake, lane, facts):
    fake.switches.refuses = 400
    report = town.report()
    drain(lane)
    Delivery.objects.update(state=State.REFUSED, cause="refused")
    before = town.delivery(report)
    fake.switches.refuses = 0

    moving_services.edit_and_retry(
        before.pk, changes=Changes(title="Pothole, wide", lat=52.3, lon=-1.6), by=INES
    )
    drain(lane)

    after = town.delivery(report)
    assert (after.state, after.generation) == (State.SENT, 2)
    assert after.key != before.key
    (kept,) = fake.memory.requests.values()
    assert "Pothole, wide" in kept.new.description
    assert (kept.new.lat, kept.new.long) == (52.3, -1.6)
    assert facts("report.edited")[0].data["before"] == {
        "title": "Deep pothole",
        "lat": 52.2,
        "lon": -1.5,
    }


def test_edit_and_retry_under_another_category(town, fake, lane):
    fake.switches.refuses = 404
    report = town.report()
    drain(lane)
    fake.switches.refuses = 0

    moving_services.edit_and_retry(town.delivery(report).pk, category_id=town.trees.pk, by=INES)
    drain(lane)

    assert [kept.new.service_code for kept in fake.memory.requests.values()] == ["TREE"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (Changes(title=" "), "title"),
        (Changes(title="a@b.org"), "title"),
        (Changes(lat=99, lon=0), "place"),
    ],
)
def test_a_wrong_edit_changes_nothing(town, changes, field):
    report = town.report()
    Delivery.objects.update(state=State.REFUSED)

    with pytest.raises(RuleBroken) as caught:
        moving_services.edit_and_retry(town.delivery(report).pk, changes=changes)

    assert caught.value.field == field
    assert town.delivery(report).state == State.REFUSED


def test_what_may_have_arrived_is_not_edited(town):
    delivery = town.delivery(town.report())
    Delivery.objects.update(state=State.HELD, cause="unknown")

    with pytest.raises(RuleBroken):
        moving_services.edit_and_retry(delivery.pk, changes=Changes(title="Other"))

    assert Report.objects.get().title == "Deep pothole"


def test_resending_is_a_new_generation_with_its_own_key_and_leaves_what_is_on_its_way(town, lane):
    sent, waiting = town.report(), town.report()
    Delivery.objects.filter(report=sent).update(state=State.SENT)

    moving_services.resend([sent.pk, waiting.pk], body_id=town.council.pk)

    first, second = sent.deliveries.order_by("generation")
    assert (first.state, second.state, second.generation) == (State.SENT, State.QUEUED, 2)
    assert first.key != second.key
    assert waiting.deliveries.count() == 1


def test_news_for_a_body_the_report_has_left_is_retried_as_it_was(town, fake, lane, district):
    report = town.report()
    drain(lane)
    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=district.pk, by=INES
    )
    news = Delivery.objects.get(update=Update.objects.get())
    Delivery.objects.filter(pk=news.pk).update(state=State.REFUSED)

    services.retry(news.pk)
    drain(lane)

    assert [told.service_request_id for told in fake.memory.updates_in] == ["4711"]


def test_what_may_have_arrived_under_the_old_code_is_told_the_new_one_once_it_is_found(
    town, fake, lane
):
    fake.switches.lost_reply = True
    report = town.report()
    drain(lane)
    fake.switches.lost_reply = False
    assert town.delivery(report).state == State.UNKNOWN

    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=town.trees.pk, by=INES
    )
    for _turn in (1, 2):
        Delivery.objects.filter(state=State.UNKNOWN).update(due_at="2026-01-01T00:00Z")
        drain(lane)

    assert len(fake.memory.requests) == 1
    (told,) = fake.memory.updates_in
    assert (told.service_request_id, told.service_code) == ("4711", "TREE")


def test_a_body_that_may_have_it_keeps_its_row_when_the_report_moves_on(town, district):
    report = town.report()
    Delivery.objects.update(state=State.PENDING, token="T1")

    moving_services.move_report(
        report.pk, from_body_id=town.council.pk, category_id=district.pk, by=INES
    )

    assert town.row(report).left_at is not None
