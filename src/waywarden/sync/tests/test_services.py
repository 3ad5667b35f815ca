"""Rows set aside that are tried again by hand."""

import pytest

from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Report, Update
from waywarden.sync import requests, services
from waywarden.sync.models import SetAside
from waywarden.sync.tests.conftest import make_area, request, update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


def test_an_update_and_a_problem_are_applied_once_what_was_missing_is_there(
    body, category, connection, make_report
):
    take_in_updates(body=body, connection=connection, rows=[update()])
    source = services.source_of(connection)
    requests.take_in([request("R1", lat=60.5, long=25.5)], source=source)
    assert SetAside.objects.filter(settled_at=None).count() == 2
    make_report(external_id="4711")
    body.areas.add(make_area(code="far", west=25, south=60))
    counts = services.apply_set_aside(SetAside.objects.values_list("pk", flat=True))
    assert counts.new == 2
    assert Update.objects.count() == 1
    assert Report.objects.filter(source="backend").count() == 1
    assert set(SetAside.objects.values_list("settled_as", flat=True)) == {"applied"}


def test_a_row_pushed_for_a_body_that_is_not_polled_is_applied_for_that_body(
    body, connection, make_report
):
    take_in_updates(body=body, connection=connection, rows=[update()])
    body.sending_connection = None
    body.save()
    make_report(external_id="4711")
    assert services.apply_set_aside(SetAside.objects.values_list("pk", flat=True)).new == 1


def test_what_still_cannot_be_applied_stays(body, connection):
    take_in_updates(body=body, connection=connection, rows=[update()])
    counts = services.apply_set_aside(SetAside.objects.values_list("pk", flat=True))
    assert counts.new == 0
    assert SetAside.objects.get().settled_at is None


def test_a_row_is_dropped_once(body, connection):
    take_in_updates(body=body, connection=connection, rows=[update()])
    number = SetAside.objects.get().pk
    services.drop_set_aside(number)
    with pytest.raises(RuleBroken):
        services.drop_set_aside(number)
