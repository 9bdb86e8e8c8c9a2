"""Quick queries wait at busy workers, which go from one to the next without waiting for the server in between.

To send a query to an idle worker wakes a process, and its outcome wakes the server: for a query of some microseconds
that is most of the work. So queries that are known to be quick are sent to a few workers that are at work already. Only
those of a shape that was quick several times, lately and without exception, since whatever turns out to be slow keeps
the others waiting: until a tick after `STUCK_SECONDS`, when they are given to others (`kg.workers.slices`).
"""

import os
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from kg.workers.fairness import shape_of
from kg.workers.process import WorkerProcess

DEPTH: Final = 16
"""How many queries may wait at a worker."""

STUCK_SECONDS: Final = 0.01
"""How long a query at a worker may take before those behind it are given to other workers; checked at each tick."""

_TIMES: Final = 3
"""How often a shape must have been quick."""

_MAX_SHAPES: Final = 1000
_MAX_LENGTH: Final = 4096
"""Longer queries have no shape here, which takes time to find."""

_AT_WORK: Final = max(1, (os.cpu_count() or 1) - 1)
"""So many workers are woken for quick queries before any waits: the server has a processor for itself."""


class QuickShapes:
    """Remembers how often in succession queries of a shape were quick."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, int] = OrderedDict()

    def shape(self, query: str) -> str:
        """The shape of a query; empty if it is too long."""
        return shape_of(query) if len(query) <= _MAX_LENGTH else ""

    def has(self, shape: str) -> bool:
        """Whether queries of the shape are quick."""
        return self._times.get(shape, 0) >= _TIMES

    def note(self, shape: str, *, quick: bool) -> None:
        """Notes how a query of the shape was."""
        if not shape:
            return
        if not quick:
            self._times.pop(shape, None)
            return
        times = self._times.get(shape, 0)
        if times < _TIMES:
            self._times[shape] = times + 1
            if len(self._times) > _MAX_SHAPES:
                self._times.popitem(last=False)


def at_work(workers: Iterable[WorkerProcess], now: float) -> WorkerProcess | None:
    """The worker at which a quick query waits least; None if one is to be woken for it."""
    found, least, working = None, DEPTH, 0
    for worker in workers:
        if worker.pending is None or worker.long:
            continue
        working += 1
        if len(worker.backlog) < least and worker.takes_more and now - worker.started < STUCK_SECONDS:
            found, least = worker, len(worker.backlog)
    return found if working >= _AT_WORK else None
