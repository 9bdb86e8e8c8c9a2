"""A pool of worker processes with limits of time, memory and size, and fair scheduling."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError, QuerySyntaxError, QueryTimeoutError, StoppedError, TooDeepError, TooLargeError
from kg.engine.limits import Limits
from kg.engine.replies import Reply, SpooledFile, spooled_bytes
from kg.optimisation.gathering import LEAST_QUADS
from kg.rdf.patches import Patch
from kg.workers.backlog import STUCK_SECONDS, QuickShapes, at_work
from kg.workers.collecting import collect
from kg.workers.fairness import QueryShapes, pop_fairest
from kg.workers.messages import Outcome, Task, error_of
from kg.workers.process import PATCH_BYTES, ForkServer, PendingQuery, ReplyFuture, Waiter, WorkerProcess
from kg.workers.wire import encode_message
from kg.workers.worker import UNREADABLE_COPY
from kg.workers.writer import RENEWAL_SECONDS, Writer

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

IDLE_SECONDS: Final = 10.0
"""How long a worker is idle before it is looked at whether it shares less and less memory."""

_TOUCHED_BYTES: Final = 48 << 20
"""An idle worker that touched more memory is replaced, one after another."""

_RETRY_SECONDS: Final = 1.0
"""The delay before forking is tried again when no file descriptors are left."""

_GATHERING_SECONDS: Final = 10.0
"""After that time statistics are gathered again where more changed meanwhile than could be remembered."""

_MAX_LENSES: Final = 4
"""How many lenses may wait to be made: the fork server makes one after another, and forks nothing meanwhile."""

_LEAST_SECONDS: Final = 0.1
"""A query with less time left gets no slot: when many expire together, each would take a fork from others."""

_MAX_RETRIES: Final = 8
"""How often a query is tried again whose worker was killed from outside: the next one may be dying too."""


class WorkerPool:
    """Evaluates queries in worker processes. All methods but the constructor must be called on one event loop.

    There are two lanes, so that long queries cannot delay short ones. Every query starts in the short lane, which has
    `short_workers` workers. After a time slice (`SHORT_SECONDS`, or `CONTENDED_SECONDS` while others are queued) it
    moves, with its process, to the long lane, which has ``limits.workers`` slots and the lowest scheduling priority. If
    no slot is free, the process is killed, and the query is queued for the long lane and evaluated again. Deadlines
    count from the request. In both queues internal queries have priority, then clients with the fewest busy workers.
    Queries that are known to be quick wait at workers that are busy with such (`kg.workers.backlog`); they are not
    begun, and so can be given to other workers whatever happens to theirs.

    States of a worker (`WorkerProcess`). "Replaced" means killed, and `worker` sent for another in the short lane:

    | state | event | next state | sent |
    |---|---|---|---|
    | none | `start`; a worker moves to the long lane; a slot is free | starting | `worker` to the fork server |
    | starting | forked, for the short lane | idle, or busy if a query is queued | `task` if busy |
    | | forked, for a query of the long queue | busy, long lane, low priority | `task` |
    | | forked, but that query was abandoned | killed | SIGKILL |
    | idle | it is idle for `IDLE_SECONDS`, and has copied much of the fork server's memory | killed | `worker` |
    | | a query arrives | busy, short lane | `task` |
    | | a patch is committed | idle | `patch` |
    | | the same, patches exceed `PATCH_BYTES` | one worker replaced, the others idle | SIGKILL, `patch` |
    | busy, short lane | outcome | idle, or busy with a queued query | reply to the waiters; `task` |
    | | outcome, and queries wait at it | busy with the next of them | reply to the waiters |
    | | a quick query arrives, and it has no other | unchanged; the query waits at it | `task` |
    | | its quick query is stuck; it is replaced or dies | what waits at it is queued, at the front | |
    | | its quick query is abandoned | replaced once that is stuck, else as after an outcome | |
    | | outcome: it lacks a lens | idle, or busy with a queued query | `lens` to the fork server |
    | idle or busy | a lens was made | replaced, if busy after its query | SIGKILL |
    | busy, short lane | outcome; low priority, retiring, or patches exceed `PATCH_BYTES` | replaced | reply; SIGKILL |
    | | a patch is committed | unchanged | `patch`, unless its patches exceed `PATCH_BYTES` |
    | | ran for a tick, more busy workers than processors | low priority | setpriority |
    | | time slice over, a slot is free | busy, long lane, low priority | `worker` |
    | | time slice over, no slot is free; query abandoned | replaced | SIGKILL |
    | | the same for an internal query, and others of those are few | unchanged | |
    | busy, long lane | outcome; query abandoned | killed | reply; SIGKILL |
    | any | process died | replaced; killed if in the long lane | |
    | | `shut_down`, `close` | killed | SIGKILL |

    States of a query (`PendingQuery`):

    | state | event | next state | sent |
    |---|---|---|---|
    | none | request like one that was long lately | long queue | |
    | none | request, quick, and a worker is busy with such | waiting at a worker | `task` |
    | waiting at a worker | outcome of the one before it | running | |
    | | its worker is stuck, is replaced or dies | queued, at the front | |
    | none | request, a worker is idle | running | `task` |
    | | request, no worker is idle | queued; done if the queue is full | BusyError if done |
    | queued | a worker of the short lane is free | running | `task` |
    | running | outcome | done | reply or error to the waiters |
    | | its worker lacks a lens | waiting; done if others are being made | `lens`; BusyError if done |
    | waiting | the lens was made, or another fork server is used | queued, at the front | |
    | running | time slice over, a slot is free | running, with a slot | |
    | | time slice over, no slot is free | long queue; done if that is full | BusyError if done |
    | | worker killed from outside, first time | queued, at the front, without a slot | |
    | | worker died otherwise | done | error to the waiters |
    | long queue | a slot is free, and time is left | starting, with a slot | `worker` |
    | starting | worker forked | running, with a slot | `task` |
    | any | deadline of a waiter | unchanged; abandoned if the last | QueryTimeoutError; BusyError if not running |
    | | a waiter is cancelled | unchanged; abandoned if the last | |
    | | `shut_down` | done | StoppedError |

    Changes are staged in a worker outside both lanes (`kg.workers.writer`), which is killed at their deadline.

    An engine that is `on_disk` answers only until `load`, in a fork server of its own, has loaded the same state into
    memory; then that server's workers replace the others as those end, and changes, which have waited, are taken.

    Construct it while the process has one thread, since it forks.
    """

    def __init__(
        self,
        engine: Callable[[], Engine] | ForkServer,
        limits: Limits | None = None,
        load: Callable[[], Engine] | None = None,
        *,
        version: int = 0,
        short_workers: int = 0,
    ) -> None:
        """`engine` and `load` give engines, each in a fork server of its own; or `engine` is a fork server.


        `version` is the number of its version; `short_workers` that of the workers of the short lane, 0 for the usual.
        """
        self.limits = limits or Limits()
        self.short_workers = short_workers or 3 * self.limits.workers
        self._fork_server = engine if isinstance(engine, ForkServer) else ForkServer(engine, self.limits.memory)
        self.version = version
        """The number of the version that workers have to which a query is sent now."""
        self.forked_version = version
        """That of workers which are asked of the fork server now."""
        self._loading = ForkServer(load, self.limits.memory) if load else None
        self._former: set[ForkServer] = set()
        """Those that were replaced and have workers still."""
        self.loaded = asyncio.Event()
        """Set when all is in memory, and changes can be made."""
        self._replaced = 0
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._slots: set[PendingQuery] = set()
        """The queries with a slot in the long lane, from when they get it until they are done."""
        self._queue: deque[PendingQuery] = deque()
        self._long_queue: deque[PendingQuery] = deque()
        self._pending: dict[Task, PendingQuery] = {}
        self._writer = Writer(self.limits.memory, self._renew_writer)
        self._writes = False
        self._long_shapes = QueryShapes()
        """Of the queries for which the long lane had no slot."""
        self._quick_shapes = QuickShapes()
        self._lenses: dict[str, list[PendingQuery]] = {}
        """The queries that wait for a lens, by its path."""
        self.scanned = 0
        """How many queries columns have answered (`kg.columns`)."""
        self.optimised = 0
        """How many queries were rewritten (`kg.optimisation`)."""
        self.optimises_from: int | None = None if isinstance(engine, ForkServer) else LEAST_QUADS
        """Queries over stores with so many quads are rewritten by statistics of these; None: over none."""
        self._stop_gathering: Callable[[], None] = lambda: None
        self._ticking = False
        self._stopping = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the workers, on the event loop on which the pool is used."""
        self._loop = loop
        self._fork_server.connect(loop, lambda: None)
        if self._loading:
            self._loading.connect(loop, self._use_loaded)
        else:
            self.loaded.set()
            self._gather()
        for _ in range(self.short_workers):
            self._fork()
        self._tidying = loop.call_later(IDLE_SECONDS / 4, self._tidy)

    def close(self) -> None:
        """Kills all processes of the pool."""
        self._stopping = True
        self._writes = False
        self._writer.discard()
        self._stop_gathering()
        for worker in [*self._workers]:
            worker.kill()
        for server in (self._fork_server, *([self._loading] if self._loading else ()), *self._former):
            server.close()
        self._former.clear()

    def shut_down(self) -> None:
        """Fails all current and later requests with StoppedError: the server stops."""
        self._stopping = True
        self.loaded.set()  # for the changes that wait
        for pending in [*self._pending.values()]:
            self._finish(pending, _stopping())
        self._writer.fail(_stopping)
        self._writer.discard()
        for worker in [*self._workers]:
            worker.kill()
        self._queue.clear()
        self._long_queue.clear()

    @property
    def fork_server(self) -> ForkServer:
        """The fork server that has the state `forked_version`."""
        return self._fork_server

    @property
    def usage(self) -> tuple[int, int, int]:
        """The numbers of busy workers, of queued queries, and of workers replaced so far."""
        busy = sum(w.pending is not None for w in [*self._workers])
        return busy, len(self._queue) + len(self._long_queue), self._replaced

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """The complete result of a task. Identical concurrent tasks are evaluated once.

        timeout: in seconds. client: identifies the client for fair scheduling. When all futures of a query are
        cancelled, its worker is killed. The future raises QuerySyntaxError, OutboundRefusedError,
        NotAcceptableError, QueryTimeoutError, BusyError, TooLargeError, TooDeepError, StoppedError; or KelisimError if
        evaluation fails otherwise.
        """
        future = ReplyFuture(loop=self._loop)
        future.waiter = None
        future.waiter = self.submit(task, future.settle, timeout, client)
        return future

    def submit(
        self, task: Task, answered: Callable[[Reply | Exception], None], timeout: float | None = None, client: str = ""
    ) -> Waiter | None:
        """Asks as `query` does, and calls `answered` with the reply or the error; cancelled by what it returns.

        `answered` may be called before this returns, which is None then.
        """
        pending = self._pending.get(task)
        if pending:
            return self._add_waiter(pending, answered, timeout)
        if self._stopping:
            answered(_stopping())
            return None
        try:
            pending = PendingQuery(task, client)
        except UnicodeEncodeError as error:
            answered(QuerySyntaxError(f"The query is no Unicode text: {error}"))
            return None
        if self._is_known_long(task):
            queue, worker = self._long_queue, None
        else:
            queue, worker = self._queue, self._worker_for(pending)
        if not (worker or task.internal) and len(queue) >= self.limits.queue:
            answered(_full(queue))
            return None
        self._pending[task] = pending
        waiter = self._add_waiter(pending, answered, timeout)
        if worker:
            self._dispatch(pending, worker)
        else:
            queue.append(pending)
            if queue is self._long_queue:
                self._start_next_long()
        return waiter

    def _worker_for(self, pending: PendingQuery) -> WorkerProcess | None:
        """The worker to which a new query is sent at once, if there is one: idle, or for a quick query also at work."""
        if not pending.task.internal:
            pending.shape = self._quick_shapes.shape(pending.task.query)
            pending.quick = self._quick_shapes.has(pending.shape)
            if pending.quick and not self._queue and (worker := at_work(self._workers, self._loop.time())):
                return worker
        return self._idle.pop() if self._idle else None

    async def stage_change(self, change: Change, documents: Sequence[bytes], timeout: float | None = None) -> bytes:
        """Stages a change: returns its serialised patch, without applying it.

        Raises what `query` raises, DocumentError if a document cannot be parsed, OperationError, and InvalidChangeError
        if the state after it violates the shapes.
        """
        if self._stopping:
            raise _stopping()
        seconds = self.limits.seconds(timeout)
        await self.wait_until_loaded(seconds)
        description = {"kind": "change", "what": vars(change), "sizes": [len(d) for d in documents]}
        message = encode_message(description, b"".join(documents))
        try:
            async with asyncio.timeout(seconds):
                outcome, body = await self._writer.stage(self._fork_server.fork, message)
        except TimeoutError:
            raise _timed_out(seconds) from None
        except OSError as error:
            raise BusyError("The server has no files left. Try again later.") from error
        finally:
            if not self._writer.is_ready:
                self._renew_writer()
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result, body)
        return body

    def keep_writer(self) -> None:
        """Keeps a process ready for changes from now on, so that none waits for a fork; after `start`."""
        self._writes = True
        if self.loaded.is_set():
            self._prepare_writer()

    def _renew_writer(self) -> None:
        self._loop.call_later(RENEWAL_SECONDS, self._prepare_writer)

    def _prepare_writer(self) -> None:
        if self._writes and not self._stopping:
            with suppress(OSError):  # no file descriptors are left: the next change tries again
                self._writer.prepare(self._fork_server.fork)

    async def apply_patch(self, patch: bytes, on_visible: Callable[[], None], *, versions: int = 1) -> None:
        """Applies a committed patch to all processes; calls `on_visible` when new queries see the state after it.

        `versions`: by how many the patch leads on.
        """
        applied: asyncio.Future[None] = self._loop.create_future()
        message = encode_message({"kind": "patch", "what": None}, patch)

        def apply_to_workers() -> None:
            may_replace = True  # one for each patch, so that the others can go on; all if this patch is too large
            for worker in [w for w in self._workers if not w.long]:  # in the long lane they end with their query
                worker.patched += len(message)
                if not worker.outdated:
                    worker.channel.send(message)
                elif worker.pending:
                    continue  # replaced after its outcome
                elif may_replace:
                    self._replace(worker)
                    may_replace = len(message) > PATCH_BYTES
                else:
                    worker.channel.send(message)
            if len(message) > PATCH_BYTES:  # a fork is faster
                self._writer.discard()
            else:
                self._writer.apply(message)
            self._prepare_writer()
            self.version += versions
            on_visible()
            if not applied.done():
                applied.set_result(None)

        self.forked_version += versions
        self._fork_server.request(message, apply_to_workers)
        await applied

    async def renew(self, on_visible: Callable[[], None], patch: bytes = b"") -> None:
        """Has all processes forget what they know of data elsewhere, which have changed.

        Calls `on_visible` when new queries see the state after it. Workers are replaced, as after a lens was made.
        `patch` is what was changed, where that is known.
        """
        patch = patch or Patch((), ()).serialize()
        renewed: asyncio.Future[None] = self._loop.create_future()

        def use() -> None:
            self._writer.discard()
            self._renew_workers()
            on_visible()
            if not renewed.done():
                renewed.set_result(None)

        self._fork_server.request(encode_message({"kind": "patch", "what": None}, patch), use)
        await renewed

    def begin_columns(self) -> int:
        """Columns are about to be made of the version that is returned."""
        self._fork_server.request(encode_message({"kind": "columns", "what": []}), lambda: None)
        return self.forked_version

    def use_columns(self, folder: str, touched: Sequence[str] = ()) -> None:
        """Answers from the columns in that folder, by new workers.

        They are of the version of the latest `begin_columns`, or of one before: `touched` are the predicates of what
        has changed from that to this.
        """
        self._fork_server.request(encode_message({"kind": "columns", "what": [folder, *touched]}), self._renew_workers)

    def _gather(self) -> None:
        """Has statistics gathered of the state of the fork server, beside it; new workers then use them."""
        if self.optimises_from is not None:
            self._stop_gathering()
            self._stop_gathering = collect(self._loop, self._fork_server, self.optimises_from, self._use_statistics)

    def _use_statistics(self, server: ForkServer, used: bool) -> None:
        if server is not self._fork_server or self._stopping:
            return
        if used:
            self._renew_workers()
        else:  # too much changed meanwhile
            self._loop.call_later(_GATHERING_SECONDS, self._gather_of, server)

    def _gather_of(self, server: ForkServer) -> None:
        if server is self._fork_server and not self._stopping:
            self._gather()

    @property
    def can_move(self) -> bool:
        """Whether no query is queued or running and no worker is being forked."""
        return not self._pending and not self._fork_server.is_starting and len(self._idle) == len(self._workers)

    def move(self, message: bytes, version: int) -> None:
        """Brings all processes to another version by a message to each; only if `can_move`."""
        self._fork_server.request(message, lambda: None)
        self.version = self.forked_version = version
        for worker in [*self._workers]:
            worker.patched += len(message)
            if worker.outdated:
                self._end(worker)
            else:
                worker.channel.send(message)

    async def wait_until_loaded(self, seconds: float) -> None:
        """Waits until changes can be made; raises BusyError after so many seconds, StoppedError at a stop."""
        try:
            await asyncio.wait_for(self.loaded.wait(), seconds)
        except TimeoutError:
            raise BusyError(
                "The store is still being loaded into memory, as after each start, and takes changes only then. "
                "Try again in a few seconds."
            ) from None
        if self._stopping:
            raise _stopping()

    def _use_loaded(self) -> None:
        """Replaces the fork server on disk by the one in memory, and its workers as they end their queries."""
        assert self._loading
        if self._stopping:
            return
        former, loading, self._loading = self._fork_server, self._loading, None
        self._close_former(former, self._replace_all(loading))
        self.loaded.set()
        self._prepare_writer()
        self._gather()

    def adopt(self, server: ForkServer, version: int, on_visible: Callable[[], None], *, keep: ForkServer) -> None:
        """Answers by another fork server from now on, which has another state of that version.

        Queries under way end in the former state. The former fork server is closed after them, unless it is the one
        to `keep`. No patch may be applied meanwhile.
        """
        former = self._fork_server
        self._writer.discard()
        self.version = self.forked_version = version
        workers = self._replace_all(server)
        on_visible()
        self._gather()
        if former is not keep:
            self._close_former(former, workers)

    def _replace_all(self, server: ForkServer) -> set[WorkerProcess]:
        """Uses another fork server; replaces its workers as they end their queries, and returns those that have one.

        What waits for a lens of the former is queued: the other one makes it, where it lacks that too.
        """
        self._fork_server = server
        for lens in [*self._lenses]:
            self._queue_waiting(lens)
        for worker in [*self._workers]:
            worker.patched = PATCH_BYTES + 1  # it takes no patches, and is replaced after its query
            if not worker.pending:
                self._end(worker)
        return {*self._workers}

    def _close_former(self, former: ForkServer, workers: set[WorkerProcess]) -> None:
        """Closes a former fork server once its last worker has ended."""
        if former.is_starting or workers & self._workers:
            self._former.add(former)
            self._loop.call_later(_RETRY_SECONDS, self._close_replaced, former, workers)
        else:
            former.close()

    def _close_replaced(self, former: ForkServer, workers: set[WorkerProcess]) -> None:
        if former in self._former:  # else the pool was closed meanwhile
            self._former.remove(former)
            self._close_former(former, workers)

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
        self._tidying = self._loop.call_later(IDLE_SECONDS / 4, self._tidy)

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
            self._finish(pending, _full(self._long_queue))

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

    def _renew_workers(self) -> None:
        """Replaces the workers of the short lane by forks of what the fork server is now, as they end their queries."""
        for worker in [w for w in self._workers if not w.long]:
            worker.patched = PATCH_BYTES + 1  # it takes no patches, and is replaced after its query
            if not worker.pending:
                self._end(worker)

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

    def _finish(self, pending: PendingQuery, outcome: Reply | Exception) -> None:
        self._pending.pop(pending.task, None)
        waiters, pending.waiters = pending.waiters, []
        for waiter in waiters:
            waiter.timer.cancel()
            waiter.settle(outcome)
        self._free_slot(pending)

    def _expire(self, waiter: Waiter, seconds: float) -> None:
        busy = BusyError(f"No worker became free within {seconds:g} seconds. Try again later.")
        error = _timed_out(seconds) if waiter.pending.worker else busy
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
            self._loop.call_later(_RETRY_SECONDS, self._fork, pending)
            return
        if pending:  # from now on its end is that of the query
            worker.pending, worker.long = pending, True
            pending.worker = worker


def _is_used(worker: WorkerProcess, seconds: float, time_slice: float) -> bool:
    """Whether a query that has run for so many seconds has had its time slice, or waited for it long enough."""
    return _has_used(worker, time_slice) or seconds >= _WAITING_SLICES * time_slice


def _has_used(worker: WorkerProcess, time_slice: float) -> bool:
    """Whether a query has had so much of a processor that its time slice counts as used."""
    return worker.processor_seconds - worker.started_used >= _USED_SHARE * time_slice


def _stopping() -> StoppedError:
    return StoppedError("The server is being stopped. Try again when it is there again.")


def _full(queue: deque[PendingQuery]) -> BusyError:
    return BusyError(f"{len(queue)} queries wait already. Try again in a few seconds.")


def _timed_out(seconds: float) -> QueryTimeoutError:
    return QueryTimeoutError(
        f"The query took longer than {seconds:g} seconds and was stopped. Ask for less, or for more time with timeout=."
    )
