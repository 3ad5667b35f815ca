"""Problems born in a body's system are stored set-based, each once, under any number of writers."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.db.models import Sum

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.reports.fetched_report_services import (
    FetchedReport,
    adopt_external_ids,
    move_from_other,
    store_fetched_reports,
)
from waywarden.reports.fetched_services import Credit
from waywarden.reports.models import PinCount, Report, ReportBody
from waywarden.reports.states import State
from waywarden.users.services import create_update_user

HOUR = timedelta(hours=1)


@pytest.fixture
def credit(db):
    user = create_update_user(name="Borsetshire County Council", email="updates@example.org")
    connection = Connection.objects.create(name="Works", kind="open311")
    return Credit(connection_id=connection.pk, sent_by="open311", user_id=user.pk)


@pytest.fixture
def body(db):
    return Body.objects.create(name="Borsetshire County Council", slug="borsetshire")


def born(external_id="R1", **fields):
    at = clock.now() - HOUR
    values = {
        "title": "Lamp problem", "detail": "", "category_name": "Lamps", "category_id": None,
        "group": "", "lat": 51.5, "lon": -1.5, "area_ids": (), "nearest_address": "",
        "state": State.CONFIRMED, "status": "open", "is_private": False, "requested_at": at,
        "changed_at": at,
    } | fields  # fmt: skip
    return FetchedReport(external_id=external_id, **values)


def test_a_problem_comes_across_whole(body, credit):
    category = Category.objects.create(body=body, name="Lamps", slug="lamps")
    row = born(
        "R1",
        title="A  lamp is out",
        category_name="Lamps",
        category_id=category.pk,
        group="Lights",
        area_ids=(3, 5),
        state=State.FIXED_COUNCIL,
        status="fixed",
        is_private=True,
        extras={"note": "“seen”"},
    )
    (number,) = store_fetched_reports([row], body=body, credit=credit)
    report = Report.objects.get(pk=number)
    assert (report.title, report.category_name, report.group) == (
        "A lamp is out",
        "Lamps",
        "Lights",
    )
    assert (report.lat, report.lon) == (row.lat, row.lon)
    assert report.cell == Point(row.lat, row.lon).cell
    assert (report.state, report.is_private, report.area_ids) == ("fixed - council", True, [3, 5])
    assert (report.user_id, report.name, report.is_name_public) == (
        credit.user_id,
        body.name,
        True,
    )
    assert (report.source, report.is_placed, report.email) == (Report.Source.BACKEND, True, "")
    assert report.created == report.confirmed_at == row.requested_at
    assert report.state_changed_at == row.changed_at
    at_body = ReportBody.objects.get()
    assert (at_body.report_id, at_body.body, at_body.category) == (number, body, category)
    assert (at_body.external_id, at_body.sent_at, at_body.sent_by) == (
        "R1",
        row.requested_at,
        "open311",
    )
    assert (at_body.last_status, at_body.last_status_at) == ("fixed", row.changed_at)
    assert (at_body.extras, at_body.answers) == ({"note": "“seen”"}, {})


def test_a_batch_is_one_fact_and_nobody_is_mailed(body, credit, mailoutbox):
    made = store_fetched_reports([born("R1"), born("R2")], body=body, credit=credit)
    fact = Event.objects.get()
    assert (fact.kind, fact.subject_id, fact.data["reports"]) == ("report.fetched", body.pk, made)
    assert mailoutbox == []


def test_what_the_body_has_and_what_comes_twice_makes_nothing(body, credit):
    (first,) = store_fetched_reports([born("R1")], body=body, credit=credit)
    made = store_fetched_reports([born("R1"), born("R2"), born("R2")], body=body, credit=credit)
    assert len(made) == 1
    assert set(Report.objects.values_list("pk", flat=True)) == {first, *made}
    assert store_fetched_reports([born("R2")], body=body, credit=credit) == []
    assert Event.objects.count() == 2


def test_the_same_id_at_another_body_is_another_problem(body, credit):
    other = Body.objects.create(name="Borchester", slug="borchester")
    store_fetched_reports([born("R1")], body=body, credit=credit)
    assert len(store_fetched_reports([born("R1")], body=other, credit=credit)) == 1


def test_nothing_writes_nothing(body, credit):
    assert store_fetched_reports([], body=body, credit=credit) == []
    assert not Event.objects.exists()


def test_a_piece_that_is_taken_back_leaves_nothing_and_the_next_one_works(body, credit):
    with transaction.atomic():
        store_fetched_reports([born("R1")], body=body, credit=credit)
        transaction.set_rollback(True)
    assert not Report.objects.exists()
    assert len(store_fetched_reports([born("R1")], body=body, credit=credit)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_the_same_moment_make_each_problem_once(body, credit):
    """The second waits for the first's rows, and then makes only what the first did not."""
    held, made = threading.Event(), {}

    def second():
        try:
            held.wait(60)
            rows = [born("R2"), born("R3")]
            made["second"] = store_fetched_reports(rows, body=body, credit=credit)
        finally:
            database.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        rows = [born("R1"), born("R2")]
        made["first"] = store_fetched_reports(rows, body=body, credit=credit)
        held.set()
        thread.join(0.5)
        assert thread.is_alive(), "the second must wait for the first"
    thread.join(60)
    assert [len(made[name]) for name in ("first", "second")] == [2, 1]
    assert Report.objects.count() == ReportBody.objects.count() == 3


