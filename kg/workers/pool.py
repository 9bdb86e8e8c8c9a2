"""A pool of worker processes that evaluate queries within limits of time, memory and size."""

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from kg.changes.staging import Change
from kg.engine.engine import Engine
from kg.engine.errors import BusyError, QuerySyntaxError, QueryTimeoutError, StoppedError
from kg.engine.limits import Limits
from kg.engine.replies import Reply, SpooledFile, spooled_bytes
from kg.workers.messages import Outcome, Task, error_of
from kg.workers.process import Flight, Keeper, Waiter, WorkerProcess
from kg.workers.wire import packed
from kg.workers.worker import keep

_TAKEN_BYTES: Final = 1 << 22
"""A worker that would have taken in more patches than these is forked anew, since less and less is shared with it."""

_AGAIN_SECONDS: Final = 1.0
"""After so long a worker is tried to be made again."""


class WorkerPool:
    """Evaluates queries in worker processes. All but the constructor belongs to one event loop.

    Make it while the process has one thread: it forks.
    """

    def __init__(self, engine: Engine, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._control_end, theirs = socket.socketpair()
        self._keeper_pid = os.fork()
        if self._keeper_pid == 0:
            self._control_end.close()
            try:
                keep(theirs, engine, self.limits.memory)
            finally:
                os._exit(0)
        theirs.close()
        self._replaced = 0
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._queue: deque[Flight] = deque()
        self._flights: dict[Task, Flight] = {}
        self._changes: set[asyncio.Future[tuple[Outcome, bytes]]] = set()
        self._stopping = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, on the loop that it is used on."""
        self._loop = loop
        self._keeper = Keeper(loop, self._control_end)
        for _ in range(self.limits.workers):
            self._add()

    def close(self) -> None:
        """Ends all processes of the pool."""
        for worker in [*self._workers]:
            worker.kill()
        self._keeper.close()
        os.kill(self._keeper_pid, signal.SIGKILL)
        os.waitpid(self._keeper_pid, 0)

    def wind_up(self) -> None:
        """Ends all that is under way, and all that is asked from now on, with StoppedError: the server stops."""
        self._stopping = True
        for flight in [*self._flights.values()]:
            self._end(flight, _stopping())
        for landed in self._changes:
            if not landed.done():
                landed.set_exception(_stopping())
        for worker in [*self._workers]:
            worker.kill()
        self._queue.clear()

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many workers are busy, how many queries wait, and how many workers have been replaced."""
        return sum(w.flight is not None for w in [*self._workers]), len(self._queue), self._replaced

    def query(self, task: Task, timeout: float | None = None) -> asyncio.Future[Reply]:
        """The complete answer to a task. Identical tasks at the same time are evaluated once.

        Who cancels the future gives the query up: when all have who asked it, its worker is stopped. The future raises
        QuerySyntaxError, OutboundRefusedError, NotAcceptableError, QueryTimeoutError, BusyError, TooLargeError,
        TooDeepError; or KelisimError if evaluation fails otherwise.
        """
        flight = self._flights.get(task)
        if flight:
            return self._waiter(flight, timeout)
        if self._stopping:
            return self._failed(_stopping())
        if not self._idle and len(self._queue) >= self.limits.queue:
            return self._failed(BusyError(f"{len(self._queue)} queries wait already. Try again in a few seconds."))
        try:
            flight = Flight(task)
        except UnicodeEncodeError as error:
            return self._failed(QuerySyntaxError(f"The query is no Unicode text: {error}"))
        self._flights[task] = flight
        waiter = self._waiter(flight, timeout)
        self._set_out(flight)
        return waiter

    async def work_out(self, change: Change, documents: Sequence[bytes], timeout: float | None = None) -> bytes:
        """What a change comes to, as a serialised patch; nothing is changed yet.

        Raises what `query` raises, DocumentError where a document cannot be read, and InvalidChangeError where the
        shapes forbid the state after it.
        """
        if self._stopping:
            raise _stopping()
        seconds = self.limits.seconds(timeout)
        landed: asyncio.Future[tuple[Outcome, bytes]] = self._loop.create_future()

        def answered(_: WorkerProcess, outcome: Outcome, body: bytes, __: int) -> None:
            if not landed.done():
                landed.set_result((outcome, body))

        def died(worker: WorkerProcess) -> None:
            if not landed.done():
                landed.set_exception(worker.bury(self.limits.memory))

        description = {"kind": "change", "what": vars(change), "sizes": [len(d) for d in documents]}
        message = packed(description, b"".join(documents))
        try:
            worker = self._keeper.fork(answered, died, lambda worker: worker.channel.send(message))
        except OSError as error:
            raise BusyError("The server has no files left. Try again later.") from error
        self._changes.add(landed)
        try:
            async with asyncio.timeout(seconds):
                outcome, body = await landed
        except TimeoutError:
            raise _timed_out(seconds) from None
        finally:
            self._changes.discard(landed)
            worker.kill()
        if outcome.kind != "ok":
            raise error_of(outcome, self.limits.result, body)
        return body

    async def take_in(self, patch: bytes, seen: Callable[[], None]) -> None:
        """Brings all to the state after a patch; calls `seen` at the moment from which queries are asked of it."""
        taken: asyncio.Future[None] = self._loop.create_future()
        message = packed({"kind": "patch", "what": None}, patch)

        def taken_in() -> None:
            many = len(message) > _TAKEN_BYTES
            replaces = True  # one after another, so that there is always somebody
            for worker in [*self._workers]:
                worker.taken += len(message)
                if worker.taken <= _TAKEN_BYTES or not (worker.flight or replaces or many):
                    worker.channel.send(message)
                elif worker.flight is None:  # else it is replaced when it has answered
                    self._replace(worker)
                    replaces = False
            seen()
            if not taken.done():
                taken.set_result(None)

        self._keeper.do(message, taken_in)
        await taken

    def _waiter(self, flight: Flight, timeout: float | None) -> Waiter:
        waiter = Waiter(loop=self._loop)
        seconds = self.limits.seconds(timeout)
        waiter.flight, waiter.leave = flight, self._leave
        waiter.timer = self._loop.call_later(seconds, self._late, waiter, seconds)
        flight.waiting.append(waiter)
        return waiter

    def _failed(self, error: Exception) -> asyncio.Future[Reply]:
        future: asyncio.Future[Reply] = self._loop.create_future()
        future.set_exception(error)
        return future

    def _set_out(self, flight: Flight) -> None:
        if self._idle:
            self._take_off(flight, self._idle.pop())
        else:
            self._queue.append(flight)

    def _take_off(self, flight: Flight, worker: WorkerProcess) -> None:
        flight.worker = worker
        worker.flight = flight
        worker.channel.send(flight.message)

    def _landed(self, worker: WorkerProcess, outcome: Outcome, body: bytes, file: int) -> None:
        """A worker has answered."""
        flight, worker.flight = worker.flight, None
        spooled = SpooledFile(file) if file >= 0 else None
        if flight and outcome.kind != "ok":
            self._end(flight, error_of(outcome, self.limits.result))
        elif flight and (outcome.size != len(spooled or body) or (spooled and spooled_bytes() > self.limits.spool)):
            self._end(flight, BusyError("Too many large answers are being read just now. Try again later."))
        elif flight:
            self._end(flight, Reply(outcome.format, spooled or body, outcome.rows))
        if outcome.leaves or worker.taken > _TAKEN_BYTES:
            self._replace(worker)
        else:
            self._free(worker)

    def _lost(self, worker: WorkerProcess) -> None:
        """A worker has died."""
        flight, worker.flight = worker.flight, None
        death = worker.bury(self.limits.memory)
        self._replace(worker)
        if flight and isinstance(death, StoppedError) and not flight.again:
            flight.again, flight.worker = True, None  # not its fault: once more, with another
            self._queue.appendleft(flight)
        elif flight:
            self._end(flight, death)

    def _end(self, flight: Flight, outcome: Reply | Exception) -> None:
        self._flights.pop(flight.task, None)
        waiting, flight.waiting = flight.waiting, []
        for waiter in waiting:
            waiter.timer.cancel()
            waiter.set_exception(outcome) if isinstance(outcome, Exception) else waiter.set_result(outcome)

    def _late(self, waiter: Waiter, seconds: float) -> None:
        busy = BusyError(f"No worker became free within {seconds:g} seconds. Try again later.")
        waiter.set_exception(_timed_out(seconds) if waiter.flight.worker else busy)
        self._leave(waiter)

    def _leave(self, waiter: Waiter) -> None:
        """Somebody waits no longer; a flight that nobody waits for is stopped."""
        waiter.timer.cancel()
        flight = waiter.flight
        flight.waiting.remove(waiter)
        if flight.waiting:
            return
        self._flights.pop(flight.task, None)
        if flight.worker:
            flight.worker.flight = None
            self._replace(flight.worker)
        elif flight in self._queue:
            self._queue.remove(flight)

    def _free(self, worker: WorkerProcess) -> None:
        if self._queue:
            self._take_off(self._queue.popleft(), worker)
        else:
            self._idle.append(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        self._replaced += 1
        self._add()

    def _add(self) -> None:
        """One more worker; it takes part from the keeper's answer on, and so stands at the state that is asked then."""

        def there(worker: WorkerProcess) -> None:
            self._workers.add(worker)
            self._free(worker)

        try:
            self._keeper.fork(self._landed, self._lost, there)
        except OSError:  # no files are left
            self._loop.call_later(_AGAIN_SECONDS, self._add)


def _stopping() -> StoppedError:
    return StoppedError("The server is being stopped. Try again when it is there again.")


def _timed_out(seconds: float) -> QueryTimeoutError:
    return QueryTimeoutError(
        f"The query took longer than {seconds:g} seconds and was stopped. Ask for less, or for more time with timeout=."
    )
