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


class Flight:
    """A task that is evaluated or waits for a worker, and all who wait for its answer."""

    __slots__ = ("again", "message", "task", "waiting", "worker")

    def __init__(self, task: Task) -> None:
        """Raises UnicodeEncodeError where the query is no Unicode text (it has half of a surrogate pair)."""
        self.task = task
        self.message = packed({"kind": "task", "what": task})
        self.waiting: list[Waiter] = []
        self.worker: WorkerProcess | None = None
        self.again = False


class Waiter(asyncio.Future[Reply]):
    """One who waits for the reply of a flight until `timer` ends it; `leave` is called when it is cancelled."""

    __slots__ = ("flight", "leave", "timer")

    flight: Flight
    leave: Callable[["Waiter"], None]
    timer: asyncio.TimerHandle

    def cancel(self, msg: object = None) -> bool:
        """Gives the flight up."""
        cancelled = super().cancel(msg)
        if cancelled:
            self.leave(self)
        return cancelled


class WorkerProcess:
    """A worker that the keeper is asked for; it is there once `begin` was called.

    `landed` is called with each outcome of its, `lost` when it died. `flight` is what it evaluates.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        landed: Callable[["WorkerProcess", Outcome, bytes, int], None],
        lost: Callable[["WorkerProcess"], None],
    ) -> None:
        ours, self._theirs = socket.socketpair()
        try:
            self.last_words = os.memfd_create("last-words")
        except OSError:
            ours.close()
            self._theirs.close()
            raise
        self.channel = Channel(
            loop, ours, Outcome, lambda what, body, file: landed(self, what, body, file), lambda: lost(self)
        )
        self.flight: Flight | None = None
        self.taken = 0
        """Bytes of the patches that were taken in since it was forked."""
        self._pidfd = -1

    def files(self) -> tuple[int, int]:
        """What the keeper gives to the process, for the channel to close: its end of the socket, and its last words."""
        words = os.dup(self.last_words)
        return self._theirs.detach(), words

    def begin(self, pid: int) -> None:
        """Takes note of the process."""
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(pid)

    def kill(self) -> str:
        """Ends the process, and returns what it said last; once."""
        if self.last_words < 0:
            return ""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
        self.channel.close()
        self._theirs.close()
        said = os.pread(self.last_words, 4096, 0).decode(errors="replace")
        os.close(self.last_words)
        self.last_words = -1
        return said

    def bury(self, memory: int) -> Exception:
        """Ends the process, and tells why it died, from what it said last; it had so many bytes of memory."""
        said = self.kill()
        if "Traceback" in said:
            return RuntimeError(f"A worker failed: {said}")
        if "memory" in said:
            return TooLargeError(f"This needs more than {memory >> 20} MiB of memory. Ask for less, or add a LIMIT.")
        if said:  # of the fault handler: the stack ran over
            return TooDeepError(
                "The query made the engine stop: it is nested too deeply or too complex. Make it simpler."
            )
        return StoppedError("The process that worked on this was stopped from outside. Try again.")


class Keeper:
    """The process that holds the store and forks workers from it; it does one thing after another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, end: socket.socket) -> None:
        self._loop = loop
        self._channel = Channel(loop, end, int, lambda pid, _, __: self._then.popleft()(pid), _gone)
        self._then: deque[Callable[[int], None]] = deque()
        self._coming: set[WorkerProcess] = set()

    def do(self, message: bytes, then: Callable[[], None]) -> None:
        """Sends a message, and calls `then` when it is done."""
        self._then.append(lambda _: then())
        self._channel.send(message)

    def fork(
        self,
        landed: Callable[[WorkerProcess, Outcome, bytes, int], None],
        lost: Callable[[WorkerProcess], None],
        there: Callable[[WorkerProcess], None],
    ) -> WorkerProcess:
        """Has a worker forked, and calls `there` when it is there, unless it was given up.

        Raises OSError where no files are left; nothing is begun then.
        """
        worker = WorkerProcess(self._loop, landed, lost)
        try:
            files = worker.files()
        except OSError:
            worker.kill()
            raise

        def begun(pid: int) -> None:
            self._coming.discard(worker)
            if worker.last_words >= 0:  # else it was given up, and ends by itself as its socket is closed
                worker.begin(pid)
                there(worker)

        self._then.append(begun)
        self._coming.add(worker)
        self._channel.send(packed({"kind": "worker"}), files)
        return worker

    def close(self) -> None:
        """Closes the socket; the process ends at that, and what it was still asked for is given up."""
        for worker in self._coming:
            worker.kill()
        self._channel.close()


def _gone() -> None:
    """The keeper died: nothing can be answered any more, so that whoever runs the server has to start it again."""
    os.kill(os.getpid(), signal.SIGTERM)
