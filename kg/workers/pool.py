"""A pool of worker processes with limits of time, memory and size, and fair scheduling."""

import asyncio
from collections.abc import Callable

from kg.engine.engine import Engine
from kg.engine.errors import QuerySyntaxError
from kg.engine.limits import Limits
from kg.engine.replies import Reply
from kg.workers.backlog import at_work
from kg.workers.lanes import full, stopping
from kg.workers.messages import Task
from kg.workers.process import ForkServer, PendingQuery, ReplyFuture, Waiter, WorkerProcess
from kg.workers.versions import Versions


class WorkerPool(Versions):
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
        limits = limits or Limits()
        server = engine if isinstance(engine, ForkServer) else ForkServer(engine, limits.memory)
        super().__init__(server, limits, version, short_workers)
        self._loading = ForkServer(load, limits.memory) if load else None
        if server is engine:
            self.optimises_from = None

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
        self._tidy_later()

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
            self._finish(pending, stopping())
        self._writer.fail(stopping)
        self._writer.discard()
        for worker in [*self._workers]:
            worker.kill()
        self._queue.clear()
        self._long_queue.clear()

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
            answered(stopping())
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
            answered(full(queue))
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
