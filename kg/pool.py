"""A pool of worker processes that evaluate queries within limits of time, memory and size."""

import contextlib
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kg.engine import Engine
from kg.refusals import BusyError, QueryTimeoutError, TooDeepError, TooLargeError, error_of
from kg.replies import Reply, SpooledFile
from kg.staging import Change
from kg.wire import receive, send
from kg.worker import Outcome, Task, keep
from ontology import KelisimError

_TIMEVAL: Final = struct.Struct("@ll")
_PATCHES: Final = 64
"""So many of the latest patches are kept for workers to follow; one that is further behind is replaced."""


@dataclass(frozen=True)
class Limits:
    """What a query may take. Times in seconds, sizes in bytes.

    timeout: for a query that names none; max_timeout: the most that a query may ask for.
    memory: of one worker, above the store that all share. result: of one answer.
    workers: how many queries are evaluated at once. queue: how many more may wait.
    """

    timeout: float = 30.0
    max_timeout: float = 120.0
    memory: int = 1 << 30
    result: int = 1 << 30
    workers: int = max(2, os.cpu_count() or 2)
    queue: int = 64


class _Worker:
    """The server's side of one worker process."""

    def __init__(self, control: socket.socket, taken_in: int) -> None:
        """Asks the keeper for a worker; `taken_in` counts the patches that the keeper's store has."""
        self.taken_in = taken_in
        self._limit = 0.0
        self.channel, theirs = socket.socketpair()
        self._last_words = os.memfd_create("last-words")
        with theirs:
            socket.send_fds(control, [b"w"], [theirs.fileno(), self._last_words])
            (self._pid,) = struct.unpack("!I", control.recv(4))
        try:
            self._pidfd = os.pidfd_open(self._pid)
        except ProcessLookupError:
            self._pidfd = -1

    def wait_at_most(self, seconds: float) -> None:
        """How long the next answer may take until BlockingIOError; told to the kernel, and only if it changes."""
        limit = max(0.01, round(seconds, 2))
        if limit != self._limit:
            self._limit = limit
            value = _TIMEVAL.pack(int(limit), int(limit % 1 * 1_000_000))
            self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
            self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)

    def kill(self) -> str:
        """Ends the process, and returns what it said last; once."""
        if self._last_words < 0:
            return ""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
        self.channel.close()
        said = os.pread(self._last_words, 4096, 0).decode(errors="replace")
        os.close(self._last_words)
        self._last_words = -1
        return said


class _Flight:
    """A task that is being evaluated; `landed` is there once somebody waits for the same."""

    __slots__ = ("error", "landed", "reply")

    def __init__(self) -> None:
        self.landed: threading.Event | None = None
        self.reply: Reply | None = None
        self.error: KelisimError | None = None


def _follow(flight: _Flight, seconds: float) -> Reply:
    """The outcome of somebody else's flight."""
    if flight.landed is None or not flight.landed.wait(seconds):
        raise _timed_out(seconds)
    if flight.reply is None:
        raise flight.error or KelisimError("The query could not be evaluated. Try again.")
    return flight.reply


