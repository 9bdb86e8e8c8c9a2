"""The server's side of worker processes, and the tasks that they work on."""

import asyncio
import contextlib
import os
import signal
import socket
from collections import deque
from collections.abc import Callable

from kg.engine.errors import StoppedError, TooDeepError, TooLargeError
from kg.engine.replies import Reply
from kg.workers.messages import Outcome, Task
from kg.workers.wire import Channel, packed


class PendingQuery:
    """A task that is evaluated or waits for a worker, and all who wait for its answer.

    client: who asked first, by any name; clients share the workers evenly.
    """

    __slots__ = ("client", "message", "retried", "task", "waiters", "worker")

    def __init__(self, task: Task, client: str) -> None:
        """Raises UnicodeEncodeError where the query is no Unicode text (it has half of a surrogate pair)."""
        self.task = task
        self.client = client
        self.message = packed({"kind": "task", "what": task})
        self.waiters: list[Waiter] = []
        self.worker: WorkerProcess | None = None
        self.retried = False


class Waiter(asyncio.Future[Reply]):
    """One who waits for the reply to a query until `timer` ends it; `abandon` is called when it is cancelled."""

    __slots__ = ("abandon", "pending", "timer")

    pending: PendingQuery
    abandon: Callable[["Waiter"], None]
    timer: asyncio.TimerHandle

    def cancel(self, msg: object = None) -> bool:
        """Gives the query up."""
        cancelled = super().cancel(msg)
        if cancelled:
            self.abandon(self)
        return cancelled


class WorkerProcess:
    """A worker process that the fork server is asked for; it can be used once `begin` was called.

    `completed` is called with each outcome, `died` when the process ended by itself. `pending` is what it evaluates,
    since `started` (seconds of the event loop's clock); `long` says that it does so in the long lane.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        completed: Callable[["WorkerProcess", Outcome, bytes, int], None],
        died: Callable[["WorkerProcess"], None],
    ) -> None:
        ours, self._theirs = socket.socketpair()
        try:
            self.crash_report = os.memfd_create("crash-report")
        except OSError:
            ours.close()
            self._theirs.close()
            raise
        self.channel = Channel(
            loop, ours, Outcome, lambda what, body, file: completed(self, what, body, file), lambda: died(self)
        )
        self.pending: PendingQuery | None = None
        self.started = 0.0
        self.long = False
        self.lowered = False
        """Whether `lower_priority` was called."""
        self.patched = 0
        """Bytes of the patches that were applied since it was forked."""
        self._pid = 0
        self._pidfd = -1

    def files(self) -> tuple[int, int]:
        """The descriptors that the process gets, for the channel to close: its socket and its crash report."""
        report = os.dup(self.crash_report)
        return self._theirs.detach(), report

    def begin(self, pid: int) -> None:
        """Takes note of the process."""
        self._pid = pid
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(pid)

    def lower_priority(self) -> None:
        """Has the process run only when no other wants to (sched(7), SCHED_IDLE); it cannot be undone.

        A priority is each thread's own, so all threads get it.
        """
        self.lowered = True
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{self._pid}/task"):  # noqa: PTH208 - only the names
                os.sched_setscheduler(int(thread), os.SCHED_IDLE, os.sched_param(0))

    def kill(self) -> str:
        """Ends the process, and returns its crash report; once."""
        if self.crash_report < 0:
            return ""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
        self.channel.close()
        self._theirs.close()
        report = os.pread(self.crash_report, 4096, 0).decode(errors="replace")
        os.close(self.crash_report)
        self.crash_report = -1
        return report

    def crash_error(self, memory: int) -> Exception:
        """Ends the process, and says why it died, by its crash report; it had so many bytes of memory."""
        report = self.kill()
        if "Traceback" in report:
            return RuntimeError(f"A worker failed: {report}")
        if "memory" in report:
            return TooLargeError(f"This needs more than {memory >> 20} MiB of memory. Ask for less, or add a LIMIT.")
        if report:  # of the fault handler: a stack overflow
            return TooDeepError(
                "The query made the engine stop: it is nested too deeply or too complex. Make it simpler."
            )
        return StoppedError("The process that worked on this was stopped from outside. Try again.")


class ForkServer:
    """The process that holds the store and forks workers from it; it does one thing after another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: socket.socket) -> None:
        self._loop = loop
        self._channel = Channel(loop, end, int, lambda pid, _, __: self._then.popleft()(pid), _exit)
        self._then: deque[Callable[[int], None]] = deque()
        self._starting: set[WorkerProcess] = set()

    def do(self, message: bytes, then: Callable[[], None]) -> None:
        """Sends a message, and calls `then` when it is done."""
        self._then.append(lambda _: then())
        self._channel.send(message)

    def fork(
        self,
        completed: Callable[[WorkerProcess, Outcome, bytes, int], None],
        died: Callable[[WorkerProcess], None],
        started: Callable[[WorkerProcess], None],
    ) -> WorkerProcess:
        """Has a worker forked, and calls `started` when it runs, unless it was killed before.

        Raises OSError where no files are left; nothing is begun then.
        """
        worker = WorkerProcess(self._loop, completed, died)
        try:
            files = worker.files()
        except OSError:
            worker.kill()
            raise

        def begun(pid: int) -> None:
            self._starting.discard(worker)
            if worker.crash_report >= 0:  # else it was killed, and ends by itself as its socket is closed
                worker.begin(pid)
                started(worker)

        self._then.append(begun)
        self._starting.add(worker)
        self._channel.send(packed({"kind": "worker"}), files)
        return worker

    def close(self) -> None:
        """Closes the socket; the process ends at that, and what it was still asked for is given up."""
        for worker in self._starting:
            worker.kill()
        self._channel.close()


def _exit() -> None:
    """The fork server died: nothing can be answered any more, and whoever supervises the server starts it again.

    At once: threads may wait for what will not come, and what was acknowledged is on disk.
    """
    os._exit(1)
