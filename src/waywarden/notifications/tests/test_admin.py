"""What the operator sees of alerts and questionnaires, and that nobody else does."""

import pytest

from waywarden.notifications.alert_services import follow, near
from waywarden.notifications.models import Questionnaire
from waywarden.notifications.queries import questionnaire_figures
from waywarden.notifications.tests.town import HERE, NOON, a_person, a_report
from waywarden.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers():
    rosa = a_person("Rosa")
    for verdict, ever in (
        ("Yes", False),
        ("Yes", True),
        ("No", None),
        ("Unknown", None),
        ("", None),
    ):
        Questionnaire.objects.create(
            report=a_report(user=rosa), user=rosa, state="answered" if verdict else "sent",
            due_at=NOON, sent_at=NOON, verdict=verdict, ever_reported=ever,
        )  # fmt: skip
    return rosa


def test_the_share_fixed_counts_those_who_could_say(answers):
    figures = questionnaire_figures()
    assert (figures.asked, figures.answered, figures.unknown) == (5, 4, 1)
    assert (figures.fixed_share, figures.first_share) == (67, 50)


def test_without_answers_there_are_no_shares():
    figures = questionnaire_figures()
    assert (figures.fixed_share, figures.first_share) == (None, None)


@pytest.mark.parametrize("page", ["questionnaire", "alert"])
def test_the_operator_looks_and_oskar_does_not(client, answers, page):
    follow(near(HERE, 500), user=answers)
    address = f"/admin/notifications/{page}/"
    client.force_login(User.objects.create_user("oskar@example.org", name="Oskar"))
    assert client.get(address).status_code == 302
    client.force_login(User.objects.create_superuser("boss@example.org"))
    shown = client.get(address)
    assert shown.status_code == 200
    if page == "questionnaire":
        assert "67 %" in shown.content.decode()
    assert client.get(f"{address}add/").status_code == 403
