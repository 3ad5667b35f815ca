"""Alarms and self-tests through the queue."""

from datetime import UTC, datetime

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from waywarden.connections.models import Connection
from waywarden.health import alarm_services as alarms
from waywarden.health import self_test_services as self_tests
from waywarden.health.verdicts import Kind, Trouble
from waywarden.jobs import schedule

pytestmark = pytest.mark.django_db(transaction=True)


def queued() -> list[tuple[str, dict]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "args"))


def test_each_who_hears_of_alarms_gets_a_job_when_it_breaks_and_when_it_mends(settings):
    settings.WAYWARDEN_ALARM_MAIL = ("a@example.org", "b@example.org")
    alarms.compare([alarms.Wrong(Trouble(Kind.STUCK, 1), None)])
    alarms.compare([])
    assert [(name, args["to"], args["is_over"]) for name, args in queued()] == [
        ("mail_alarm", "a@example.org", False),
        ("mail_alarm", "b@example.org", False),
        ("mail_alarm", "a@example.org", True),
        ("mail_alarm", "b@example.org", True),
    ]


@pytest.mark.parametrize(("hour", "expected"), [(6, 0), (7, 1), (8, 0)])
def test_the_summary_goes_out_at_seven_by_the_sites_clock(settings, hour, expected):
    settings.WAYWARDEN_ALARM_MAIL = ("a@example.org",)
    settings.TIME_ZONE = "Europe/London"
    moment = datetime(2026, 7, 1, hour - 1, 5, tzinfo=UTC)  # summer: London is an hour ahead
    schedule.morning_summary.func(timestamp=int(moment.timestamp()))
    assert [name for name, _args in queued()] == ["mail_summary"] * expected


def test_a_test_that_was_asked_for_is_queued():
    connection = Connection.objects.create(name="Works", kind="open311")
    test = self_tests.ask(connection.pk)
    assert queued() == [("run_self_test", {"self_test_id": test.pk})]