def test_reports_of_one_service_move_out_of_other(body, credit):
    lamps = Category.objects.create(body=body, name="Lamps", slug="lamps", groups=["Lights"])
    rows = [
        born("R1", category_name="Other", extras={"service_code": "L", "service_name": "Lamp"}),
        born("R2", category_name="Other", extras={"service_code": "X", "service_name": "Lamp"}),
        born("R3", category_name="Holes", extras={"service_code": "L", "service_name": "Lamp"}),
    ]
    store_fetched_reports(rows, body=body, credit=credit)
    assert move_from_other(body_id=body.pk, service=("L", "Lamp"), category=lamps) == 1
    moved = ReportBody.objects.get(category=lamps)
    assert (moved.external_id, moved.report.category_name, moved.report.group) == (
        "R1",
        "Lamps",
        "Lights",
    )


@pytest.fixture
def at_body(body):
    at = clock.now() - 3 * HOUR
    report = Report.objects.create(
        title="Hole", category_name="Potholes", lat=51.5, lon=-1.5, cell=0, state="confirmed",
        created=at, confirmed_at=at, state_changed_at=at, changed=at,
    )  # fmt: skip
    return ReportBody.objects.create(report=report, body=body)


def test_a_report_of_ours_that_comes_back_gets_its_reference_once(at_body, body):
    def adopt(external_id):
        return adopt_external_ids({at_body.report_id: external_id}, body_ids=[body.pk])

    assert adopt("X1") == {"X1": True}
    assert adopt("X2") == {"X2": False}
    assert ReportBody.objects.get().external_id == "X1"
    fact = Event.objects.get()
    assert (fact.kind, fact.subject_id) == ("report.referenced", at_body.report_id)
    assert fact.data == {"body": body.pk, "external_id": "X1"}


def test_a_number_of_another_bodys_report_is_not_adopted(at_body):
    other = Body.objects.create(name="Borchester", slug="borchester")
    mirrored = {at_body.report_id: "X1"}
    assert adopt_external_ids(mirrored, body_ids=[other.pk]) == {}
    assert ReportBody.objects.get().external_id == ""


def test_what_is_stored_in_bulk_is_counted_for_the_map_once_at_each_body(body, credit):
    rows = [born(f"R{number}", is_private=number == 3) for number in range(5)]
    store_fetched_reports(rows, body=body, credit=credit)
    store_fetched_reports(rows, body=body, credit=credit)
    counted = dict(PinCount.objects.values_list("body_id").annotate(Sum("count")))
    assert counted == {0: 4, body.pk: 4}
