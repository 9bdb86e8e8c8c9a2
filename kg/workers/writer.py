"""The server's handle for the process in which changes are staged, which is kept from one change to the next."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from kg.engine.errors import StoppedError
from kg.workers.messages import Outcome
from kg.workers.process import WorkerProcess

RENEWAL_SECONDS: Final = 1.0
"""After that time a process that was lost is replaced, if no change has done so: the fork is not to delay its patch."""

Answer = tuple[Outcome, bytes]


class Fork(Protocol):
    """Requests a worker, as `kg.workers.process.ForkServer.fork` does."""

    def __call__(
        self,
        completed: Callable[[WorkerProcess, Outcome, bytes, int], None],
        died: Callable[[WorkerProcess], None],
        started: Callable[[WorkerProcess], None],
    ) -> WorkerProcess: ...


class Writer:
    """Stages changes in a process outside the lanes of the pool; see `kg.workers.staging`.

    The process is killed, and the next change gets another, where it retires, where its change is abandoned or runs too
    long, and by `discard`. While it works on one change, others get processes of their own. All methods must be called
    on the event loop.
    """

    def __init__(self, memory: int, lost: Callable[[], object]) -> None:
        """`memory` is the limit of a change in bytes; `lost` is called when the process that waits for one ends."""
        self._memory = memory
        self._lost = lost
        self._standing: WorkerProcess | None = None
        self._started: set[WorkerProcess] = set()
        self._unsent: dict[WorkerProcess, bytes] = {}
        """The changes of processes that do not run yet: one that got its change before could not be killed."""
        self._answers: dict[WorkerProcess, asyncio.Future[Answer]] = {}
        self._is_failed = False
        self._state = 0
        """Increased where a process that is at work cannot be kept, as it misses something."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a process that is not at work."""
        return self._standing is not None

    def prepare(self, fork: Fork) -> None:
        """Requests a process ahead of a change; raises OSError if no file descriptors are left."""
        if self._standing is None and not self._answers:
            self._standing = self._fork(fork)

    async def stage(self, fork: Fork, message: bytes) -> Answer:
        """The outcome of a change and its body. `fork` is used where there is no process.

        A process that waited for it may have been stopped from outside, or be stopped just now: then another gets it,
        once, since nothing is committed here.

        Raises OSError if no file descriptors are left, and as `WorkerProcess.crash_error` tells.
        """
        waited = self._standing is not None
        try:
            return await self._stage(fork, message)
        except StoppedError:
            if not waited or self._is_failed:
                raise
        return await self._stage(fork, message)

    async def _stage(self, fork: Fork, message: bytes) -> Answer:
        worker, self._standing = self._standing or self._fork(fork), None
        answer = self._answers[worker] = asyncio.get_running_loop().create_future()
        if worker in self._started:
            worker.channel.send(message)
        else:
            self._unsent[worker] = message
        state, kept = self._state, False
        try:
            outcome, body = await answer
            kept = not outcome.retires and state == self._state and self._standing is None
            return outcome, body
        finally:
            del self._answers[worker]
            if kept:
                self._standing = worker
            else:
                self._end(worker)

    def apply(self, message: bytes) -> None:
        """Sends a committed patch, which all processes requested since have."""
        self._state += bool(self._answers)
        if self._standing in self._started:
            self._standing.channel.send(message)

    def discard(self) -> None:
        """Kills the process, as it has another state than is to be changed; one at work once it is done."""
        self._state += 1
        if self._standing:
            self._end(self._standing)
            self._standing = None

    def fail(self, error: Callable[[], Exception]) -> None:
        """Fails the changes under way, for good."""
        self._is_failed = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error())

    def _fork(self, fork: Fork) -> WorkerProcess:
        return fork(self._completed, self._died, self._start)

    def _start(self, worker: WorkerProcess) -> None:
        self._started.add(worker)
        if message := self._unsent.pop(worker, b""):
            worker.channel.send(message)

    def _completed(self, worker: WorkerProcess, outcome: Outcome, body: bytes, _: int) -> None:
        answer = self._answers.get(worker)
        if answer and not answer.done():
            answer.set_result((outcome, body))

    def _died(self, worker: WorkerProcess) -> None:
        answer = self._answers.get(worker)
        if answer and not answer.done():
            answer.set_exception(worker.crash_error(self._memory))
        elif worker is self._standing:
            self.discard()
            self._lost()

    def _end(self, worker: WorkerProcess) -> None:
        self._started.discard(worker)
        self._unsent.pop(worker, None)
        worker.kill()
