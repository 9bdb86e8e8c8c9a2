"""The server's handles for worker processes, the fork server and pending queries."""

import asyncio
import contextlib
import math
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kg.engine.engine import Engine
from kg.engine.errors import StoppedError, TooDeepError, TooLargeError
from kg.engine.replies import Reply
from kg.workers.messages import Outcome, Task
from kg.workers.wire import Channel, encode_message
from kg.workers.worker import run_fork_server
from ontology import KelisimError

LONG_NICENESS: Final = 10
"""Of long queries. SCHED_IDLE would starve them on a machine with other work."""

PATCH_BYTES: Final = 1 << 22
"""A worker is replaced when its patches exceed this size, since it shares less and less memory."""


class PendingQuery:
    """A query that is queued or running, with all waiters for its result.

    client: identifies the client that asked first, for fair scheduling. shape: that of the query, if it may be quick.
    """

    __slots__ = ("client", "message", "quick", "retries", "shape", "task", "version", "waiters", "worker")

    def __init__(self, task: Task, client: str) -> None:
        """Raises UnicodeEncodeError if the query has a lone surrogate."""
        self.task = task
        self.client = client
        self.message = encode_message({"kind": "task", "what": task})
        self.waiters: list[Waiter] = []
        self.worker: WorkerProcess | None = None
        """The one whose outcome counts."""
        self.shape = ""
        self.quick = False
        """Whether those of its shape are known to be quick (`kg.workers.backlog`)."""
        self.retries = 0
        self.version = -1
        """The number of the version that its worker has."""

    @property
    def deadline(self) -> float:
        """When the last of its waiters expires (event loop time, in seconds)."""
        return max((w.timer.when() for w in self.waiters), default=-math.inf)


class Waiter:
    """Who waits for the reply to a query until a deadline, that of `timer`; `abandon` is called when it is cancelled.

    `answered` is called once with the reply, or with the exception that there is instead; never after `cancel`.
    """

    __slots__ = ("_answered", "abandon", "pending", "timer")

    def __init__(
        self, pending: PendingQuery, answered: Callable[[Reply | Exception], None], abandon: Callable[["Waiter"], None]
    ) -> None:
        self.pending = pending
        self._answered = answered
        self.abandon = abandon
        self.timer: asyncio.TimerHandle

    def settle(self, outcome: Reply | Exception) -> None:
        """Passes on the outcome, and keeps nothing of who waited, who keeps this: so no garbage has to be collected."""
        answered, self._answered = self._answered, _ignored
        answered(outcome)

    def cancel(self) -> None:
        """Waits no more, if there was no reply yet; the query goes on if it has other waiters."""
        self._answered = _ignored
        if self in self.pending.waiters:
            self.abandon(self)


def _ignored(_: Reply | Exception) -> None:
    """Nobody waits for the reply."""


class ReplyFuture(asyncio.Future[Reply]):
    """A future for the reply to a query, whose waiter is cancelled with it."""

    __slots__ = ("waiter",)

    waiter: Waiter | None

    def settle(self, outcome: Reply | Exception) -> None:
        """Sets its result or exception, unless it was cancelled."""
        if self.done():
            return
        self.set_exception(outcome) if isinstance(outcome, Exception) else self.set_result(outcome)

    def cancel(self, msg: object = None) -> bool:
        """Cancels it, and its waiter."""
        cancelled = super().cancel(msg)
        if cancelled and self.waiter:
            self.waiter.cancel()
        return cancelled


