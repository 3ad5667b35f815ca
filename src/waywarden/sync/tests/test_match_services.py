"""Services that no category has: listed as they come, matched by a person."""

import pytest

from waywarden.bodies.models import Category
from waywarden.connections.models import Connection
from waywarden.connections.services import open_backend
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Report
from waywarden.sync import requests
from waywarden.sync.exclusion_services import save_rule
from waywarden.sync.match_services import match_service
from waywarden.sync.models import Cursor, ExclusionRule, UnmatchedService, What
from waywarden.sync.source import Source
from waywarden.sync.tests.conftest import make_body, request

pytestmark = pytest.mark.django_db


@pytest.fixture
def take_in(connection, body, category):
    backend = open_backend(connection).backend
    source = Source(connection=connection, backend=backend, bodies=(body,))
    return lambda *rows: requests.take_in(rows, source=source)


def graffiti(number):
    return request(number, service_code="GRF", service_name="Graffiti")


def test_what_goes_to_other_is_listed_with_how_many(take_in, body):
    take_in(graffiti("1"), graffiti("2"), request("3"))
    take_in(graffiti("2"), graffiti("4"))
    row = UnmatchedService.objects.get()
    assert (row.body, row.code, row.name, row.rows) == (body, "GRF", "Graffiti", 3)


def test_a_matched_service_moves_its_reports_and_takes_later_ones(take_in, body, category):
    take_in(graffiti("1"))
    row = UnmatchedService.objects.get()
    assert match_service(row, category, user_id=7) == 1
    counts = take_in(graffiti("2"))
    assert dict(counts.matched) == {"Potholes": 1}
    assert set(Report.objects.values_list("category_name", "group")) == {("Potholes", "Roads")}
    assert UnmatchedService.objects.get().rows == 0
    assert Event.objects.get(kind="services.matched").actor_id == 7


def test_what_is_matched_to_a_private_category_is_private_from_then_on(take_in, category):
    take_in(graffiti("1"))
    type(category).objects.update(is_private=True)
    category.refresh_from_db()
    match_service(UnmatchedService.objects.get(), category)
    assert Report.objects.get().is_private


@pytest.mark.parametrize("name", ["Graffiti", ""])
def test_rows_without_a_service_code_go_to_other_are_listed_and_can_be_matched(
    take_in, category, name
):
    bare = {"service_code": "", "service_name": name}
    take_in(request("1", **bare))
    assert Report.objects.get().category_name == "Other"
    row = UnmatchedService.objects.get()
    assert (row.code, row.name, row.rows) == ("", name, 1)
    assert match_service(row, category) == 1
    counts = take_in(request("2", **bare), request("3", service_code="", service_name="Walls"))
    assert dict(counts.matched) == {"Potholes": 1}
    assert set(UnmatchedService.objects.values_list("name", "rows")) == {(name, 0), ("Walls", 1)}


def test_a_category_of_the_services_own_code_goes_before_what_a_person_said(
    take_in, body, category
):
    take_in(graffiti("1"))
    match_service(UnmatchedService.objects.get(), category)
    Category.objects.create(body=body, name="Graffiti", slug="graffiti", service_code="GRF")
    assert dict(take_in(graffiti("2")).matched) == {"Graffiti": 1}


def test_a_category_of_another_body_or_a_deleted_one_is_refused(take_in, connection, category):
    take_in(graffiti("1"))
    other = make_body(name="Borchester District Council", connection=connection)
    theirs = Category.objects.create(body=other, name="Walls", slug="walls")
    with pytest.raises(RuleBroken):
        match_service(UnmatchedService.objects.get(), theirs)
    category.state = Category.State.DELETED
    with pytest.raises(RuleBroken):
        match_service(UnmatchedService.objects.get(), category)


def test_a_rule_of_the_connection_keeps_rows_out_and_says_so(take_in, connection):
    ExclusionRule.objects.create(connection=connection, by="service", value="GRF")
    ExclusionRule.objects.create(connection=connection, by="keyword", value="hole", is_on=False)
    counts = take_in(graffiti("1"), request("2"))
    assert (counts.new, counts.ignored, counts.set_aside) == (1, 1, 0)
    assert [(one.row_id, one.reason) for one in counts.skipped] == [
        ("1", "A rule keeps it out: service GRF.")
    ]


def test_a_rule_of_another_connection_does_not_hold(take_in):
    other = Connection.objects.create(name="Other works", kind="memory")
    ExclusionRule.objects.create(connection=other, by="private")
    assert take_in(request("1", non_public=True)).new == 1


def test_a_changed_rule_has_the_whole_list_read_again(connection, body):
    moment = clock.now()
    Cursor.objects.create(connection=connection, what=What.REPORTS, mark='"a"', next_poll_at=moment)
    save_rule(ExclusionRule(connection=connection, by="private"))
    assert Cursor.objects.get().mark == ""
