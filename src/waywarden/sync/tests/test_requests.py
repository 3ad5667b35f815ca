"""Problems born in a body's system become reports."""

from datetime import timedelta

import pytest

from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.connections.services import open_backend
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.moving_services import forget_reference
from waywarden.sync import requests
from waywarden.sync.models import SetAside
from waywarden.sync.source import Source
from waywarden.sync.tests.conftest import make_area, make_body, request, update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


def take(connection, *rows, bodies, dry_run=False):
    source = Source(
        connection=connection, backend=open_backend(connection).backend, bodies=tuple(bodies)
    )
    return requests.take_in(rows, source=source, dry_run=dry_run)


@pytest.fixture
def take_in(connection, body, category):
    return lambda *rows, **options: take(connection, *rows, bodies=[body], **options)


def test_a_row_becomes_a_report_by_the_update_user_and_nobody_is_mailed(
    take_in, connection, body, category, mailoutbox
):
    row = request(
        "R7",
        description="A hole.",
        address="12 High Street",
        status="in_progress",
        status_notes="Crew booked.",
        media_urls=("https://example.org/a.jpg",),
        updated_datetime=clock.now() - timedelta(minutes=5),
    )
    counts = take_in(row)
    assert (counts.rows, counts.new) == (1, 1)
    report = Report.objects.get()
    assert (report.title, report.detail) == ("Pothole problem", "A hole.")
    assert (report.category_name, report.group, report.state) == (
        "Potholes",
        "Roads",
        "in progress",
    )
    assert (report.user, report.source) == (connection.update_user, "backend")
    assert report.created == report.confirmed_at == row.requested_datetime
    assert report.state_changed_at == row.updated_datetime
    assert report.nearest_address == "12 High Street"
    assert report.area_ids == [body.areas.get().pk]
    assert not report.is_private
    at_body = ReportBody.objects.get()
    assert (at_body.body, at_body.category, at_body.external_id) == (body, category, "R7")
    assert at_body.sent_at == row.requested_datetime
    assert at_body.extras["status_notes"] == "Crew booked."
    assert at_body.extras["media_urls"] == ["https://example.org/a.jpg"]
    assert mailoutbox == []


def test_a_row_cannot_bring_marks_of_ours(take_in):
    take_in(request("R1", extras={"photos_fetched": "1", "media_urls": "x", "priority": "2"}))
    extras = ReportBody.objects.get().extras
    assert extras["priority"] == "2"
    assert not extras.keys() & {"photos_fetched", "media_urls"}


def test_a_batch_is_one_fact_and_plans_no_delivery(take_in, body):
    take_in(request("R1"), request("R2"))
    fact = Event.objects.get()
    assert (fact.kind, fact.subject_kind, fact.subject_id) == ("report.fetched", "body", body.pk)
    assert sorted(fact.data["reports"]) == sorted(Report.objects.values_list("pk", flat=True))


def test_a_known_id_is_skipped(take_in, report):
    take_in(request("R1"))
    counts = take_in(request("R1"), request("4711"), request("R2"), request("R2"))
    assert (counts.new, counts.repeated) == (1, 3)


def test_a_known_id_of_the_system_before_is_skipped_too(take_in, body, report):
    """An adapter replaced by the body's own server, through another connection (issue 4, 9)."""
    forget_reference(ReportBody.objects.get())
    other = Connection.objects.create(name="Own server", kind="memory")
    assert take(other, request("4711"), bodies=[body]).repeated == 1
    assert take_in(request("4711")).repeated == 1
    assert list(Report.objects.all()) == [report]


def test_a_report_of_ours_mirrored_back_is_recognised_and_gets_its_reference(take_in, make_report):
    report = make_report(external_id="")
    counts = take_in(request("R9", extras={"fixmystreet_id": str(report.pk)}))
    assert (counts.new, counts.repeated) == (0, 1)
    assert ReportBody.objects.get().external_id == "R9"
    assert Report.objects.count() == 1


def test_a_report_of_ours_that_is_listed_before_its_reference_is_here_is_known_by_its_link(
    take_in, make_report, settings
):
    """A slow answer, a lost one, a token: the body has the report, and we not its number yet."""
    settings.WAYWARDEN_BASE_URL = "https://ways.example"
    report = make_report(external_id="", sent_at=None)
    sent = f"Deep pothole\n\nA hole.\n\nurl: https://ways.example/report/{report.pk}"
    counts = take_in(request("R9", description=sent))
    assert (counts.new, counts.repeated) == (0, 1)
    assert ReportBody.objects.get().external_id == "R9"


@pytest.mark.parametrize(
    "words",
    [
        "url: https://ways.example/report/123456",  # there is no such report
        "url: https://other.example/report/{number}",
        "url: https://ways.example/report/{number}/correct",
        "As on https://ways.example/report/{number}, says a person.",
    ],
)
def test_a_link_that_we_did_not_put_there_makes_a_problem_no_report_of_ours(
    take_in, make_report, settings, words
):
    settings.WAYWARDEN_BASE_URL = "https://ways.example"
    report = make_report(external_id="")
    assert take_in(request("R9", description=words.format(number=report.pk))).new == 1
    assert ReportBody.objects.get(report=report).external_id == ""


def test_an_update_that_came_before_its_problem_is_applied_with_it(
    take_in, body, django_capture_on_commit_callbacks
):
    row = update(service_request_id="R1", status="fixed")
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert SetAside.objects.filter(settled_at=None).count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        take_in(request("R1"))
    assert Report.objects.get().state == "fixed - council"
    assert not SetAside.objects.filter(settled_at=None).exists()


