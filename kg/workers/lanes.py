"""The two lanes of a pool: their workers, the queues of queries, and how one comes to the other."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final

from kg.engine.errors import BusyError, QueryTimeoutError, StoppedError
from kg.engine.limits import Limits
from kg.engine.replies import Reply
from kg.workers.fairness import pop_fairest
from kg.workers.messages import Outcome, Task
from kg.workers.process import PATCH_BYTES, ForkServer, PendingQuery, Waiter, WorkerProcess

IDLE_SECONDS: Final = 10.0
"""How long a worker is idle before it is looked at whether it shares less and less memory."""

_TOUCHED_BYTES: Final = 48 << 20
"""An idle worker that touched more memory is replaced, one after another."""

RETRY_SECONDS: Final = 1.0
"""The delay before something is tried again that lacked file descriptors, or waits for a worker to end."""

_LEAST_SECONDS: Final = 0.1
"""A query with less time left gets no slot: when many expire together, each would take a fork from others."""


class Lanes(ABC):
    """Queries and workers in a short lane and a long one; the tables of `kg.workers.pool.WorkerPool` tell their states.

    What is here has a worker forked, gives it a query, and ends it; when a query has had its time, and what becomes of
    an outcome, is for others to say.
    """

    _loop: asyncio.AbstractEventLoop

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        """See `kg.workers.pool.WorkerPool`."""
        self.limits = limits
        self.short_workers = short_workers or 3 * limits.workers
        self._fork_server = server
        self.version = version
        """The number of the version that workers have to which a query is sent now."""
        self.forked_version = version
        """That of workers which are asked of the fork server now."""
        self._replaced = 0
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._slots: set[PendingQuery] = set()
        """The queries with a slot in the long lane, from when they get it until they are done."""
        self._queue: deque[PendingQuery] = deque()
        self._long_queue: deque[PendingQuery] = deque()
        self._pending: dict[Task, PendingQuery] = {}
        self._stopping = False

    @abstractmethod
    def _begin(self, pending: PendingQuery, worker: WorkerProcess) -> None:
        """Counts the time of a query that a worker evaluates from now on."""

    @abstractmethod
    def _worker_completed(self, worker: WorkerProcess, outcome: Outcome, body: bytes, file: int) -> None:
        """A worker has sent an outcome."""

    @abstractmethod
    def _worker_died(self, worker: WorkerProcess) -> None:
        """A worker has ended by itself."""

    @property
    def fork_server(self) -> ForkServer:
        """The fork server that has the state `forked_version`."""
        return self._fork_server

    @property
    def usage(self) -> tuple[int, int, int]:
        """The numbers of busy workers, of queued queries, and of workers replaced so far."""
        busy = sum(w.pending is not None for w in [*self._workers])
        return busy, len(self._queue) + len(self._long_queue), self._replaced

    def _add_waiter(
        self, pending: PendingQuery, answered: Callable[[Reply | Exception], None], timeout: float | None
    ) -> Waiter:
        waiter = Waiter(pending, answered, self._abandon)
        seconds = self.limits.seconds(timeout)
        waiter.timer = self._loop.call_later(seconds, self._expire, waiter, seconds)
        pending.waiters.append(waiter)
        return waiter

    def _dispatch(self, pending: PendingQuery, worker: WorkerProcess) -> None:
        """Sends a query to a worker, which evaluates it at once or behind others."""
        pending.worker, pending.version = worker, self.version
        if worker.pending is None or worker.pending is pending:
            self._begin(pending, worker)
            worker.channel.send(pending.message)
        else:
            worker.backlog.append(pending)
            worker.channel.send_soon(pending.message)

    def _requeue(self, worker: WorkerProcess) -> None:
        """Queues what waits at a worker before all others; if it is answered there as well, that does not count."""
        for pending in reversed(worker.backlog):
            if pending.worker is worker:
                pending.worker = None
                self._queue.appendleft(pending)

    def _start_next(self) -> None:
        """Has idle workers evaluate what is queued."""
        while self._queue and self._idle:
            self._release(self._idle.pop())

    def _tidy(self) -> None:
        """Replaces an idle worker that has its own copy of much that the fork server has too (`touched_bytes`)."""
        if self._stopping:
            return
        rested = self._loop.time() - IDLE_SECONDS
        worker = next((w for w in self._idle if w.idle_since < rested and w.touched_bytes > _TOUCHED_BYTES), None)
        if worker and not self._fork_server.is_starting:
            self._end(worker)
        self._tidy_later()

    def _tidy_later(self) -> None:
        self._loop.call_later(IDLE_SECONDS / 4, self._tidy)

    def _renew_workers(self) -> None:
        """Replaces the workers of the short lane by forks of what the fork server is now, as they end their queries."""
        for worker in [w for w in self._workers if not w.long]:
            worker.patched = PATCH_BYTES + 1  # it takes no patches, and is replaced after its query
            if not worker.pending:
                self._end(worker)

    def _finish(self, pending: PendingQuery, outcome: Reply | Exception) -> None:
        self._pending.pop(pending.task, None)
        waiters, pending.waiters = pending.waiters, []
        for waiter in waiters:
            waiter.timer.cancel()
            waiter.settle(outcome)
        self._free_slot(pending)

    def _expire(self, waiter: Waiter, seconds: float) -> None:
        busy = BusyError(f"No worker became free within {seconds:g} seconds. Try again later.")
        error = timed_out(seconds) if waiter.pending.worker else busy
        self._abandon(waiter)
        waiter.settle(error)

    def _abandon(self, waiter: Waiter) -> None:
        """Removes a waiter; a query without waiters is abandoned."""
        waiter.timer.cancel()
        pending = waiter.pending
        pending.waiters.remove(waiter)
        if pending.waiters:
            return
        self._pending.pop(pending.task, None)
        worker, pending.worker = pending.worker, None
        if worker and worker.pending is pending and not pending.quick:  # else it is about to end, or was not begun
            worker.pending = None
            self._replace(worker)
        for queue in (self._queue, self._long_queue):
            if pending in queue:
                queue.remove(pending)
        self._free_slot(pending)

    def _free_slot(self, pending: PendingQuery) -> None:
        """Releases the query's slot in the long lane, if it has one, and gives it to the next query."""
        if pending in self._slots:
            self._slots.discard(pending)
            self._start_next_long()

    def _start_next_long(self) -> None:
        if not self._long_queue or len(self._slots) >= self.limits.workers or self._stopping:
            return
        least = self._loop.time() + _LEAST_SECONDS
        worthwhile = deque(p for p in self._long_queue if p.deadline >= least)
        if worthwhile:
            pending = pop_fairest(worthwhile, self._workers)
            self._long_queue.remove(pending)
            self._slots.add(pending)
            self._fork(pending)

    def _release(self, worker: WorkerProcess) -> None:
        if worker.backlog:
            self._begin(worker.backlog.popleft(), worker)
        elif self._queue:
            self._dispatch(pop_fairest(self._queue, self._workers), worker)
        else:
            worker.idle_since = self._loop.time()
            self._idle.append(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        """Kills a worker that could not go on, and counts it as replaced."""
        self._replaced += 1
        self._end(worker)

    def _end(self, worker: WorkerProcess) -> None:
        """Kills a worker; if it is in the short lane, another is forked."""
        worker.kill()
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if worker.backlog and not self._stopping:
            self._requeue(worker)
            self._start_next()
        if not worker.long:  # else another was forked when it left the short lane
            self._fork()

    def _fork(self, pending: PendingQuery | None = None) -> None:
        """Forks a worker, for the short lane, or for a query with a slot in the long lane.

        It is used after the fork server's reply: then it has the current version.
        """

        server = self._fork_server

        def started(worker: WorkerProcess) -> None:
            if server is not self._fork_server:  # it has none of the patches since
                worker.kill()
                self._fork(pending)
                return
            self._workers.add(worker)
            if pending:
                worker.lower_priority()
                self._dispatch(pending, worker)
            else:
                self._release(worker)

        if pending and not pending.waiters:  # abandoned while it waited for file descriptors
            return
        try:
            worker = server.fork(self._worker_completed, self._worker_died, started)
        except OSError:  # no file descriptors are left
            self._loop.call_later(RETRY_SECONDS, self._fork, pending)
            return
        if pending:  # from now on its end is that of the query
            worker.pending, worker.long = pending, True
            pending.worker = worker


def stopping() -> StoppedError:
    """The server stops."""
    return StoppedError("The server is being stopped. Try again when it is there again.")


def full(queue: deque[PendingQuery]) -> BusyError:
    """A queue is full."""
    return BusyError(f"{len(queue)} queries wait already. Try again in a few seconds.")


def timed_out(seconds: float) -> QueryTimeoutError:
    """The time of a query is over."""
    return QueryTimeoutError(
        f"The query took longer than {seconds:g} seconds and was stopped. Ask for less, or for more time with timeout=."
    )
