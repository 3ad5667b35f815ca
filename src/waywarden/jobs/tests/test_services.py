"""The queue stands in the transaction of whoever queues, in a web process and in a worker."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.testing import InMemoryConnector

from waywarden.jobs import services, tasks
from waywarden.kernel import clock
from waywarden.sending.lanes import Lane

pytestmark = pytest.mark.django_db(transaction=True)


def waiting():
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "args"))


def mail(*numbers):
    services.queue_each(tasks.mail_report_confirmation, ({"report_id": one} for one in numbers))


@transaction.atomic
def queue_and_fail():
    mail(1)
    raise ZeroDivisionError


def test_what_is_queued_in_a_transaction_goes_with_it():
    with pytest.raises(ZeroDivisionError):
        queue_and_fail()
    assert waiting() == []


def test_the_same_holds_in_a_worker_which_has_swapped_the_apps_connector():
    elsewhere = InMemoryConnector()
    with app.replace_connector(elsewhere):
        with pytest.raises(ZeroDivisionError):
            queue_and_fail()
        mail(2, 3)
    assert waiting() == [
        ("mail_report_confirmation", {"report_id": 2}),
        ("mail_report_confirmation", {"report_id": 3}),
    ]
    assert elsewhere.jobs == {}


def test_a_lane_is_woken_once_however_often_it_is_knocked_at():
    for _time in range(3):
        tasks.wake_lane(Lane(7, 1))
    tasks.wake_lane(Lane(7, 0))
    tasks.wake_lane(Lane(None, 0))
    assert len(waiting()) == 3


def test_a_knock_in_a_transaction_is_heard_after_the_commit_and_breaks_nothing():
    tasks.wake_lane(Lane(7, 1))
    with transaction.atomic():
        tasks.wake_lane(Lane(7, 1))
        tasks.wake_lane(Lane(7, 0))
        assert len(waiting()) == 1
        mail(1)
    assert len(waiting()) == 3


def test_a_later_wake_does_not_stand_in_the_way_of_one_now():
    tasks.wake_lane(Lane(7, 1), at=clock.now() + timedelta(hours=1))
    tasks.wake_lane(Lane(7, 1))
    assert len(waiting()) == 2


def make_a_dead_workers_job():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")


def test_the_job_of_a_dead_worker_is_queued_again():
    mail(1)
    make_a_dead_workers_job()
    assert async_to_sync(services.rescue_stalled_jobs)() == 1
    assert ProcrastinateJob.objects.get().status == "todo"


def test_a_dead_workers_job_whose_twin_waits_is_finished_and_gives_up_its_lock():
    tasks.wake_lane(Lane(7, 1))
    make_a_dead_workers_job()
    tasks.wake_lane(Lane(7, 1))
    assert async_to_sync(services.rescue_stalled_jobs)() == 1
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["todo"]
