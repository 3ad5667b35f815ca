"""What a row of the body's system tells beside its words: who has it, and rows without a time."""

import pytest

from waywarden.bodies.models import Category, Membership
from waywarden.kernel import clock
from waywarden.reports.models import ReportBody, Update
from waywarden.sync.tests.conftest import make_body, state_of, take, update

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(body, django_user_model):
    """Ines inspects for the body."""
    return colleague(django_user_model, body, "ines@council.example", "Ines Inspector")


def colleague(users, body, email, name):
    user = users.objects.create_user(email=email, name=name)
    Membership.objects.create(user=user, body=body)
    return user


def assigned(report):
    return ReportBody.objects.get(report=report).assigned_to


@pytest.mark.parametrize(
    "said",
    [
        {"assigned_user_email": "INES@council.example"},
        {"assigned_user_name": "ines inspector"},
        {"assigned_user_email": "unheard@council.example", "assigned_user_name": "Ines Inspector"},
    ],
)
def test_the_assigned_user_is_one_of_the_bodys_people_by_e_mail_else_by_name(
    body, report, ines, said
):
    take(body, update(extras=said))
    assert assigned(report) == ines


def test_an_assigned_user_that_is_not_the_bodys_is_nobody_here_and_gets_no_account(
    body, report, ines, connection, django_user_model
):
    """Oskar works for another body."""
    colleague(
        django_user_model,
        make_body(name="Other", connection=connection),
        "oskar@other.example",
        "Oskar",
    )
    people = django_user_model.objects.count()
    take(body, update("u1", minutes_ago=20, extras={"assigned_user_email": ines.email}))
    take(body, update("u2", minutes_ago=10, extras={"assigned_user_email": "oskar@other.example"}))
    take(body, update("u3", minutes_ago=5, extras={"assigned_user_email": "new@council.example"}))
    assert assigned(report) is None
    assert django_user_model.objects.count() == people
    assert ReportBody.objects.get(report=report).extras["assigned_user_email"] == (
        "new@council.example"
    )


def test_a_name_that_two_have_assigns_neither(body, report, ines, django_user_model):
    colleague(django_user_model, body, "ines2@council.example", "Ines Inspector")
    take(body, update(extras={"assigned_user_name": "Ines Inspector"}))
    assert assigned(report) is None


def test_a_row_that_says_nothing_of_it_leaves_it_and_an_empty_one_takes_it_away(body, report, ines):
    take(body, update("u1", minutes_ago=20, extras={"assigned_user_email": ines.email}))
    take(body, update("u2", minutes_ago=10, status="fixed"))
    assert assigned(report) == ines
    take(body, update("u3", minutes_ago=5, extras={"assigned_user_email": ""}))
    assert assigned(report) is None


def test_an_older_row_does_not_assign_where_a_newer_one_said_whom(body, report, ines):
    take(body, update("u1", minutes_ago=10, extras={"assigned_user_email": ""}))
    take(body, update("u2", minutes_ago=20, extras={"assigned_user_email": ines.email}))
    assert assigned(report) is None


def test_an_older_row_assigns_where_nothing_newer_said_whom(body, report, ines):
    take(body, update("u1", minutes_ago=10))
    take(body, update("u2", minutes_ago=20, extras={"assigned_user_email": ines.email}))
    assert assigned(report) == ines


LATEST = {"latest_data_only": "1"}


def test_latest_data_that_was_told_before_is_stored_hidden_and_changes_nothing(body, report):
    """Its time is made up: it must not undo what happened since."""
    take(body, update("u1", minutes_ago=30, status="fixed", description="Done.", extras=LATEST))
    report.refresh_from_db()
    report.state, report.state_changed_at = "confirmed", clock.now()
    report.save()
    counts = take(
        body, update("u2", minutes_ago=-1, status="fixed", description="Done.", extras=LATEST)
    )
    assert counts.new == 1
    assert state_of(report) == "confirmed"
    assert Update.objects.get(external_id="u2").visibility == "hidden"


def test_latest_data_that_was_told_still_moves_the_report_where_it_names_a_new_category(
    body, report, ines
):
    Category.objects.create(body=body, name="Kerbs", slug="kerbs", service_code="KRB")
    said = {"status": "in_progress", "description": "On its way."}
    take(body, update("u1", minutes_ago=30, extras=LATEST | {"category": "Potholes"}, **said))
    moved = LATEST | {"category": "Kerbs", "assigned_user_email": ines.email}
    take(body, update("u2", minutes_ago=20, extras=moved, **said))
    report.refresh_from_db()
    assert (report.category_name, report.state) == ("Kerbs", "in progress")
    assert assigned(report) == ines
    report.category_name = "Potholes"  # by staff here; what the system says again is no news
    report.save()
    take(body, update("u3", minutes_ago=10, extras=moved, **said))
    report.refresh_from_db()
    assert report.category_name == "Potholes"


def test_latest_data_that_is_news_counts_though_its_time_is_old(body, report):
    take(body, update("u1", minutes_ago=10, status="in_progress", description="On its way."))
    before = clock.now()
    take(body, update("u2", minutes_ago=600, status="fixed", description="Done.", extras=LATEST))
    assert state_of(report) == "fixed - council"
    told = Update.objects.get(external_id="u2")
    assert (told.visibility, told.confirmed_at >= before) == ("shown", True)


def test_a_row_whose_time_can_be_trusted_says_the_same_again_after_a_reopening(body, report):
    take(body, update("u1", minutes_ago=30, status="fixed", description="Done."))
    report.refresh_from_db()
    report.state, report.state_changed_at = "confirmed", clock.now()
    report.save()
    take(body, update("u2", minutes_ago=-1, status="fixed", description="Done."))
    assert state_of(report) == "fixed - council"
