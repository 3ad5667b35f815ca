"""The one order of locks: a report before what hangs on it, several reports by their number."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from waywarden.kernel import clock
from waywarden.reports import public_services, services, update_services
from waywarden.reports.models import Update
from waywarden.reports.own_services import leave_behind
from waywarden.reports.tests.test_services import POTHOLE

pytestmark = pytest.mark.django_db


def first_lock(do):
    """The first statement that holds rows, as the database saw it."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        do()
    said = [query["sql"] for query in caught.captured_queries]
    return next(sql for sql in said if "FOR UPDATE" in sql or sql.startswith(("UPDATE", "DELETE")))


@pytest.fixture
def update(place):
    """Rosa's update of her report, that waits to be confirmed."""
    report = services.create_report(POTHOLE, user=place.rosa)
    return Update.objects.create(
        report=report, user=place.rosa, email=place.rosa.email, name="Rosa", text="It grew.",
        created=clock.now(), visibility=Update.Visibility.UNCONFIRMED,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["confirm", "correct", "withdraw", "leave"])
def test_a_report_is_locked_before_its_updates(place, update, name):
    if name in ("correct", "withdraw"):
        update_services.confirm_update(update.pk, user=place.rosa)
    rosa = place.rosa
    do = {
        "confirm": lambda: update_services.confirm_update(update.pk, user=rosa),
        "correct": lambda: update_services.correct_update(update.pk, "It shrank.", user=rosa),
        "withdraw": lambda: update_services.withdraw_update(update.pk, user=rosa),
        "leave": lambda: leave_behind(rosa),
    }[name]
    held = first_lock(do)
    assert "FROM reports_report WHERE" in held
    assert "ORDER BY id FOR UPDATE" in held


def test_reports_that_are_tied_together_are_locked_by_number(place):
    first, second, third = (services.create_report(POTHOLE, user=place.rosa) for _ in range(3))
    public_services.mark_duplicate(third.pk, original_id=second.pk)
    held = first_lock(lambda: public_services.mark_duplicate(second.pk, original_id=first.pk))
    assert all(str(one.pk) in held for one in (first, second, third))
    assert "ORDER BY id FOR UPDATE" in held
