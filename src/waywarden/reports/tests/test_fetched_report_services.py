"""Problems born in a body's system, written to reports."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports import fetched_report_services
from waywarden.reports.fetched_report_services import FetchedReport
from waywarden.reports.fetched_services import Credit
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.states import State
from waywarden.users.services import create_update_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def credit():
    user = create_update_user(name="Borsetshire County Council", email="updates@example.org")
    connection = Connection.objects.create(name="Works", kind="open311")
    return Credit(connection_id=connection.pk, sent_by="open311", user_id=user.pk)


@pytest.fixture
def body():
    return Body.objects.create(name="Borsetshire County Council", slug="borsetshire")


@pytest.fixture
def at_body(body):
    at = clock.now() - 3 * HOUR
    report = Report.objects.create(
        title="Hole", category_name="Potholes", lat=51.5, lon=-1.5, cell=0, state="confirmed",
        created=at, confirmed_at=at, state_changed_at=at, changed=at,
    )  # fmt: skip
    return ReportBody.objects.create(
        report=report, body=body, external_id="4711", sent_at=at + HOUR, sent_by="open311"
    )


def born(external_id="R1", **fields):
    at = clock.now() - HOUR
    values = {
        "title": "Lamp problem", "detail": "", "category_name": "Lamps", "category_id": None,
        "group": "", "lat": 51.5, "lon": -1.5, "area_ids": (), "nearest_address": "",
        "state": State.CONFIRMED, "status": "open", "is_private": False, "requested_at": at,
        "changed_at": at,
    } | fields  # fmt: skip
    return FetchedReport(external_id=external_id, **values)


def test_problems_born_there_become_reports_by_the_update_user(body, credit):
    category = Category.objects.create(body=body, name="Lamps", slug="lamps")
    rows = [born("R1", category_id=category.pk), born("R2", is_private=True)]
    reports = fetched_report_services.create_fetched_reports(rows, body=body, credit=credit)
    assert {report.user_id for report in reports} == {credit.user_id}
    assert [report.is_private for report in reports] == [False, True]
    assert all(report.source == Report.Source.BACKEND for report in reports)
    assert ReportBody.objects.get(external_id="R1").category == category
    assert Event.objects.get().kind == "report.fetched"


def test_a_problem_the_body_has_already_is_refused_by_the_database(at_body, body, credit):
    with pytest.raises(IntegrityError), transaction.atomic():
        fetched_report_services.create_fetched_reports([born("4711")], body=body, credit=credit)
    assert Report.objects.count() == 1


def test_an_id_is_adopted_once(at_body, body):
    ReportBody.objects.filter(pk=at_body.pk).update(external_id="")
    adopt = {"report_id": at_body.report_id, "body_id": body.pk}
    assert fetched_report_services.adopt_external_id(external_id="X1", **adopt)
    assert not fetched_report_services.adopt_external_id(external_id="X2", **adopt)
    assert ReportBody.objects.get().external_id == "X1"


def test_no_problems_write_nothing(body, credit):
    assert fetched_report_services.create_fetched_reports([], body=body, credit=credit) == ()
    assert not Event.objects.exists()
