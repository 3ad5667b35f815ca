"""Every write to the queue, on the site's own database connection.

A worker swaps the connector of procrastinate's app for a pool of its own, so `task.defer` called
inside a task would queue outside the caller's transaction: the job could run before the fact it
follows from is there, or after that fact was rolled back. What is queued here is queued in the
transaction of whoever calls, in a web process and in a worker alike.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import JobDeferrer, Status
from procrastinate.manager import JobManager
from procrastinate.tasks import Task, configure_task
from procrastinate.types import JSONDict

AnyTask = Task[Any, Any, Any]
log = logging.getLogger(__name__)

#: Seconds without a heartbeat after which a worker is taken for dead.
DEAD_AFTER = 30.0


def queue_each(task: AnyTask, arguments: Iterable[JSONDict], *, priority: int = 0) -> None:
    """One job for each set of arguments, all in one statement, in the caller's transaction.

    A job of a lower `priority` waits until its queue holds nothing else.
    """
    jobs = list(arguments)
    if jobs:
        _deferrer(task, priority=priority).batch_defer(*jobs)


def queue_once(task: AnyTask, arguments: Mapping[str, JSONDict]) -> None:
    """One job for each key, in one statement and the caller's transaction.

    A key whose job waits already is left out; two jobs of a key never run at a time.
    """
    manager = _manager()
    jobs = [
        _deferrer(task, lock=key, waits_as=key).make_new_job(**values)
        for key, values in arguments.items()
    ]
    if not jobs:
        return
    try:
        with transaction.atomic():
            manager.batch_defer_jobs(jobs=jobs)
    except AlreadyEnqueued:
        for job in jobs:
            with suppress(AlreadyEnqueued), transaction.atomic():
                manager.defer_job(job=job)


def wake(task: AnyTask, arguments: JSONDict, *, key: str, at: datetime | None = None) -> None:
    """A job that is one of its key: queued unless the same waits, and never two at a time.

    Queued after the commit: writers of one busy key would wait for each other otherwise. A wake
    that is lost in between is made again by the sweep.
    """
    waits_as = f"{key} later" if at else key
    deferrer = _deferrer(task, lock=key, waits_as=waits_as, at=at)

    def queue() -> None:
        try:
            # A savepoint, for a test or a caller that is in a transaction all the same.
            with transaction.atomic():
                deferrer.defer(**arguments)
        except AlreadyEnqueued:
            log.debug("already queued: %s", waits_as)

    transaction.on_commit(queue)


def _deferrer(
    task: AnyTask,
    *,
    lock: str | None = None,
    waits_as: str | None = None,
    at: datetime | None = None,
    priority: int = 0,
) -> JobDeferrer:
    return configure_task(
        name=task.name,
        job_manager=_manager(),
        queue=task.queue,
        lock=lock,
        queueing_lock=waits_as,
        schedule_at=at,
        priority=priority,
    )


def _manager() -> JobManager:
    return JobManager(DjangoConnector())


async def rescue_stalled_jobs() -> int:
    """Queues the jobs of dead workers again; how many.

    Where a twin waits under the same key already, the old job is finished instead: retrying it
    would fail and leave its lock held for ever.
    """
    manager = _manager()
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER))
    for job in stalled:
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
    return len(stalled)
