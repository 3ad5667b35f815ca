"""Rows set aside: applied when what was missing is there, by hand, or dropped."""

from datetime import timedelta

import pytest

from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.events.services import Actor
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Report, Update
from waywarden.sync import aside_services, requests
from waywarden.sync.models import SetAside
from waywarden.sync.queries import set_aside_now
from waywarden.sync.tests.conftest import make_area, make_body, request, update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


def test_an_update_and_a_problem_are_applied_once_what_was_missing_is_there(
    body, category, connection, make_report
):
    take_in_updates(body=body, connection=connection, rows=[update()])
    source = aside_services.source_of(connection)
    requests.take_in([request("R1", lat=60.5, long=25.5)], source=source)
    assert SetAside.objects.filter(settled_at=None).count() == 2
    make_report(external_id="4711")
    body.areas.add(make_area(code="far", west=25, south=60))
    counts = aside_services.apply_set_aside(SetAside.objects.values_list("pk", flat=True))
    assert counts.new == 2
    assert Update.objects.count() == 1
    assert Report.objects.filter(source="backend").count() == 1
    assert set(SetAside.objects.values_list("settled_as", flat=True)) == {"applied"}


def test_a_problem_outside_is_tried_again_at_night_once_the_bodys_areas_have_grown(
    body, category, connection
):
    source = aside_services.source_of(connection)
    requests.take_in([request("R1", lat=60.5, long=25.5)], source=source)
    assert aside_services.try_problems_again().new == 0
    body.areas.add(make_area(code="far", west=25, south=60))
    assert aside_services.try_problems_again().new == 1
    assert Report.objects.get().at_bodies.get().external_id == "R1"
    assert aside_services.try_problems_again().rows == 0


def test_a_row_pushed_for_a_body_that_is_not_polled_is_applied_for_that_body(
    body, connection, make_report
):
    take_in_updates(body=body, connection=connection, rows=[update()])
    body.sending_connection = None
    body.save()
    make_report(external_id="4711")
    assert aside_services.apply_set_aside(SetAside.objects.values_list("pk", flat=True)).new == 1


@pytest.mark.parametrize("is_polled", [False, True])
def test_a_pushed_update_that_met_the_reference_too_early_is_found_again(
    body, connection, make_report, is_polled
):
    Connection.objects.update(fetches_updates=is_polled)
    rows = [update(), update("u2", service_request_id="4712")]
    take_in_updates(body=body, connection=connection, rows=rows)
    make_report(external_id="4711")  # as written by a worker that died before it looked here
    assert aside_services.apply_missed() == 0  # somebody may be at it
    SetAside.objects.update(created=clock.now() - timedelta(minutes=3))
    assert aside_services.apply_missed() == (0 if is_polled else 1)  # else the poll does
    assert Update.objects.count() == (0 if is_polled else 1)
    assert aside_services.apply_missed() == 0


def test_without_a_connection_a_pushed_update_is_found_again_for_its_body_only(body, make_report):
    other = make_body(name="Other", connection=body.sending_connection)
    for one in (body, other):
        take_in_updates(body=one, connection=None, rows=[update()])
    make_report(external_id="4711")
    SetAside.objects.update(created=clock.now() - timedelta(minutes=3))
    assert aside_services.apply_missed() == 1
    assert Update.objects.get().body == body


def test_a_person_says_which_report_a_row_is_about_and_it_does_not_come_back(body, make_report):
    report = make_report(external_id="9000")
    row = update(external_status_code="DONE")
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    waiting = SetAside.objects.get()
    assert aside_services.apply_by_hand(waiting.pk, report_id=report.pk, by=Actor("user", 7))
    assert Update.objects.get().report == report
    again = take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert (again.repeated, Update.objects.count()) == (1, 1)
    assert Event.objects.get(kind="set_aside.applied").actor_id == 7


def test_a_person_says_when_a_row_without_id_and_date_was_said(body, report):
    row = update("", updated_datetime=None)
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    waiting = SetAside.objects.get()
    assert not aside_services.apply_by_hand(waiting.pk)  # it still has no date
    said_at = clock.now() - timedelta(minutes=3)
    assert aside_services.apply_by_hand(waiting.pk, said_at=said_at)
    assert Update.objects.get().confirmed_at == said_at
    again = take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert (again.repeated, Update.objects.count()) == (1, 1)


def test_a_row_is_not_applied_by_hand_to_a_report_of_another_body(body, connection, make_report):
    other = make_body(name="Oskar's town", connection=Connection.objects.create(name="x", kind="x"))
    report = make_report(external_id="9000", body=other)
    take_in_updates(body=body, connection=connection, rows=[update()])
    with pytest.raises(RuleBroken):
        aside_services.apply_by_hand(SetAside.objects.get().pk, report_id=report.pk)
    assert not Update.objects.exists()


def test_staff_of_a_body_see_its_rows_and_not_those_of_another(body, connection):
    other = make_body(name="Oskar's town", connection=Connection.objects.create(name="x", kind="x"))
    take_in_updates(body=body, connection=connection, rows=[update()])
    assert set_aside_now([body.pk]).count() == set_aside_now().count() == 1
    assert not set_aside_now([other.pk]).exists()


def test_what_still_cannot_be_applied_stays(body, connection):
    take_in_updates(body=body, connection=connection, rows=[update()])
    counts = aside_services.apply_set_aside(SetAside.objects.values_list("pk", flat=True))
    assert counts.new == 0
    assert SetAside.objects.get().settled_at is None


def test_a_row_is_dropped_once(body, connection):
    take_in_updates(body=body, connection=connection, rows=[update()])
    number = SetAside.objects.get().pk
    aside_services.drop_set_aside(number)
    with pytest.raises(RuleBroken):
        aside_services.drop_set_aside(number)
