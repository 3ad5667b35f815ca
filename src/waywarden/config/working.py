"""Runs the queue's worker for as long as it is wanted, also across an outage of the database."""

import asyncio
import logging
import signal
from collections.abc import Sequence

import psycopg
import psycopg_pool
from procrastinate import App
from procrastinate.exceptions import ConnectorException

log = logging.getLogger(__name__)

#: Seconds until the database is tried again: at first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
#: Seconds that running jobs are given on SIGTERM.
GRACE = 60
_AWAY = (ConnectorException, psycopg.OperationalError, psycopg_pool.PoolTimeout)


def work(app: App, *, concurrency: int, queues: Sequence[str]) -> None:
    """Works until SIGTERM or Ctrl-C; running jobs are finished first.

    When the database goes away the worker ends by itself: it is started again until it is back.
    What was running then is left to recovery, as after a crash.
    """
    asyncio.run(_work(app, concurrency=concurrency, queues=queues))


async def _work(app: App, *, concurrency: int, queues: Sequence[str]) -> None:
    wanted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, wanted.set)
    stopping = asyncio.create_task(wanted.wait())
    pause, is_away = FIRST_PAUSE, False
    while not wanted.is_set():
        try:
            async with app.open_async():
                if is_away:
                    log.warning("the database is back")
                pause, is_away = FIRST_PAUSE, False
                await _run_once(app, stopping, concurrency=concurrency, queues=queues)
        except _AWAY:
            await app.close_async()
        if not wanted.is_set():
            if not is_away:
                log.warning("the database is away; the worker waits for it")
            is_away = True
            await asyncio.wait([stopping], timeout=pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _run_once(
    app: App, stopping: "asyncio.Task[bool]", *, concurrency: int, queues: Sequence[str]
) -> None:
    """One worker, until it is to stop or the database is gone. Raises what it raised."""
    running = asyncio.create_task(
        app.run_worker_async(
            concurrency=concurrency,
            queues=queues or None,  # type: ignore[arg-type] # None is every queue
            shutdown_graceful_timeout=GRACE,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
    )
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        if not stopping.done():
            raise
