"""What follows from a fact, through the real services and the real queue."""

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.events.services import Actor, Fact, record
from waywarden.notifications.models import Alert, Questionnaire
from waywarden.reports import services
from waywarden.reports.author_services import withdraw_report
from waywarden.reports.models import ReportBody, Update
from waywarden.reports.services import NewReport
from waywarden.reports.update_services import NewUpdate, create_update
from waywarden.sending.models import Delivery
from waywarden.sending.moving_services import move_report
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place():
    return town.build()


def lamp(**change):
    values = {
        "title": "Dark", "detail": "", "category_name": "Street light", "lat": town.LAT,
        "lon": town.LON, "email": "rosa@example.org", "name": "Rosa",
    }  # fmt: skip
    return NewReport(**values | change)


def queued():
    return sorted(ProcrastinateJob.objects.values_list("task_name", flat=True))


def test_a_report_of_somebody_not_signed_in_is_asked_about_by_mail_and_goes_nowhere(place):
    services.create_report(lamp(), user=None)
    assert queued() == ["mail_report_confirmation"]
    assert not Delivery.objects.exists()


def test_a_confirmed_report_has_its_delivery_and_its_lane_is_woken(place):
    report = services.create_report(lamp(), user=place.rosa)
    assert Delivery.objects.get().report == report
    assert queued() == ["drain_lane", "tell_of_reports"]


def test_the_delivery_and_the_confirmation_are_one_transaction(place, monkeypatch):
    report = services.create_report(lamp(), user=None)

    def fails(*_arguments, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr("waywarden.sending.services.Delivery.objects.bulk_create", fails)
    with pytest.raises(ZeroDivisionError):
        services.confirm_report(report.pk, user=place.rosa)
    report.refresh_from_db()
    assert report.state == "unconfirmed"
    assert not Delivery.objects.exists()


def test_a_withdrawn_report_is_not_sent(place):
    report = services.create_report(lamp(), user=place.rosa)
    withdraw_report(report.pk, user=place.rosa)
    assert Delivery.objects.get().state == Delivery.State.CANCELLED


def test_a_reporter_follows_what_they_published_and_it_is_told_once(place):
    report = services.create_report(lamp(), user=None)
    assert not Alert.objects.exists()
    assert services.confirm_report(report.pk, user=place.rosa)
    assert not services.confirm_report(report.pk, user=place.rosa)
    alert = Alert.objects.get()
    assert (alert.user, alert.report, alert.frequency) == (place.rosa, report, "instant")


def test_a_persons_update_is_told_to_those_who_follow_the_report(place):
    report = place.report()
    new = NewUpdate(report_id=report.pk, text="Still dark.", email="", name="Oskar")
    update = create_update(new, user=place.oskar)
    job = ProcrastinateJob.objects.get(task_name="tell_of_updates")
    assert job.args == {"update_ids": [update.pk], "quiet": []}


@pytest.mark.parametrize("suppressed", [False, True])
def test_a_connection_may_keep_the_reporter_from_being_told(place, suppressed):
    update = Update.objects.create(
        report=place.report(), body=place.county, text="Done.", visibility="shown",
        created="2026-03-01T12:00Z",
    )  # fmt: skip
    with transaction.atomic():
        record(Fact("update.fetched", "update", update.pk, data={"suppress_reporter": suppressed}))
    job = ProcrastinateJob.objects.get(task_name="tell_of_updates")
    assert job.args["quiet"] == ([update.pk] if suppressed else [])


@pytest.mark.parametrize("tells", [True, False])
def test_a_body_that_has_a_report_is_told_to_its_reporter_where_its_switch_says_so(place, tells):
    report = place.report()
    Body.objects.filter(pk=place.county.pk).update(tells_when_sent=tells)
    with transaction.atomic():
        record(Fact("report.sent", "report", report.pk, data={"body": place.county.pk}))
    jobs = ProcrastinateJob.objects.filter(task_name="mail_report_sent")
    wanted = [{"report_id": report.pk, "body_id": place.county.pk}] if tells else []
    assert [job.args for job in jobs] == wanted


def test_photos_that_a_fetched_update_names_are_fetched_apart(place):
    update = Update.objects.create(
        report=place.report(), body=place.county, text="Done.", visibility="shown",
        created="2026-03-01T12:00Z", extras={"media_urls": ["https://works.example/1.jpg"]},
    )  # fmt: skip
    with transaction.atomic():
        record(
            Fact(
                "update.fetched", "update", update.pk, data={"suppress_reporter": True, "photos": 1}
            )
        )
    assert queued() == ["fetch_update_photos", "tell_of_updates"]


def test_photos_of_imported_problems_are_fetched_behind_all_other_work(place):
    named = {"media_urls": ["https://works.example/1.jpg"]}
    ids = [place.report().pk for _one in range(3)]
    ReportBody.objects.filter(report__in=ids[:2]).update(extras=named)
    with transaction.atomic():
        record(Fact("reports.imported", "body", place.county.pk, data={"reports": ids}))
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, sorted(job.args["report_ids"])) == ("fetch_imported_photos", ids[:2])
    assert job.priority < 0


