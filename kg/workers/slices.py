"""Time slices: how long a query may take in the short lane, and what becomes of it then."""

import os
from typing import Final

from kg.engine.limits import Limits
from kg.workers.backlog import STUCK_SECONDS, QuickShapes
from kg.workers.fairness import QueryShapes
from kg.workers.lanes import Lanes, full
from kg.workers.messages import Task
from kg.workers.process import ForkServer, PendingQuery, WorkerProcess

SHORT_SECONDS: Final = 0.2
"""The time slice of a query in the short lane."""

CONTENDED_SECONDS: Final = 0.025
"""The time slice while others are queued; not for internal queries, since a page needs many."""

_USED_SHARE: Final = 0.25
"""The part of a time slice that a query must have had of a processor: on a busy machine it may have had none yet."""

_WAITING_SLICES: Final = 8
"""After that many slices it counts even so: it may wait for another endpoint."""

_TICK_SECONDS: Final = 0.0125
"""How often the short lane is checked for expired time slices."""

_PROCESSORS: Final = os.cpu_count() or 1


class TimeSlices(Lanes):
    """Takes queries out of the short lane whose time slice is over, and remembers which are long and which quick."""

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        super().__init__(server, limits, version, short_workers)
        self._long_shapes = QueryShapes()
        """Of the queries for which the long lane had no slot."""
        self._quick_shapes = QuickShapes()
        self._ticking = False

    def _begin(self, pending: PendingQuery, worker: WorkerProcess) -> None:
        """Counts the time of a query that a worker evaluates from now on."""
        worker.pending, worker.started = pending, self._loop.time()
        worker.started_used = worker.processor_seconds
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Demotes queries of the short lane whose time slice is over."""
        now = self._loop.time()
        busy = [w for w in self._workers if w.pending is not None and not w.long]
        waiting, overdue = len(self._queue), 0
        for worker in sorted(busy, key=lambda w: w.started):
            seconds, pending = now - worker.started, worker.pending
            assert pending
            is_stuck = seconds >= STUCK_SECONDS and _is_used(worker, seconds, STUCK_SECONDS)
            if pending.worker is not worker:  # nobody waits for it here any more
                if is_stuck:
                    self._quick_shapes.note(pending.shape, quick=False)
                    self._replace(worker)
                continue
            if is_stuck and pending.quick:
                self._unblock(worker)
            internal = pending.task.internal
            if internal and seconds >= SHORT_SECONDS and len(self._slots) >= self.limits.workers:
                overdue += 1
                if overdue <= self.short_workers // 2:  # it stays: a page would be lost with it
                    continue
            time_slice = CONTENDED_SECONDS if waiting > 0 and not internal else SHORT_SECONDS
            if seconds >= time_slice and _is_used(worker, seconds, time_slice):
                self._demote(worker)
                waiting -= 1
            elif (
                len(busy) > _PROCESSORS
                and not internal
                and seconds >= _TICK_SECONDS
                and _has_used(worker, _TICK_SECONDS)  # else it was only kept waiting, as all are on a busy machine
            ):
                worker.lower_priority()  # newer queries have priority: most are shorter
        self._ticking = bool(busy)
        if busy:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _unblock(self, worker: WorkerProcess) -> None:
        """A query that should have been quick is not: those behind it go to other workers, and it alone stays."""
        assert worker.pending
        worker.pending.quick = False
        if _has_used(worker, STUCK_SECONDS):
            self._quick_shapes.note(worker.pending.shape, quick=False)
        self._requeue(worker)
        self._start_next()

    def _is_known_long(self, task: Task) -> bool:
        """Whether a query is like one for which the long lane had no slot lately.

        It waits there at once: to find out again what is known would take a worker of the short lane from others.
        """
        return not task.internal and self._long_shapes.has(task.query, self._loop.time())

    def _demote(self, worker: WorkerProcess) -> None:
        pending = worker.pending
        assert pending
        if len(self._slots) < self.limits.workers:
            self._slots.add(pending)
            worker.long = True
            worker.lower_priority()
            self._fork()
            return
        if _has_used(worker, CONTENDED_SECONDS):  # else it was no more than kept waiting, as all are on a busy machine
            self._long_shapes.add(pending.task.query, self._loop.time())
        worker.pending, pending.worker = None, None
        self._replace(worker)
        if len(self._long_queue) < self.limits.queue:
            self._long_queue.append(pending)
        else:
            self._finish(pending, full(self._long_queue))


def _is_used(worker: WorkerProcess, seconds: float, time_slice: float) -> bool:
    """Whether a query that has run for so many seconds has had its time slice, or waited for it long enough."""
    return _has_used(worker, time_slice) or seconds >= _WAITING_SLICES * time_slice


def _has_used(worker: WorkerProcess, time_slice: float) -> bool:
    """Whether a query has had so much of a processor that its time slice counts as used."""
    return worker.processor_seconds - worker.started_used >= _USED_SHARE * time_slice
