"""Polls and rows set aside on the staff pages."""

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.sync.models import SetAside

pytestmark = pytest.mark.django_db
LIST = "/staff/integration/aside/"


def settled(row) -> str:
    return SetAside.objects.get(pk=row.pk).settled_as


def test_the_polls_of_a_connection_tell_what_came(as_ines, as_oskar, desk):
    address = f"/staff/integration/connections/{desk.connection.pk}/polls/"
    shown = as_ines.get(address).content.decode()
    assert "The body answered 502." in shown
    assert "12 rows, 3 new, 1 set aside" in " ".join(shown.split())
    assert as_oskar.get(address).status_code == 404


def test_rows_set_aside_are_listed_with_their_reason_and_oskar_sees_none(as_ines, as_oskar, desk):
    assert "No report of this body has the reference 4711." in as_ines.get(LIST).content.decode()
    assert "4711" not in as_oskar.get(LIST).content.decode()
    assert "Nothing is set aside." in as_ines.get(LIST, {"reason": "bad_date"}).content.decode()


def test_what_went_by_age_is_counted_and_can_still_be_looked_at(as_ines, as_oskar, desk, settings):
    settings.WAYWARDEN_ASIDE_DAYS = 30
    assert "go after 30 days" in as_ines.get(LIST).content.decode()
    assert "?gone=age" not in as_ines.get(LIST).content.decode()
    at = clock.now()
    SetAside.objects.filter(pk=desk.row.pk).update(settled_as="aged", settled_at=at)
    assert "1 went of late" in as_ines.get(LIST).content.decode()
    assert "line-aside" not in as_ines.get(LIST).content.decode()
    gone = as_ines.get(LIST, {"gone": "age"}).content.decode()
    assert f"{LIST}{desk.row.pk}/" in gone
    row = as_ines.get(f"{LIST}{desk.row.pk}/").content.decode()
    assert "it went by age" in row
    assert 'value="apply"' not in row
    assert "went of late" not in as_oskar.get(LIST).content.decode()
    assert "line-aside" not in as_oskar.get(LIST, {"gone": "age"}).content.decode()


def test_the_raw_row_is_shown_as_it_came(as_ines, desk):
    shown = as_ines.get(f"{LIST}{desk.row.pk}/").content.decode()
    assert "&quot;status&quot;: &quot;closed&quot;" in shown


def test_a_row_is_applied_to_the_report_a_person_names(as_ines, desk, town):
    report = desk.refused.report
    given = {"do": "apply", "report_id": str(report.pk)}
    answer = as_ines.post(f"{LIST}{desk.row.pk}/", given, follow=True)
    assert "It is applied." in answer.content.decode()
    assert settled(desk.row) == "applied"
    assert Report.objects.get(pk=report.pk).state == "fixed - council"
    assert Event.objects.get(kind="set_aside.applied").actor_id == town.ines.pk


def test_a_row_whose_report_is_there_by_now_is_applied_as_it_is(as_ines, desk):
    ReportBody.objects.filter(report=desk.refused.report_id).update(external_id="4711")
    as_ines.post(f"{LIST}{desk.row.pk}/", {"do": "apply"})
    assert settled(desk.row) == "applied"


def test_a_row_that_still_cannot_be_used_stays_and_says_so(as_ines, desk, town):
    answer = as_ines.post(f"{LIST}{desk.row.pk}/", {"do": "apply"}, follow=True)
    assert "It still cannot be used" in answer.content.decode()
    theirs = desk.elsewhere.report_id
    answer = as_ines.post(
        f"{LIST}{desk.row.pk}/", {"do": "apply", "report_id": theirs}, follow=True
    )
    assert f"This body has no report {theirs}." in answer.content.decode()
    assert settled(desk.row) == ""


def test_a_row_is_dropped_with_a_reason_that_stays(as_ines, desk, town):
    as_ines.post(f"{LIST}{desk.row.pk}/", {"do": "drop", "reason": "A test of theirs"})
    assert settled(desk.row) == "dropped"
    fact = Event.objects.get(kind="set_aside.dropped")
    assert (fact.actor_id, fact.data) == (town.ines.pk, {"reason": "A test of theirs"})


def test_oskar_and_readers_decide_nothing(as_ines, as_oskar, desk, town):
    address = f"{LIST}{desk.row.pk}/"
    assert as_oskar.get(address).status_code == 404
    assert as_oskar.post(address, {"do": "drop", "reason": "x"}).status_code == 404
    Membership.objects.filter(user=town.ines).update(role="reader")
    assert as_ines.post(address, {"do": "drop", "reason": "x"}).status_code == 403
    assert "Drop it" not in as_ines.get(address).content.decode()
    assert settled(desk.row) == ""


def test_the_list_asks_few_questions(as_ines, desk, django_assert_max_num_queries):
    row = desk.row
    for number in range(60):
        SetAside.objects.create(
            connection=row.connection, body=row.body, what="updates", key=f"k{number}", raw={},
            reason="bad_date", created=row.created,
        )  # fmt: skip
    with django_assert_max_num_queries(7):
        assert as_ines.get(LIST).content.decode().count("line-aside") == 50