class WorkerProcess:
    """A worker process, requested from the fork server; usable once `set_pid` was called.

    `completed` is called with each outcome, `died` if the process ended by itself. `pending` is the query that it
    evaluates, since `started` (event loop time, in seconds); `long` says that it is in the long lane.
    `started_used` is its `processor_seconds` at that time.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        completed: Callable[["WorkerProcess", Outcome, bytes, int], None],
        died: Callable[["WorkerProcess"], None],
    ) -> None:
        own_end, self._child_end = socket.socketpair()
        try:
            self.crash_report = os.memfd_create("crash-report")
        except OSError:
            own_end.close()
            self._child_end.close()
            raise
        try:
            self.channel = Channel(
                loop, own_end, Outcome, lambda what, body, file: completed(self, what, body, file), lambda: died(self)
            )
        except OSError:
            own_end.close()
            self._child_end.close()
            os.close(self.crash_report)
            raise
        self.pending: PendingQuery | None = None
        self.backlog: deque[PendingQuery] = deque()
        """What was sent to it and waits behind that."""
        self.started = 0.0
        self.started_used = 0.0
        self.long = False
        self.lowered = False
        """Whether `lower_priority` was called."""
        self.idle_since = 0.0
        """When it last became idle (event loop time, in seconds)."""
        self.patched = 0
        """The size of the patches since it was forked, in bytes."""
        self._pid = 0
        self._pidfd = -1

    @property
    def outdated(self) -> bool:
        """Whether it takes no more patches, and is replaced once it is idle: it shares less and less memory."""
        return self.patched > PATCH_BYTES

    @property
    def takes_more(self) -> bool:
        """Whether quick queries may wait at it: it has nothing but such, and goes on when it is done with them."""
        pending = self.pending
        return pending is not None and pending.quick and pending.worker is self and not (self.lowered or self.outdated)

    def child_files(self) -> tuple[int, int]:
        """The file descriptors for the process, which the channel closes: its socket and its crash report."""
        report = os.dup(self.crash_report)
        return self._child_end.detach(), report

    def set_pid(self, pid: int) -> None:
        """Sets the process id, and opens a pidfd."""
        self._pid = pid
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(pid)

    @property
    def processor_seconds(self) -> float:
        """The processor time that the process has had, of all its threads; infinite if it cannot be told.

        The clock's number is that of clock_getcpuclockid(3), which Python has for threads only.
        """
        try:
            return time.clock_gettime((~self._pid << 3) | 2)
        except OSError:  # it has died
            return math.inf

    @property
    def touched_bytes(self) -> int:
        """No less than the memory that the process no longer shares with the fork server: its page faults (proc(5))."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        except OSError:  # it has died
            return 0
        return int(fields.split()[7]) * resource.getpagesize()

    def lower_priority(self) -> None:
        """Lowers the process's share of the processors to a tenth (setpriority(2)); without privileges it is for ever.

        A priority is each thread's own, so all threads get it.
        """
        if self.lowered:
            return
        self.lowered = True
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{self._pid}/task"):  # noqa: PTH208 - only the names
                os.setpriority(os.PRIO_PROCESS, int(thread), LONG_NICENESS)

    def is_alive(self) -> bool:
        """Whether the process runs still; its end is noticed a little later by its socket (pidfd_open(2))."""
        if self._pidfd < 0:
            return False
        ended = select.poll()  # select() takes no descriptors above 1023
        ended.register(self._pidfd, select.POLLIN)
        return not ended.poll(0)

    def kill(self) -> str:
        """Kills the process and returns its crash report; empty if it was already killed."""
        if self.crash_report < 0:
            return ""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
        self.channel.close()
        self._child_end.close()
        report = os.pread(self.crash_report, 4096, 0).decode(errors="replace")
        os.close(self.crash_report)
        self.crash_report = -1
        return report

    def crash_error(self, memory: int) -> Exception:
        """Kills the process, and returns why it died, by its crash report; `memory` was its limit in bytes."""
        report = self.kill()
        if "Traceback" in report:
            return RuntimeError(f"A worker failed: {report}")
        if "memory" in report:
            return TooLargeError(f"This needs more than {memory >> 20} MiB of memory. Ask for less, or add a LIMIT.")
        if report:  # from faulthandler: a stack overflow
            return TooDeepError(
                "The query made the engine stop: it is nested too deeply or too complex. Make it simpler."
            )
        return StoppedError("The process that worked on this was stopped from outside. Try again.")