class WorkerPool:
    """Evaluates queries in worker processes; safe for several threads.

    Make it while the process has one thread: it forks.
    """

    def __init__(self, engine: Engine, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._control, theirs = socket.socketpair()
        self._keeper = os.fork()
        if self._keeper == 0:
            self._control.close()
            try:
                keep(theirs, engine, self.limits.memory)
            finally:
                os._exit(0)
        theirs.close()
        self._forking = threading.Lock()
        self._patches: dict[int, bytes] = {}
        self._taken_in = 0
        self._replaced = 0
        self._idle = [self._fork() for _ in range(self.limits.workers)]
        self._free = threading.Condition()
        self._waiting = 0
        self._flights: dict[Task, _Flight] = {}
        self._flying = threading.Lock()

    def close(self) -> None:
        """Ends all processes of the pool."""
        self._control.close()
        os.kill(self._keeper, signal.SIGKILL)
        os.waitpid(self._keeper, 0)

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many workers are busy, how many queries wait, and how many workers have been replaced."""
        return self.limits.workers - len(self._idle), self._waiting, self._replaced

    def query(self, task: Task, timeout: float | None = None) -> Reply:
        """The complete answer to a task. Identical tasks at the same time are evaluated once.

        Raises QuerySyntaxError, OutboundRefusedError, NotAcceptableError, QueryTimeoutError, BusyError, TooLargeError,
        TooDeepError; or KelisimError if evaluation fails otherwise.
        """
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        with self._flying:
            flight = self._flights.get(task)
            if flight is None:
                mine = self._flights[task] = _Flight()
            elif flight.landed is None:
                flight.landed = threading.Event()
        if flight is not None:
            return _follow(flight, seconds)
        try:
            mine.reply = self._evaluate(task, seconds)
        except KelisimError as error:
            mine.error = error
            raise
        finally:
            with self._flying:
                del self._flights[task]
            if mine.landed:
                mine.landed.set()
        return mine.reply

    def _evaluate(self, task: Task, seconds: float) -> Reply:
        deadline = time.monotonic() + seconds
        worker = self._take(deadline, seconds)
        outcome, body, file = self._ask(worker, {"kind": "task", "what": vars(task)}, b"", deadline, seconds)
        self._give(worker)
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result)
        return Reply(outcome.format, SpooledFile(file) if file >= 0 else body)

    def work_out(self, change: Change, documents: Sequence[bytes], timeout: float | None = None) -> bytes:
        """What a change comes to, as a serialised patch; nothing is changed yet.

        Raises what `query` raises, DocumentError where a document cannot be read, and InvalidChangeError where the
        shapes forbid the state after it.
        """
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        deadline = time.monotonic() + seconds
        description = {"kind": "change", "what": vars(change), "sizes": [len(d) for d in documents]}
        worker = self._fork()
        try:
            outcome, body, _ = self._ask(worker, description, b"".join(documents), deadline, seconds, keep=False)
        finally:
            worker.kill()
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result, body)
        return body

    def take_in(self, patch: bytes) -> None:
        """Brings the keeper to the state after a patch; each worker follows before its next query."""
        with self._forking:
            self._control.sendall(b"p" + struct.pack("!I", len(patch)) + patch)
            if self._control.recv(1) != b"p":
                raise KelisimError("The keeper of the store is gone. Restart the server.")
            self._patches[self._taken_in] = patch
            self._patches.pop(self._taken_in - _PATCHES, None)
            self._taken_in += 1

    def _ask(  # noqa: PLR0913 - a message with its deadline
        self,
        worker: _Worker,
        description: dict[str, Any],
        body: bytes,
        deadline: float,
        seconds: float,
        *,
        keep: bool = True,
    ) -> tuple[Outcome, bytes, int]:
        """A worker's answer; a worker that gives none in time, or dies, is replaced if it is one to keep."""
        try:
            worker.wait_at_most(deadline - time.monotonic())
            for number in range(worker.taken_in, self._taken_in):
                send(worker.channel, {"kind": "patch", "what": None}, self._patches[number])
                worker.taken_in = number + 1
            send(worker.channel, description, body)
            answer, content, file = receive(worker.channel)
        except BaseException as error:
            said = worker.kill()
            if keep:
                self._replaced += 1
                self._give(self._fork())
            if isinstance(error, BlockingIOError):
                raise _timed_out(seconds) from None
            if isinstance(error, EOFError | OSError):
                raise self._death(said) from None
            raise
        return Outcome(**answer), content, file

    def _fork(self) -> _Worker:
        with self._forking:
            return _Worker(self._control, self._taken_in)

    def _take(self, deadline: float, seconds: float) -> _Worker:
        with self._free:
            if not self._idle:
                if self._waiting >= self.limits.queue:
                    raise BusyError(f"{self._waiting} queries wait already. Try again in a few seconds.")
                self._waiting += 1
                try:
                    if not self._free.wait_for(lambda: self._idle, deadline - time.monotonic()):
                        raise BusyError(f"No worker became free within {seconds:g} seconds. Try again later.")
                finally:
                    self._waiting -= 1
            worker = self._idle.pop()
        if worker.taken_in < self._taken_in - _PATCHES:  # too far behind to follow
            worker.kill()
            worker = self._fork()
        return worker

    def _give(self, worker: _Worker) -> None:
        with self._free:
            self._idle.append(worker)
            if self._waiting:
                self._free.notify()

    def _death(self, said: str) -> Exception:
        """Why a worker died, from what it said last."""
        if "Traceback" in said:
            return RuntimeError(f"A worker failed: {said}")
        if "memory" in said:
            mib = self.limits.memory >> 20
            return TooLargeError(f"This needs more than {mib} MiB of memory. Ask for less, or add a LIMIT.")
        # A stack that runs over leaves no words.
        return TooDeepError("The query made the engine stop: it is nested too deeply or too complex. Make it simpler.")


def _timed_out(seconds: float) -> QueryTimeoutError:
    return QueryTimeoutError(
        f"The query took longer than {seconds:g} seconds and was stopped. Ask for less, or for more time with timeout=."
    )
