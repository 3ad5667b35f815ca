"""Empties a lane: claims, calls in threads, writes. Pace, circuit and order have this one place.

Threads only call the plug-in (`steps`); all reading and writing is done here, in one thread.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from waywarden.backends.registry import backend_class
from waywarden.connections import queries as connection_queries
from waywarden.connections import services as connections
from waywarden.connections.models import Connection
from waywarden.connections.services import Opened, Said
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, TryLater
from waywarden.kernel.retry import CIRCUIT_OPENS_AT, PAUSES
from waywarden.reports.states import State as ReportState
from waywarden.sending.claim_services import Claimed, Result, claim, release, renew, write_results
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.outcome import (
    Cause,
    Failure,
    Health,
    Phase,
    Standing,
    State,
    Wanted,
    next_after,
)
from waywarden.sending.outgoing import Item, items_of
from waywarden.sending.pace import LONGEST_SLEEP, Pace
from waywarden.sending.patience import AWAY, patiently
from waywarden.sending.queries import next_due
from waywarden.sending.reasons import Reason, Why
from waywarden.sending.steps import Step, Taken, take

log = logging.getLogger(__name__)

#: A drain gives way to others after so long, and is woken again.
RUN_LASTS = timedelta(seconds=60)
#: How often the claims of a batch are renewed while calls are out, seconds.
RENEW_EVERY = 30.0
#: Results are written when so many have come, or after so long (seconds).
WRITE_AT, WRITE_EVERY = 50, 0.5
MOST_CLAIMED = 96
#: Calls that are ready in the pool for each that is out, so that calls go on while we write.
AHEAD = 12
#: What e-mail without a connection does at once, and its rest after trouble with the mail server.
EMAIL_CALLS_AT_ONCE = 2
EMAIL_RESTS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Gate:
    """Whether anything may be called now. `until`: when to come back (None: when woken)."""

    is_open: bool
    until: datetime | None = None
    is_probe: bool = False
    failures: int = 0


@dataclass(frozen=True, slots=True)
class _Job:
    """One claimed delivery, ready to be called."""

    claimed: Claimed
    opened: Opened
    step: Step


def drain(lane: Lane, *, stop: Callable[[], bool] | None = None) -> datetime | None:
    """Sends all that is due in a lane; when the next is due, None when nothing waits.

    `stop` is asked between calls. Nothing of a lane is lost or sent twice by two drains at once.
    """
    finish_at = clock.now() + RUN_LASTS
    with ThreadPoolExecutor(max_workers=_calls_at_once(_connection(lane))) as pool:
        while clock.now() < finish_at and not (stop and stop()):
            connection = _connection(lane)
            pace = Pace(lane, connection)
            gate = _gate(connection, pace)
            if not gate.is_open:
                return gate.until if next_due(lane) else None
            limit = 1 if gate.is_probe else pace.limit(MOST_CLAIMED)
            claimed = claim(lane, limit=limit)
            if not claimed:
                break
            batch = _Batch(connection, pool, pace=pace, gate=gate, stop=stop)
            batch.run(claimed, more=partial(_more, lane, finish_at))
            if batch.is_halted and connection is None:
                return clock.now() + EMAIL_RESTS
    return next_due(lane)


def _more(lane: Lane, finish_at: datetime) -> list[Claimed]:
    """The next of a lane that is going well, unless its time is over or it has been paused."""
    connection = _connection(lane)
    if clock.now() > finish_at or (connection and connection.is_paused):
        return []
    return claim(lane, limit=MOST_CLAIMED)


def _connection(lane: Lane) -> Connection | None:
    if lane.connection_id is None:
        return None
    return Connection.objects.get(pk=lane.connection_id)


def _pauses(connection: Connection | None) -> tuple[timedelta, ...]:
    """The connection's own pauses before another try, else the usual ones."""
    return (connection and connection.retry_pauses) or PAUSES


def _calls_at_once(connection: Connection | None) -> int:
    return max(connection.calls_at_once, 1) if connection else EMAIL_CALLS_AT_ONCE


def _gate(connection: Connection | None, pace: Pace) -> _Gate:
    """Closed while the connection is paused, its circuit open, or its pace used up."""
    if connection is None:
        return _Gate(is_open=True)
    if connection.is_paused:
        return _Gate(is_open=False)
    moment = clock.now()
    if pace.next_at > moment + timedelta(seconds=LONGEST_SLEEP):
        return _Gate(is_open=False, until=pace.next_at)
    probe_at = connection_queries.probe_due_at(connection.pk)
    failures = connection_queries.failures_in_a_row(connection.pk)
    if probe_at is None:
        return _Gate(is_open=True, failures=failures)
    if probe_at > moment or not connections.claim_probe(connection.pk, now=moment):
        return _Gate(is_open=False, until=max(probe_at, moment + timedelta(seconds=1)))
    return _Gate(is_open=True, is_probe=True, failures=failures)


