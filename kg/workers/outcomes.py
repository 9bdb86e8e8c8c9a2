"""What becomes of the outcome of a query, or of its worker's end: a reply, an error, or another try."""

import asyncio
from typing import Final

from kg.engine.errors import BusyError, StoppedError, TooDeepError, TooLargeError
from kg.engine.limits import Limits
from kg.engine.replies import Reply, SpooledFile, spooled_bytes
from kg.workers.messages import Outcome, error_of
from kg.workers.process import ForkServer, PendingQuery, WorkerProcess
from kg.workers.slices import SHORT_SECONDS, TimeSlices
from kg.workers.wire import encode_message
from kg.workers.worker import UNREADABLE_COPY

_MAX_LENSES: Final = 4
"""How many lenses may wait to be made: the fork server makes one after another, and forks nothing meanwhile."""

_MAX_RETRIES: Final = 8
"""How often a query is tried again whose worker was killed from outside: the next one may be dying too."""


class Outcomes(TimeSlices):
    """Takes what workers send, and tells those who wait; has lenses made that a worker lacked."""

    def __init__(self, server: ForkServer, limits: Limits, version: int, short_workers: int) -> None:
        super().__init__(server, limits, version, short_workers)
        self._lenses: dict[str, list[PendingQuery]] = {}
        """The queries that wait for a lens, by its path."""
        self.loaded = asyncio.Event()
        """Set when all is in memory, and changes can be made."""
        self.scanned = 0
        """How many queries columns have answered (`kg.columns`)."""
        self.optimised = 0
        """How many queries were rewritten (`kg.optimisation`)."""

    def _worker_completed(self, worker: WorkerProcess, outcome: Outcome, body: bytes, file: int) -> None:
        """A worker has sent an outcome."""
        pending, worker.pending = worker.pending, None
        if pending and pending.worker is not worker:  # it was given to another, or nobody waits for it
            pending = None
        if pending:
            self._quick_shapes.note(pending.shape, quick=outcome.kind == "ok" and not outcome.slow)
        if pending and worker.long and worker.processor_seconds - worker.started_used < SHORT_SECONDS:
            self._long_shapes.remove(pending.task.query)  # this one is short
        spooled = SpooledFile(file) if file >= 0 else None  # which closes it, also where nobody waits
        reply = self._reply(pending, outcome, body, spooled) if pending else None
        if outcome.retires or worker.outdated:
            self._replace(worker)
        elif worker.lowered:  # low priority cannot be undone
            self._end(worker)
        else:
            self._release(worker)
        if pending and reply is None:
            self._await_lens(pending, outcome.message)
        elif pending and reply:
            self._finish(pending, reply)

    def _reply(
        self, pending: PendingQuery, outcome: Outcome, body: bytes, file: SpooledFile | None
    ) -> Reply | Exception | None:
        """What waiters get for the outcome of a query; None if its worker lacks a lens."""
        if outcome.kind == "lens":
            return None
        if outcome.kind != "ok":
            return error_of(outcome, self.limits.result)
        if outcome.size != len(file or body) or (file and spooled_bytes() > self.limits.spool):
            return BusyError("Too many large answers are being read just now. Try again later.")
        self.scanned += outcome.scanned
        self.optimised += outcome.optimised
        return Reply(outcome.format, file or body, outcome.rows, outcome.hedged, outcome.unknown, pending.version)

    def _await_lens(self, pending: PendingQuery, lens: str) -> None:
        """Has the fork server make a lens that the query's worker lacked; the query is queued again after that."""
        pending.worker, pending.retries = None, pending.retries + 1
        self._free_slot(pending)
        if pending.retries > _MAX_RETRIES or (lens not in self._lenses and len(self._lenses) >= _MAX_LENSES):
            self._finish(pending, BusyError("Too many lenses are being made just now. Try again in a few seconds."))
            return
        waiting = self._lenses.setdefault(lens, [])
        waiting.append(pending)
        if len(waiting) == 1:
            message, server = encode_message({"kind": "lens", "what": lens}), self._fork_server
            server.request(message, lambda: self._use_lens(lens, server))

    def _use_lens(self, lens: str, server: ForkServer) -> None:
        """Replaces the workers, which lack the lens, as they end their queries; queues those that wait for it."""
        if server is self._fork_server:  # else they were queued when that was replaced
            self._queue_waiting(lens)
            self._renew_workers()

    def _queue_waiting(self, lens: str) -> None:
        self._queue.extendleft(pending for pending in self._lenses.pop(lens) if pending.waiters)

    def _worker_died(self, worker: WorkerProcess) -> None:
        pending, worker.pending = worker.pending, None
        if pending and pending.worker is not worker:
            pending = None
        error = worker.crash_error(self.limits.memory)
        if isinstance(error, TooDeepError | TooLargeError) and not self.loaded.is_set():  # so it ends at damaged files
            error = BusyError(UNREADABLE_COPY)
        self._replace(worker)
        if pending and isinstance(error, StoppedError) and pending.retries < _MAX_RETRIES:
            pending.retries, pending.worker = pending.retries + 1, None
            self._slots.discard(pending)
            self._queue.appendleft(pending)
            living = next((w for w in self._idle if w.is_alive()), None)  # others may have been killed with it
            if living:
                self._idle.remove(living)
                self._release(living)
            self._start_next_long()
        elif pending:
            self._finish(pending, error)
