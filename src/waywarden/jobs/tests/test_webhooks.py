"""From a fact to a machine, through the real queue."""

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from waywarden.events.services import NOBODY, Fact, record
from waywarden.health import alarm_services as alarms
from waywarden.health.verdicts import Kind, Trouble
from waywarden.jobs import tasks
from waywarden.web.tests import town
from waywarden.webhooks import services
from waywarden.webhooks.models import Call, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def queued(name: str) -> list[dict]:
    return list(
        ProcrastinateJob.objects.filter(task_name=name)
        .order_by("id")
        .values_list("args", flat=True)
    )


def listen() -> Endpoint:
    endpoint, _secret = services.new_endpoint(
        body_id=None, url="https://hooks.example/", kinds=["report.published", "alarm.raised"],
        by=NOBODY,
    )  # fmt: skip
    return endpoint


def say(*facts: Fact) -> None:
    with transaction.atomic():
        record(*facts)


def test_nobody_listens_and_nothing_is_queued():
    report = town.build().report()
    say(Fact("report.hidden", "report", report.pk))
    assert queued("fan_out_webhooks") == []


def test_a_fact_is_fanned_out_by_a_job_that_may_run_twice():
    endpoint = listen()
    report = town.build().report()
    say(Fact("report.fetched", "body", 1, data={"reports": [report.pk]}))
    (job,) = queued("fan_out_webhooks")
    for _ in range(2):
        tasks.fan_out_webhooks.func(**job)
    call = Call.objects.get()
    assert (call.endpoint, call.report_id, call.kind) == (endpoint, report.pk, "report.published")
    assert queued("tell_endpoint") == [{"endpoint_id": endpoint.pk}]


def test_many_that_came_together_are_fanned_out_in_pieces():
    listen()
    say(Fact("report.fetched", "body", 1, data={"reports": list(range(1, 451))}))
    assert [len(job["happened"]) for job in queued("fan_out_webhooks")] == [200, 200, 50]


def test_an_alarm_carries_what_it_says():
    listen()
    alarms.compare([alarms.Wrong(Trouble(Kind.STUCK, 1), None)])
    (job,) = queued("fan_out_webhooks")
    tasks.fan_out_webhooks.func(**job)
    assert Call.objects.get().payload["data"]["alarm"]["kind"] == "stuck"


def test_a_test_wakes_the_endpoint():
    endpoint = listen()
    services.send_test(endpoint.pk)
    assert queued("tell_endpoint") == [{"endpoint_id": endpoint.pk}]
