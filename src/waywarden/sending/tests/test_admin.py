"""What the operator does about deliveries."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission

from waywarden.bodies.models import Body, Category
from waywarden.geo.points import Point
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.states import State
from waywarden.sending.models import Delivery
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "/admin/sending/delivery/"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


@pytest.fixture
def delivery():
    body = Body.objects.create(name="The County", slug="county")
    category = Category.objects.create(
        body=body, name="Potholes", slug="potholes", emails=["roads@example.org"]
    )
    report = Report.objects.create(
        title="Deep pothole",
        category_name="Potholes",
        lat=60.17,
        lon=24.94,
        cell=Point(60.17, 24.94).cell,
        state=State.CONFIRMED,
        created=NOON,
        changed=NOON,
    )
    ReportBody.objects.create(report=report, body=body, category=category)
    return Delivery.objects.create(
        report=report,
        body=body,
        category=category,
        state=Delivery.State.REFUSED,
        reason="Service C0 is not known.",
        due_at=NOON,
        created=NOON,
    )


def act(client, delivery, action, words=""):
    typed = {"action": action, "words": words, "_selected_action": [delivery.pk]}
    answer = client.post(LIST, typed, follow=True)
    delivery.refresh_from_db()
    return answer.content.decode()


def test_the_list_says_what_is_stuck_and_why(olive, delivery):
    page = olive.get(LIST, {"state": "refused"}).content.decode()
    assert "Service C0 is not known." in page
    assert "The County" in page
    assert "Deep pothole" in olive.get(LIST, {"q": str(delivery.report_id)}).content.decode()


def test_retry_queues_it_again(olive, delivery):
    act(olive, delivery, "retry")
    assert delivery.state == Delivery.State.QUEUED


def test_giving_up_needs_a_reason(olive, delivery):
    assert "Please give a reason." in act(olive, delivery, "give_up")
    assert delivery.state == Delivery.State.REFUSED
    act(olive, delivery, "give_up", "Told them by telephone.")
    assert delivery.state == Delivery.State.CANCELLED
    assert delivery.reason == "Told them by telephone."


def test_marking_as_sent_stores_the_reference(olive, delivery):
    act(olive, delivery, "mark_sent", "4711")
    assert delivery.state == Delivery.State.SENT
    assert ReportBody.objects.get().external_id == "4711"


def test_who_may_only_look_decides_nothing(client, delivery):
    looker = User.objects.create_user("looker@example.org", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(looker)
    assert "Service C0" in act(client, delivery, "retry")
    assert delivery.state == Delivery.State.REFUSED


def test_a_reports_page_lists_its_deliveries(olive, delivery):
    page = olive.get(f"/admin/reports/report/{delivery.report_id}/change/").content.decode()
    assert "Service C0 is not known." in page
