"""The worker outlives its database."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from waywarden.config import working


class Queue:
    """A queue of which each run ends as the next of `ends` says."""

    def __init__(self, *ends):
        self.ends, self.runs, self.options = list(ends), 0, {}
        self.closed = 0

    @asynccontextmanager
    async def open_async(self):
        yield self

    async def close_async(self):
        self.closed += 1

    async def run_worker_async(self, **options):
        self.runs, self.options = self.runs + 1, options
        end = self.ends.pop(0)
        if end == "ends":
            return
        if end == "stopped":
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        raise end


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(working, "FIRST_PAUSE", 0.01)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])


@pytest.mark.parametrize(
    "end", ["ends", ConnectorException(), psycopg.OperationalError("the server is gone")]
)
def test_it_is_started_again_when_the_database_takes_it_down(end):
    queue = Queue(end, end, "stopped")
    working.work(queue, concurrency=3, queues=[])
    assert queue.runs == 3


def test_a_signal_ends_it_and_every_queue_is_worked_on_unless_some_are_named():
    every, some = Queue("stopped"), Queue("stopped")
    working.work(every, concurrency=3, queues=[])
    working.work(some, concurrency=3, queues=["mail"])
    assert (every.runs, every.options["queues"], every.options["concurrency"]) == (1, None, 3)
    assert some.options["queues"] == ["mail"]


def test_any_other_fault_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        working.work(Queue(ZeroDivisionError()), concurrency=1, queues=[])