@pytest.mark.parametrize("kind", ["report.fetched", "reports.imported"])
def test_nobody_is_mailed_or_asked_about_problems_born_in_a_bodys_system(place, kind):
    """integration.md 4: no questionnaire, no mail; their later updates are told as others."""
    report = place.report()
    with transaction.atomic():
        record(Fact(kind, "body", place.county.pk, data={"reports": [report.pk]}))
    assert queued() == []
    assert not Questionnaire.objects.exists()
    update = Update.objects.create(
        report=report, body=place.county, text="Done.", visibility="shown",
        created="2026-03-01T12:00Z",
    )  # fmt: skip
    with transaction.atomic():
        record(Fact("update.fetched", "update", update.pk, data={}))
    assert queued() == ["tell_of_updates"]


@pytest.fixture
def in_shadow(place):
    """The body of the lamps has a connection in shadow that is sent updates."""
    new = Connection.objects.create(
        name="New server", kind="open311", options={"endpoint": "https://new.example/"},
        sends_updates=True,
    )  # fmt: skip
    Body.objects.filter(categories__name="Street light").update(shadow_connection=new)
    return new


def test_reports_and_updates_are_rehearsed_where_a_connection_is_in_shadow(place, in_shadow):
    report = services.create_report(lamp(), user=place.rosa)
    new = NewUpdate(report_id=report.pk, text="It flickers.", email="", name="Rosa")
    update = create_update(new, user=place.rosa)
    assert [job.args for job in rehearsals()] == [
        {"report_id": report.pk}, {"update_id": update.pk}
    ]  # fmt: skip


def test_a_report_that_staff_move_is_rehearsed_as_news_or_as_a_report_of_another_body(
    place, in_shadow
):
    report = services.create_report(lamp(), user=place.rosa)
    row = ReportBody.objects.get(report=report)
    other = Category.objects.create(body=row.body, name="Lamp post", slug="lamp-post")
    elsewhere = Body.objects.create(name="Next", slug="next", shadow_connection=in_shadow)
    there = Category.objects.create(body=elsewhere, name="Lamps", slug="lamps")
    by = Actor("user", place.ines.pk)

    move_report(report.pk, from_body_id=row.body_id, category_id=other.pk, by=by)
    move_report(report.pk, from_body_id=row.body_id, category_id=there.pk, by=by)

    said = Update.objects.earliest("id")
    assert [job.args for job in rehearsals()][1:] == [
        {"update_id": said.pk}, {"report_id": report.pk}
    ]  # fmt: skip


def rehearsals():
    return ProcrastinateJob.objects.filter(task_name__startswith="rehearse").order_by("id")