class ForkServer:
    """The handle for the process that holds the store and forks workers; it handles requests in order.

    The constructor starts the process; `connect` calls `loaded` once the process has its engine.
    """

    def __init__(self, load: Callable[[], Engine], memory: int) -> None:
        """`load` gives the engine, in the new process; `memory` is the limit of a worker in bytes."""
        self._end, child_end = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            self._end.close()
            try:
                run_fork_server(child_end, load, memory)
            except KelisimError as error:
                os.write(2, f"Error: {error}\n".encode())
            except BrokenPipeError:
                pass  # the process that forked this has ended, and said why
            except BaseException:  # the process must not return to the caller
                os.write(2, traceback.format_exc().encode(errors="replace"))
            finally:
                os._exit(0)
        child_end.close()

    def connect(self, loop: asyncio.AbstractEventLoop, loaded: Callable[[], None]) -> None:
        """Begins to use it, on that event loop."""
        self._loop = loop
        self._channel = Channel(loop, self._end, int, lambda pid, _, __: self._callbacks.popleft()(pid), self._lost)
        self._callbacks: deque[Callable[[int], None]] = deque([lambda _: loaded()])
        self._starting: set[WorkerProcess] = set()

    def request(self, message: bytes, done: Callable[[], None], files: Sequence[int] = ()) -> None:
        """Sends a message, with files that are then closed, and calls `done` when the reply arrives."""
        self._callbacks.append(lambda _: done())
        self._channel.send(message, files)

    def ask(self, message: bytes, answered: Callable[[int], None]) -> None:
        """Sends a message, and calls `answered` with the reply when that arrives."""
        self._callbacks.append(answered)
        self._channel.send(message)

    def fork(
        self,
        completed: Callable[[WorkerProcess, Outcome, bytes, int], None],
        died: Callable[[WorkerProcess], None],
        started: Callable[[WorkerProcess], None],
    ) -> WorkerProcess:
        """Requests a worker, and calls `started` when it runs, unless it was killed before.

        Raises OSError if no file descriptors are left; then nothing is requested.
        """
        worker = WorkerProcess(self._loop, completed, died)
        try:
            files = worker.child_files()
        except OSError:
            worker.kill()
            raise

        def forked(pid: int) -> None:
            self._starting.discard(worker)
            if worker.crash_report >= 0:  # else it was killed: it exits, since its socket is closed
                worker.set_pid(pid)
                started(worker)

        self._callbacks.append(forked)
        self._starting.add(worker)
        self._channel.send(encode_message({"kind": "worker"}), files)
        return worker

    @property
    def is_starting(self) -> bool:
        """Whether a worker has been requested that does not run yet."""
        return bool(self._starting)

    def close(self) -> None:
        """Ends the process, and with it its workers, and drops pending requests."""
        for worker in self._starting:
            worker.kill()
        self._channel.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _lost(self) -> None:
        """It has died."""
        _exit()


class LoadedForkServer(ForkServer):
    """The handle for a fork server that loads a history from its folder, forked by one that holds nothing.

    So it has no memory of another state, and no thread of this process was running when it was forked.
    """

    adopted = False
    """Whether queries are answered by it; then its death ends the server, as that of any fork server."""

    def __init__(self, parent: ForkServer, folder: Path, failed: Callable[[], object]) -> None:
        """Must be called on the event loop of `parent`; `connect` calls ``loaded`` once the state is in memory.

        `failed` is called if the process ends before it is adopted, as it does if the history cannot be read.
        """
        self._end, child_end = socket.socketpair()
        self._failed = failed
        parent.request(encode_message({"kind": "history", "what": str(folder)}), lambda: None, (child_end.detach(),))

    def close(self) -> None:
        """Ends the process, which does so when its socket is closed, and drops pending requests."""
        for worker in self._starting:
            worker.kill()
        self._channel.close()

    def _lost(self) -> None:
        """It has died."""
        _exit() if self.adopted else self._failed()


def _exit() -> None:
    """The fork server died: exits at once, since no query can be answered; a supervisor restarts the server.

    Without cleanup: threads may wait for replies that will not come, and acknowledged changes are on disk.
    """
    os._exit(1)
