"""The operator's look at reports, and response templates."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from waywarden.bodies.models import Body, Category, ResponseTemplate
from waywarden.geo.points import Point
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.public_services import flag_report
from waywarden.reports.rule_models import UpdateRule
from waywarden.reports.states import State
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/admin/reports/report/"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


@pytest.fixture
def county():
    return Body.objects.create(name="The County", slug="county")


def a_report(title="Deep pothole", **changed):
    values = {
        "title": title,
        "category_name": "Potholes",
        "lat": 60.17,
        "lon": 24.94,
        "cell": Point(60.17, 24.94).cell,
        "email": "rosa@example.org",
        "state": State.CONFIRMED,
        "created": NOON,
        "changed": NOON,
    }
    return Report.objects.create(**(values | changed))


def test_reports_are_found_by_number_reference_address_and_title(olive, county):
    wanted = a_report()
    a_report("Broken lamp", email="nora@example.org")
    ReportBody.objects.create(report=wanted, body=county, external_id="REF-77")
    for term in (str(wanted.pk), "REF-77", "rosa@example.org", "pothole"):
        page = olive.get(LIST, {"q": term}).content.decode()
        assert "Deep pothole" in page
        assert "Broken lamp" not in page


def test_words_can_be_mended_and_states_not(olive):
    report = a_report()
    address = reverse("admin:reports_report_change", args=[report.pk])
    names = olive.get(address).context["adminform"].form.fields
    assert "title" in names
    assert "state" not in names


def test_hiding_is_an_action(olive):
    report = a_report()
    olive.post(LIST, {"action": "hide", "_selected_action": [report.pk]})
    report.refresh_from_db()
    assert report.state == State.HIDDEN


def test_the_list_asks_the_same_number_of_queries_for_many_rows(
    olive, django_assert_max_num_queries
):
    for number in range(12):
        a_report(f"Report {number}")
    with django_assert_max_num_queries(8):
        olive.get(LIST)


def a_template(body, **typed):
    return {"body": body.pk, "title": "Fixed", "text": "Done.", "is_automatic": "on"} | typed


def test_a_template_takes_states_and_codes_by_line(olive, county):
    typed = a_template(county, states=["fixed - council"], external_codes="F01\n*,9")
    assert olive.post("/admin/bodies/responsetemplate/add/", typed).status_code == 302
    made = ResponseTemplate.objects.get()
    assert (made.states, made.external_codes) == (["fixed - council"], ["F01", "*,9"])


def test_an_automatic_template_speaks_for_something_of_its_own_body(olive, county):
    answer = olive.post("/admin/bodies/responsetemplate/add/", a_template(county))
    assert "needs a state or an external code" in answer.content.decode()
    other = Body.objects.create(name="Other", slug="other")
    strange = Category.objects.create(body=other, name="Lights", slug="lights")
    typed = a_template(county, states=["closed"], categories=[strange.pk])
    answer = olive.post("/admin/bodies/responsetemplate/add/", typed)
    assert "categories of another body: Lights" in answer.content.decode()


def test_the_table_of_who_may_do_what_is_edited_by_line(olive, county):
    add = "/admin/reports/updaterule/add/"
    fields = {"body": county.pk, "category": "", "act": "reopen", "who": "nobody"}
    assert olive.post(add, fields).status_code == 302
    assert UpdateRule.objects.get().who == "nobody"
    again = olive.post(add, fields)  # one line for each act
    assert again.status_code == 200
    assert UpdateRule.objects.count() == 1
    assert (
        "say that it is still a problem" in olive.get("/admin/reports/updaterule/").content.decode()
    )


def test_flags_wait_until_the_operator_has_looked_at_them(olive, county):
    flag = flag_report(a_report().pk, reason="wrong", words="It is in Mill Road.")
    shown = olive.get("/admin/reports/flag/").content.decode()
    assert "It is in Mill Road." in shown
    olive.post("/admin/reports/flag/", {"action": "mark_handled", "_selected_action": [flag.pk]})
    flag.refresh_from_db()
    assert flag.handled_at is not None
    assert olive.get("/admin/reports/flag/add/").status_code == 403
