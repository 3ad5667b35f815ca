"""Sending through real worker processes to a back-end that answers in 20 ms."""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from django.db import transaction
from django.db.models import QuerySet

from bench import city
from bench.figures import Figure
from bench.home import HOST, command, free_port, megabytes_of, running
from waywarden.connections.models import Circuit, Connection
from waywarden.jobs.tasks import wake_lane
from waywarden.kernel import clock
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.services import plan_reports, plan_updates

COMMAND = "python -m bench sending"
#: Seconds that a worker needs until it listens.
WARM_UP = 4.0
GIVE_UP_AFTER = 120.0


def measure(count: int = 500) -> Iterator[Figure]:
    """Reports and updates a second with one and with two workers, and a worker's memory."""
    port = free_port()
    with running("backend", *command("bench.bare"), "backend", str(port), port=port):
        bare = f"bare POST loop, 8 threads: {_bare_posts(port, count):.0f}/s"
        options = {"endpoint": f"http://{HOST}:{port}/open311/v2"}
        city.body()
        Connection.objects.update(
            options=options, is_paused=False, sends_updates=True, calls_at_once=8
        )
        for workers, target in ((1, 0), (2, 250)):
            Circuit.objects.all().delete()
            rate, memory = _send(count, workers)
            name = f"sending {count} reports, {workers} worker{'s' if workers > 1 else ''}"
            yield Figure(name, rate, "/s", target, bare, COMMAND)
        for workers, target in ((1, 0), (2, 300)):
            Circuit.objects.all().delete()
            rate, memory = _send_updates(count, workers)
            name = f"sending {count} updates, {workers} worker{'s' if workers > 1 else ''}"
            yield Figure(name, rate, "/s", target, bare, COMMAND)
        yield Figure("memory, one worker", memory, "MB", 160, command=COMMAND)


def _bare_posts(port: int, count: int) -> float:
    def post() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        for _turn in range(count // 8):
            connection.request("POST", "/none", body=b"a=b")
            connection.getresponse().read()

    began = time.perf_counter()
    threads = [threading.Thread(target=post) for _one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - began)


def _send(count: int, workers: int) -> tuple[float, float]:
    """Reports a second from the knock to the last answer written, and a worker's megabytes."""
    ids = city.unsent(count)
    return _timed(lambda: plan_reports(ids), Delivery.objects.filter(report__in=ids), workers)


def _send_updates(count: int, workers: int) -> tuple[float, float]:
    """The same for a person's updates, one each of reports that the back-end has."""
    ids = city.news(count)
    return _timed(lambda: plan_updates(ids), Delivery.objects.filter(update__in=ids), workers)


def _timed(
    plan: Callable[[], Iterable[Lane]], planned: QuerySet[Delivery], workers: int
) -> tuple[float, float]:
    city.empty_queue()
    with contextlib.ExitStack() as stack:
        pids = [
            stack.enter_context(
                running(f"worker-{number}", *command("waywarden.config.cli"), "worker")
            )
            for number in range(workers)
        ]
        time.sleep(WARM_UP)
        with transaction.atomic():
            lanes = plan()
        count = planned.update(due_at=clock.now())  # they are not held here
        began = time.perf_counter()
        for lane in lanes:
            wake_lane(lane)
        left = planned.exclude(state=Delivery.State.SENT)
        while left.exists():
            if time.perf_counter() - began > GIVE_UP_AFTER:
                message = f"{left.count()} of {count} were not sent"
                raise RuntimeError(message)
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        memory = max(megabytes_of(pid) for pid in pids)
    return count / seconds, memory