class _Batch:
    """What was claimed at once: called a few at a time, written as the answers come."""

    def __init__(
        self,
        connection: Connection | None,
        pool: ThreadPoolExecutor,
        *,
        pace: Pace,
        gate: _Gate,
        stop: Callable[[], bool] | None,
    ) -> None:
        self._connection, self._pool, self._pace = connection, pool, pace
        self._at_once = _calls_at_once(connection)
        self._failures, self._is_probe, self._stop = gate.failures, gate.is_probe, stop
        self._waiting: deque[_Job] = deque()
        self._running: dict[Future[Taken | None], _Job] = {}
        self._done: SimpleQueue[Future[Taken | None]] = SimpleQueue()
        self._results: list[tuple[_Job, Result]] = []
        self._written_at = self._renewed_at = time.monotonic()
        #: Then no call is made ready ahead: the next one hangs on what came of the last.
        self._is_careful = bool(gate.failures or pace.interval or stop)
        self.is_halted = False

    def run(self, claimed: Sequence[Claimed], *, more: Callable[[], Sequence[Claimed]]) -> None:
        """Calls for all of them, or gives back what was not called for.

        `more` is asked for the next while all goes well, until it has none. When the database goes
        away meanwhile, what is out is waited for, and written once it is back.
        """
        try:
            self._go(claimed, more)
        except AWAY:
            self._note_what_is_out()
            raise

    def _go(self, claimed: Sequence[Claimed], more: Callable[[], Sequence[Claimed]]) -> None:
        self._add(claimed)
        while self._waiting or self._running:
            self._start_some()
            for future in self._finished():
                self._take_in(self._running.pop(future), future.result())
            self._keep_up()
            if claimed and not self._is_careful and len(self._waiting) < self._at_once:
                claimed = more()
                self._add(claimed)
        self._write()

    def _note_what_is_out(self) -> None:
        """Writes what came, and still comes, of the calls; gives back the rest."""
        self._is_careful = True  # so what was only made ready does not go
        for future, job in self._running.items():
            if taken := future.result():
                self._results.append((job, self._result_of(job, taken)))
            else:
                self._waiting.append(job)
        patiently(lambda: write_results([result for _job, result in self._results]))
        patiently(lambda: release([job.claimed for job in self._waiting]))

    def _add(self, claimed: Sequence[Claimed]) -> None:
        try:
            self._waiting.extend(_jobs(self._connection, claimed))
        except Misconfigured as error:
            release(claimed)
            self._block(str(error))

    def _start_some(self) -> None:
        while self._waiting:
            if self._waiting[0].claimed.is_running_out:
                self._renew()
                continue
            # Looked at anew for each: a call that fails meanwhile makes all that follow careful.
            is_ahead = not self._is_careful
            if len(self._running) >= self._at_once * (AHEAD if is_ahead else 1):
                return
            if self.is_halted or (self._stop and self._stop()):
                release([job.claimed for job in self._waiting])
                self._waiting.clear()
                return
            self._pace.wait()
            job = self._waiting.popleft()
            future = self._pool.submit(self._call, job, is_ahead=is_ahead)
            self._running[future] = job
            future.add_done_callback(self._done.put)

    def _call(self, job: _Job, *, is_ahead: bool) -> Taken | None:
        """In a thread of the pool: the call; None for what must be looked at again before.

        It was made ready before there was trouble, or long ago: it may be another worker's by now.
        """
        if (is_ahead and self._is_careful) or job.claimed.is_running_out:
            return None
        taken = take(job.step, job.opened.backend)
        if isinstance(taken.answer, Failure):
            self._is_careful = True
        return taken

    def _finished(self) -> list[Future[Taken | None]]:
        """The calls that are done by now; waits a little for the first."""
        found = []
        try:
            found.append(self._done.get(timeout=WRITE_EVERY))
            while True:
                found.append(self._done.get_nowait())
        except Empty:
            return found

    def _take_in(self, job: _Job, taken: Taken | None) -> None:
        if taken is None:
            self._waiting.appendleft(job)
            return
        result = self._result_of(job, taken)
        self._results.append((job, result))
        self._mind(result.next.health, str(result.next.standing.reason))

    def _result_of(self, job: _Job, taken: Taken) -> Result:
        following = next_after(
            taken.phase,
            taken.answer,
            _standing_of(job.claimed),
            now=clock.now(),
            is_update=job.claimed.delivery.update_id is not None,
            wanted=job.step.wanted,
            pauses=_pauses(self._connection),
        )
        return Result(
            claimed=job.claimed, next=following, notebook=job.step.notebook, began=taken.began
        )

    def _mind(self, health: Health, reason: str) -> None:
        """What an answer says of the connection; after five failures in a row nothing more goes."""
        if health is Health.BLOCKED:
            self._block(reason)
        elif health is Health.ILL:
            self._failures += 1
            if self._connection is not None:
                connections.note_failure(
                    self._connection.pk, reason=reason, is_probe=self._is_probe
                )
            self.is_halted = self.is_halted or self._failures >= CIRCUIT_OPENS_AT
        else:
            if self._connection is not None and self._failures:
                connections.note_answer(self._connection.pk)
            self._failures = 0

    def _block(self, reason: str) -> None:
        self.is_halted = True
        if self._connection is not None:
            connections.pause(self._connection.pk, reason=reason)
        log.warning("sending over %s stops: %s", self._connection or "e-mail", reason)

    def _keep_up(self) -> None:
        moment = time.monotonic()
        if moment - self._renewed_at > RENEW_EVERY:
            self._renew()
        if len(self._results) >= WRITE_AT or moment - self._written_at > WRITE_EVERY:
            self._write()

    def _renew(self) -> None:
        """Holds all of it for longer; what another has by now is not called for."""
        self._renewed_at = time.monotonic()
        renew([job.claimed for job in self._running.values()])
        renew([job.claimed for job, _result in self._results])
        ours = renew([job.claimed for job in self._waiting])
        self._waiting = deque(job for job in self._waiting if job.claimed in ours)

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if not self._results:
            return
        done, self._results = self._results, []
        patiently(lambda: write_results([result for _job, result in done]))
        connections.keep_all_exchanges(
            Said(job.opened, "delivery", job.claimed.delivery.pk) for job, _result in done
        )
        worked = any(result.next.health is Health.WELL for _job, result in done)
        if worked and self._connection is not None and not self._failures:
            connections.note_success(self._connection.pk)


