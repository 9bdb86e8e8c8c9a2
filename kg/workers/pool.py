"""A pool of worker processes that evaluate queries within limits of time, memory and size."""

import asyncio
import os
import signal
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError, QuerySyntaxError, QueryTimeoutError, StoppedError
from kg.engine.limits import Limits
from kg.engine.replies import Reply, SpooledFile, spooled_bytes
from kg.workers.messages import Outcome, Task, error_of
from kg.workers.process import ForkServer, PendingQuery, Waiter, WorkerProcess
from kg.workers.wire import packed
from kg.workers.worker import run_fork_server

SHORT_SECONDS: Final = 0.2
"""A query that has run for so long goes on in the long lane."""

CONTENDED_SECONDS: Final = 0.025
"""The same while others wait for a worker; not for queries of our own pages, of which each needs many."""

_TICK_SECONDS: Final = 0.0125
"""How often the running times of the short lane are looked at."""

_PROCESSORS: Final = os.cpu_count() or 1

_PATCH_BYTES: Final = 1 << 22
"""A worker to which more patches than these were applied is forked anew, since less and less is shared with it."""

_RETRY_SECONDS: Final = 1.0
"""After so long it is tried again to fork a worker."""


class WorkerPool:
    """Evaluates queries in worker processes. All but the constructor belongs to one event loop.

    There are two lanes, so that no number of long queries holds up short ones. Every query begins in the short lane,
    which has `short_workers` workers. What has run there for `SHORT_SECONDS` moves to the long lane with its process,
    at the lowest priority of the scheduler; that lane has ``limits.workers`` places. Where all are taken, the process
    is killed, and the query waits for a place and is evaluated anew. Deadlines count from when a query was asked,
    wherever it is. In both lanes the clients with the fewest workers come first, and queries of our own pages before
    all.

    A worker process:

    | state | becomes | when |
    |---|---|---|
    | starting | idle, or busy in the long lane | the fork server has forked it |
    | idle | busy | a query is given to it |
    | busy, short lane | idle | it answers; another starts in its place where its priority is the lowest |
    | | busy, long lane | its time is over and the long lane has a place |
    | | busy, lowest priority | more workers are busy than there are processors, and it is for 12 ms already |
    | | killed, another starts | its time is over and the long lane is full; nobody waits any more; it retires |
    | busy, long lane | killed | it answers; nobody waits any more |
    | any | killed, another starts | it dies; its query is retried once if nobody but a signal from outside did it |

    A query (`PendingQuery`):

    | state | becomes | when |
    |---|---|---|
    | queued | running | a worker of the short lane is idle |
    | running | answered | its worker answers or dies |
    | | queued for the long lane | its time is over and the long lane is full |
    | queued for the long lane | running | the long lane has a place |
    | any | failed | all its waiters are late or gone; the queue is full; the server stops |

    Make it while the process has one thread: it forks.
    """

    def __init__(self, engine: Engine, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.short_workers = 3 * self.limits.workers
        self._control_end, theirs = socket.socketpair()
        self._fork_server_pid = os.fork()
        if self._fork_server_pid == 0:
            self._control_end.close()
            try:
                run_fork_server(theirs, engine, self.limits.memory)
            finally:
                os._exit(0)
        theirs.close()
        self._replaced = 0
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._places: set[PendingQuery] = set()
        """The queries that have a place in the long lane, from when they get it until they end."""
        self._queue: deque[PendingQuery] = deque()
        self._long_queue: deque[PendingQuery] = deque()
        self._pending: dict[Task, PendingQuery] = {}
        self._changes: set[asyncio.Future[tuple[Outcome, bytes]]] = set()
        self._ticking = False
        self._stopping = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, on the loop that it is used on."""
        self._loop = loop
        self._fork_server = ForkServer(loop, self._control_end)
        for _ in range(self.short_workers):
            self._fork()

    def close(self) -> None:
        """Ends all processes of the pool."""
        for worker in [*self._workers]:
            worker.kill()
        self._fork_server.close()
        os.kill(self._fork_server_pid, signal.SIGKILL)
        os.waitpid(self._fork_server_pid, 0)

    def shut_down(self) -> None:
        """Fails all that is under way, and all that is asked from now on, with StoppedError: the server stops."""
        self._stopping = True
        for pending in [*self._pending.values()]:
            self._finish(pending, _stopping())
        for completed in self._changes:
            if not completed.done():
                completed.set_exception(_stopping())
        for worker in [*self._workers]:
            worker.kill()
        self._queue.clear()
        self._long_queue.clear()

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many workers are busy, how many queries wait, and how many workers have been replaced."""
        busy = sum(w.pending is not None for w in [*self._workers])
        return busy, len(self._queue) + len(self._long_queue), self._replaced

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """The complete answer to a task. Identical tasks at the same time are evaluated once.

        client: any name of who asks; clients share the workers evenly. Cancelling the future gives the query up: when
        all have who asked it, its worker is stopped. The future raises QuerySyntaxError, OutboundRefusedError,
        NotAcceptableError, QueryTimeoutError, BusyError, TooLargeError, TooDeepError; or KelisimError if evaluation
        fails otherwise.
        """
        pending = self._pending.get(task)
        if pending:
            return self._waiter(pending, timeout)
        if self._stopping:
            return self._failed(_stopping())
        if not (self._idle or task.internal) and len(self._queue) >= self.limits.queue:
            return self._failed(_full(self._queue))
        try:
            pending = PendingQuery(task, client)
        except UnicodeEncodeError as error:
            return self._failed(QuerySyntaxError(f"The query is no Unicode text: {error}"))
        self._pending[task] = pending
        waiter = self._waiter(pending, timeout)
        if self._idle:
            self._dispatch(pending, self._idle.pop())
        else:
            self._queue.append(pending)
        return waiter

    async def stage_change(self, change: Change, documents: Sequence[bytes], timeout: float | None = None) -> bytes:
        """What a change comes to, as a serialised patch; nothing is changed yet.

        Raises what `query` raises, DocumentError where a document cannot be read, and InvalidChangeError where the
        shapes forbid the state after it.
        """
        if self._stopping:
            raise _stopping()
        seconds = self.limits.seconds(timeout)
        completed: asyncio.Future[tuple[Outcome, bytes]] = self._loop.create_future()

        def answered(_: WorkerProcess, outcome: Outcome, body: bytes, __: int) -> None:
            if not completed.done():
                completed.set_result((outcome, body))

        def died(worker: WorkerProcess) -> None:
            if not completed.done():
                completed.set_exception(worker.crash_error(self.limits.memory))

        description = {"kind": "change", "what": vars(change), "sizes": [len(d) for d in documents]}
        message = packed(description, b"".join(documents))
        try:
            worker = self._fork_server.fork(answered, died, lambda worker: worker.channel.send(message))
        except OSError as error:
            raise BusyError("The server has no files left. Try again later.") from error
        self._changes.add(completed)
        try:
            async with asyncio.timeout(seconds):
                outcome, body = await completed
        except TimeoutError:
            raise _timed_out(seconds) from None
        finally:
            self._changes.discard(completed)
            worker.kill()
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result, body)
        return body

    async def apply_patch(self, patch: bytes, seen: Callable[[], None]) -> None:
        """Brings all to the state after a patch; calls `seen` at the moment from which queries are asked of it."""
        applied: asyncio.Future[None] = self._loop.create_future()
        message = packed({"kind": "patch", "what": None}, patch)

        def apply_to_workers() -> None:
            many = len(message) > _PATCH_BYTES
            replaces = True  # one after another, so that there is always one that answers
            for worker in [w for w in self._workers if not w.long]:  # those end with what they evaluate
                worker.patched += len(message)
                if worker.patched <= _PATCH_BYTES or not (worker.pending or replaces or many):
                    worker.channel.send(message)
                elif worker.pending is None:  # else it is replaced when it has answered
                    self._replace(worker)
                    replaces = False
            seen()
            if not applied.done():
                applied.set_result(None)

        self._fork_server.do(message, apply_to_workers)
        await applied

    def _waiter(self, pending: PendingQuery, timeout: float | None) -> Waiter:
        waiter = Waiter(loop=self._loop)
        seconds = self.limits.seconds(timeout)
        waiter.pending, waiter.abandon = pending, self._abandon
        waiter.timer = self._loop.call_later(seconds, self._expire, waiter, seconds)
        pending.waiters.append(waiter)
        return waiter

    def _failed(self, error: Exception) -> asyncio.Future[Reply]:
        future: asyncio.Future[Reply] = self._loop.create_future()
        future.set_exception(error)
        return future

    def _dispatch(self, pending: PendingQuery, worker: WorkerProcess) -> None:
        pending.worker = worker
        worker.pending, worker.started = pending, self._loop.time()
        worker.channel.send(pending.message)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """Moves what has run for long enough out of the short lane."""
        now = self._loop.time()
        busy = [w for w in self._workers if w.pending is not None and not w.long]
        waiting = len(self._queue)
        for worker in sorted(busy, key=lambda w: w.started):
            seconds, internal = now - worker.started, worker.pending is not None and worker.pending.task.internal
            if seconds >= (CONTENDED_SECONDS if waiting > 0 and not internal else SHORT_SECONDS):
                self._demote(worker)
                waiting -= 1
            elif len(busy) > _PROCESSORS and seconds >= _TICK_SECONDS and not (worker.lowered or internal):
                worker.lower_priority()  # newer queries first, of which most are shorter
        self._ticking = bool(busy)
        if busy:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _demote(self, worker: WorkerProcess) -> None:
        pending = worker.pending
        assert pending
        if len(self._places) < self.limits.workers:
            self._places.add(pending)
            worker.long = True
            if not worker.lowered:
                worker.lower_priority()
            self._fork()
            return
        worker.pending, pending.worker = None, None
        self._replace(worker)
        if len(self._long_queue) < self.limits.queue:
            self._long_queue.append(pending)
        else:
            self._finish(pending, _full(self._long_queue))

    def _completed(self, worker: WorkerProcess, outcome: Outcome, body: bytes, file: int) -> None:
        """A worker has answered."""
        pending, worker.pending = worker.pending, None
        spooled = SpooledFile(file) if file >= 0 else None
        if pending and outcome.kind != "ok":
            self._finish(pending, error_of(outcome, self.limits.result))
        elif pending and (outcome.size != len(spooled or body) or (spooled and spooled_bytes() > self.limits.spool)):
            self._finish(pending, BusyError("Too many large answers are being read just now. Try again later."))
        elif pending:
            self._finish(pending, Reply(outcome.format, spooled or body, outcome.rows))
        if outcome.retires or worker.patched > _PATCH_BYTES:
            self._replace(worker)
        elif worker.lowered:  # its priority stays low
            self._end(worker)
        else:
            self._release(worker)

    def _died(self, worker: WorkerProcess) -> None:
        pending, worker.pending = worker.pending, None
        error = worker.crash_error(self.limits.memory)
        self._replace(worker)
        if pending and isinstance(error, StoppedError) and not pending.retried:
            pending.retried, pending.worker = True, None
            self._places.discard(pending)
            self._queue.appendleft(pending)
            self._next_long()
        elif pending:
            self._finish(pending, error)

    def _finish(self, pending: PendingQuery, outcome: Reply | Exception) -> None:
        self._pending.pop(pending.task, None)
        waiters, pending.waiters = pending.waiters, []
        for waiter in waiters:
            waiter.timer.cancel()
            waiter.set_exception(outcome) if isinstance(outcome, Exception) else waiter.set_result(outcome)
        self._vacate(pending)

    def _expire(self, waiter: Waiter, seconds: float) -> None:
        busy = BusyError(f"No worker became free within {seconds:g} seconds. Try again later.")
        waiter.set_exception(_timed_out(seconds) if waiter.pending.worker else busy)
        self._abandon(waiter)

    def _abandon(self, waiter: Waiter) -> None:
        """Somebody waits no longer; a query that nobody waits for is stopped."""
        waiter.timer.cancel()
        pending = waiter.pending
        pending.waiters.remove(waiter)
        if pending.waiters:
            return
        self._pending.pop(pending.task, None)
        if pending.worker:
            pending.worker.pending = None
            self._replace(pending.worker)
        for queue in (self._queue, self._long_queue):
            if pending in queue:
                queue.remove(pending)
        self._vacate(pending)

    def _vacate(self, pending: PendingQuery) -> None:
        """Gives the place in the long lane, if the query has one, to the next."""
        if pending in self._places:
            self._places.discard(pending)
            self._next_long()

    def _next_long(self) -> None:
        if self._long_queue and len(self._places) < self.limits.workers and not self._stopping:
            pending = self._fairest(self._long_queue)
            self._places.add(pending)
            self._fork(pending)

    def _fairest(self, queue: deque[PendingQuery]) -> PendingQuery:
        """Takes the next from a queue: one of our own pages, else of the client with the fewest busy workers."""
        if len(queue) == 1:
            return queue.popleft()
        busy = Counter(w.pending.client for w in self._workers if w.pending)
        chosen = min(queue, key=lambda p: (not p.task.internal, busy[p.client]))  # the first of those that are alike
        queue.remove(chosen)
        return chosen

    def _release(self, worker: WorkerProcess) -> None:
        if self._queue:
            self._dispatch(self._fairest(self._queue), worker)
        else:
            self._idle.append(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        """Ends a worker before its time."""
        self._replaced += 1
        self._end(worker)

    def _end(self, worker: WorkerProcess) -> None:
        """Ends a worker; another takes its place in the short lane."""
        worker.kill()
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if not worker.long:  # else another took it when the worker left that lane
            self._fork()

    def _fork(self, pending: PendingQuery | None = None) -> None:
        """Forks one more worker, for the short lane, or for a query that has a place in the long lane.

        It is used from the fork server's reply on: then it holds the current version.
        """

        def started(worker: WorkerProcess) -> None:
            if pending and not pending.waiters:  # abandoned meanwhile
                worker.kill()
                return
            self._workers.add(worker)
            if pending:
                worker.long = True
                worker.lower_priority()
                self._dispatch(pending, worker)
            else:
                self._release(worker)

        try:
            self._fork_server.fork(self._completed, self._died, started)
        except OSError:  # no files are left
            self._loop.call_later(_RETRY_SECONDS, self._fork, pending)


def _stopping() -> StoppedError:
    return StoppedError("The server is being stopped. Try again when it is there again.")


def _full(queue: deque[PendingQuery]) -> BusyError:
    return BusyError(f"{len(queue)} queries wait already. Try again in a few seconds.")


def _timed_out(seconds: float) -> QueryTimeoutError:
    return QueryTimeoutError(
        f"The query took longer than {seconds:g} seconds and was stopped. Ask for less, or for more time with timeout=."
    )