def test_rows_from_before_a_problems_last_change_do_not_undo_the_state_it_came_with(take_in, body):
    moment = clock.now()
    take_in(request("R1", status="closed", updated_datetime=moment - timedelta(minutes=5)))
    rows = [
        update("u1", service_request_id="R1", status="unchanged", minutes_ago=50),
        update("u2", service_request_id="R1", status="in_progress", minutes_ago=40),
        update("u3", service_request_id="R1", status="investigating", minutes_ago=30),
    ]
    for row in rows:
        take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert Report.objects.get().state == "closed"


def test_a_number_that_is_not_ours_makes_a_report(take_in):
    assert take_in(request("R9", extras={"fixmystreet_id": "123456"})).new == 1


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"lat": None, "long": None}, "no_place", "It has no place."),
        ({"lat": 100.0, "long": 100.0}, "no_place", "Its place, 100.0, 100.0, is not on earth."),
        (
            {"lat": 60.0, "long": 25.0},
            "outside",
            "Its place, 60.000000, 25.000000, is outside the body’s areas.",
        ),
    ],
)
def test_a_row_without_a_fitting_place_is_set_aside_with_its_reason(take_in, fields, reason, words):
    counts = take_in(request("bad", **fields), request("good"))
    assert (counts.new, counts.set_aside) == (1, 1)
    assert [(one.row_id, one.reason) for one in counts.skipped] == [("bad", words)]
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason, aside.words) == ("bad", reason, words)


def test_a_row_set_aside_that_fits_by_now_becomes_a_report(take_in, body):
    row = request("R1", lat=60.5, long=25.5)
    take_in(row)
    assert take_in(row).repeated == 1
    body.areas.add(make_area(code="far", west=25, south=60))
    assert take_in(row).new == 1
    assert SetAside.objects.get().settled_as == "applied"


def test_a_row_without_an_id_is_skipped_and_not_kept(take_in):
    counts = take_in(request(""))
    assert (counts.new, counts.ignored, counts.set_aside) == (0, 1, 0)
    assert counts.skipped[0].reason == "It has no id (it may still come)."
    assert not SetAside.objects.exists()


def test_the_id_0_is_an_id(take_in):
    assert take_in(request("0")).new == 1


def test_a_service_nobody_has_goes_to_other_and_is_listed(take_in, body):
    counts = take_in(request("R1", service_code="X", service_name="Graffiti"), request("R2"))
    assert dict(counts.unmatched) == {("X", "Graffiti"): 1}
    assert dict(counts.matched) == {"Potholes": 1}
    report = Report.objects.get(category_name="Other")
    assert report.title == "Graffiti problem"
    assert report.at_bodies.get().category is None


def test_other_is_the_bodys_own_category_where_it_has_one(take_in, body):
    other = Category.objects.create(body=body, name="Other", slug="other")
    take_in(request("R1", service_code="X"))
    assert ReportBody.objects.get().category == other


@pytest.mark.parametrize("way", ["row", "category"])
def test_private_comes_from_the_row_or_the_category(take_in, category, way):
    Category.objects.filter(pk=category.pk).update(is_private=way == "category")
    take_in(request("R1", non_public=way == "row"))
    assert Report.objects.get().is_private


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"title": " Deep  hole "}, "Deep hole"),
        ({}, "Pothole problem"),
        ({"service_name": ""}, "Potholes problem"),
        ({"service_name": "", "service_code": ""}, "Problem"),
    ],
)
def test_the_title(take_in, fields, title):
    take_in(request("R1", **fields))
    assert Report.objects.get().title == title


def test_a_missing_or_future_date_becomes_the_time_of_fetching_and_is_reported(take_in):
    ahead = clock.now() + timedelta(days=2)
    counts = take_in(
        request("R1", requested_datetime=None), request("R2", requested_datetime=ahead)
    )
    assert {deviation.code for deviation in counts.deviations} == {
        "request-without-date",
        "request-in-the-future",
    }
    for report in Report.objects.all():
        assert abs(report.created - clock.now()) < timedelta(minutes=1)


def test_an_unknown_status_is_open_and_is_reported(take_in):
    counts = take_in(request("R1", status="bananas"))
    assert Report.objects.get().state == "confirmed"
    assert [deviation.code for deviation in counts.deviations] == ["unknown-status"]


def test_a_status_the_connection_drops_is_skipped_with_its_reason(take_in):
    counts = take_in(request("R1", status="spam"))
    assert (counts.new, counts.ignored) == (0, 1)
    assert counts.skipped[0].reason == "The connection drops its status, spam."


def test_with_two_bodies_the_place_and_the_service_decide(connection, body, category):
    other = make_body(name="Borchester District Council", connection=connection)
    other.areas.add(body.areas.get())
    lamps = Category.objects.create(body=other, name="Lamps", slug="lamps", service_code="LMP")
    take(connection, request("R1"), request("R2", service_code="LMP"), bodies=[body, other])
    rows = {row.external_id: (row.body, row.category) for row in ReportBody.objects.all()}
    assert rows == {"R1": (body, category), "R2": (other, lamps)}


def test_a_dry_run_tells_and_keeps_nothing(take_in):
    counts = take_in(request("R1"), request("R2", lat=None), dry_run=True)
    assert (counts.new, counts.set_aside) == (1, 1)
    assert not Report.objects.exists()
    assert not SetAside.objects.exists()


def test_one_bad_row_costs_itself_only(take_in, monkeypatch):
    from waywarden.sync import request_services

    sound = request_services.store_fetched_reports

    def breaks(rows, **context):
        if any(row.external_id == "R2" for row in rows):
            raise ValueError(rows)
        return sound(rows, **context)

    monkeypatch.setattr(request_services, "store_fetched_reports", breaks)
    counts = take_in(request("R1"), request("R2"), request("R3"))
    assert (counts.new, counts.set_aside) == (2, 1)
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason) == ("R2", "failed")
    assert Report.objects.count() == 2