def _jobs(connection: Connection | None, claimed: Sequence[Claimed]) -> list[_Job]:
    """What is ready to be called; what cannot even be built is put off, and logged."""
    wants_mail = backend_class(connection.kind if connection else "email").wants_mail
    opening = connections.opener(connection) if connection else connections.open_email
    jobs = []
    for one, item in zip(claimed, _items(claimed, with_mail=wants_mail), strict=True):
        if item is None:
            _put_off(one)
            continue
        jobs.append(_Job(claimed=one, opened=opening(), step=_step(one, item, connection)))
    return jobs


def _items(claimed: Sequence[Claimed], *, with_mail: bool) -> list[Item | None]:
    deliveries = [one.delivery for one in claimed]
    try:
        built = items_of(deliveries, with_mail=with_mail)
    except Exception:  # the worker's rim: one bad row must not stop the others
        if len(deliveries) == 1:
            log.exception("delivery %d cannot be built", deliveries[0].pk)
            return [None]
        return [_items([one], with_mail=with_mail)[0] for one in claimed]
    return [built[delivery.pk] for delivery in deliveries]


def _put_off(claimed: Claimed) -> None:
    failure = Failure(TryLater, Reason(Why.NOT_READY))
    following = next_after(_phase(claimed.before), failure, _standing_of(claimed), now=clock.now())
    delivery = claimed.delivery
    write_results([Result(claimed, following, dict(delivery.notebook), clock.now())])


def _phase(before: Delivery.State) -> Phase:
    if before == Delivery.State.PENDING:
        return Phase.TOKEN
    return Phase.LOOK_UP if before == Delivery.State.UNKNOWN else Phase.POST


def _step(claimed: Claimed, item: Item, connection: Connection | None) -> Step:
    delivery = claimed.delivery
    return Step(
        delivery_id=delivery.pk,
        phase=_phase(claimed.before),
        item=item,
        notebook=dict(delivery.notebook),
        token=delivery.token,
        since=delivery.last_attempt_at,
        holds_unknown=bool(connection and connection.on_unknown == Connection.OnUnknown.HOLD),
        wanted=_wanted(delivery),
    )


def _wanted(delivery: Delivery) -> Wanted:
    if delivery.moved_by_id is not None:
        return Wanted.MOVED
    is_gone = delivery.report.state in (ReportState.CANCELLED, ReportState.HIDDEN)
    return Wanted.WITHDRAWN if is_gone and delivery.update_id is None else Wanted.STILL


def _standing_of(claimed: Claimed) -> Standing:
    row = claimed.delivery
    first = row.first_attempt_at or clock.now()
    if row.connection is not None and row.connection.resumed_at is not None:
        first = max(first, row.connection.resumed_at)  # it did not age while that was paused
    return Standing(
        state=State(claimed.before.value),
        attempts=row.attempts,
        refusals=row.refusals,
        first_attempt_at=first,
        due_at=row.due_at,
        token=row.token,
        token_at=row.token_at,
        external_id=row.external_id,
        cause=Cause(row.cause),
        reason=Reason(words=row.reason),
    )
