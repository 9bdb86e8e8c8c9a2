"""Answers queries at past versions, each in processes of its own that have its state.

The fork server of the latest version, or of a past one that is nearer, forks another, which undoes or applies the
patches between on its copy of the store: the pages that do not change are shared. A few such versions are kept, those
that were asked last. They run at a lower priority, so that those who ask of today do not wait for them.
"""

import asyncio
import os
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from kg.engine.errors import BusyError
from kg.engine.replies import Reply
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.process import ForkServer
from kg.workers.rewinding import Rewind
from kg.workers.wire import encode_message

KEPT: Final = 6
"""How many past versions are kept. Each takes three processes and the pages by which it differs from the latest."""

_WORKERS: Final = 1
"""Of each version, for short queries and for long ones."""


class PastLog(Protocol):
    """A log of patches, such as `kg.history.history.History`."""

    @property
    def oldest(self) -> int:
        """The first version of which it has the patches to the next."""

    def span(self, after: int, until: int) -> tuple[int, int, int]:
        """A new descriptor of the log, and the offset and length of the patches from after+1 to `until` in it."""


@dataclass
class _Place:
    """A version that is kept; `users` is the number of queries that it has not answered yet."""

    pool: WorkerPool
    users: int = 0


class PastVersions:
    """Answers queries at past versions. All methods must be called on one event loop, but the constructor."""

    def __init__(self, current: WorkerPool, log: PastLog) -> None:
        """`current` answers at the latest version."""
        self._current = current
        self._log = log
        self._places: OrderedDict[int, _Place] = OrderedDict()
        self._freed = asyncio.Event()

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """The complete result of a task at version ``task.at``, which must be in the log.

        The future raises what that of `WorkerPool.query` raises; KelisimError where the version is gone.
        """
        return asyncio.ensure_future(self._query(task, timeout, client))

    @property
    def kept(self) -> list[int]:
        """The versions that are kept, the one that was asked last at the end."""
        return [*self._places]

    def forget_before(self, oldest: int) -> None:
        """Ends the versions that a compaction has given up."""
        for number in [n for n in self._places if n < oldest]:
            self._close(number)

    def shut_down(self) -> None:
        """Fails all queries and ends all its processes."""
        for number in self.kept:
            self._close(number)

    async def _query(self, task: Task, timeout: float | None, client: str) -> Reply:
        seconds = self._current.limits.seconds(timeout)
        until = asyncio.get_running_loop().time() + seconds
        await self._current.wait_until_loaded(seconds)
        place = await self._place(task.at, until)
        place.users += 1
        try:
            left = max(until - asyncio.get_running_loop().time(), 0.01)
            return await place.pool.query(task, min(left, seconds), client)
        finally:
            place.users -= 1
            self._freed.set()

    async def _place(self, number: int, until: float) -> _Place:
        loop = asyncio.get_running_loop()
        while number not in self._places:
            if len(self._places) < KEPT:
                self._places[number] = self._start(number, loop)
                break
            unused = next((n for n, place in self._places.items() if not place.users), None)
            if unused is not None:
                # Before it goes, since it may be the nearest.
                self._places[number] = self._start(number, loop)
                self._close(unused)
                break
            self._freed.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._freed.wait()
            except TimeoutError:
                raise BusyError(f"More than {KEPT} past versions are asked at once. Try again in a moment.") from None
        self._places.move_to_end(number)
        return self._places[number]

    def _start(self, number: int, loop: asyncio.AbstractEventLoop) -> _Place:
        nearest, rewind, log = self._nearest(number)
        limits = replace(self._current.limits, workers=_WORKERS)
        server = PastForkServer(nearest.fork_server, rewind, log, lambda: self._close(number))
        pool = WorkerPool(server, limits, version=number, short_workers=_WORKERS)
        pool.start(loop)
        return _Place(pool)

    def _nearest(self, number: int) -> tuple[WorkerPool, Rewind, int]:
        """The pool from whose state the way is shortest, that way, and the descriptor of the log."""
        found: tuple[WorkerPool, Rewind, int] | None = None
        oldest = self._log.oldest
        kept = (place.pool for kept, place in self._places.items() if kept >= oldest)
        for pool in (self._current, *kept):
            first, last = sorted((number, pool.forked_version))
            log, offset, length = self._log.span(first, last)
            if found and length >= found[1].length:
                os.close(log)
                continue
            if found:
                os.close(found[2])
            found = pool, Rewind(offset, length, pool.forked_version, number), log
        assert found
        return found

    def _close(self, number: int) -> None:
        place = self._places.pop(number, None)
        if place:
            place.pool.shut_down()
            place.pool.close()
            self._freed.set()


class PastForkServer(ForkServer):
    """The handle for a fork server of another version, which is forked by that of a version near it."""

    def __init__(self, parent: ForkServer, rewind: Rewind, log: int, died: Callable[[], None]) -> None:
        """`log` is a descriptor of the log, which is closed. `died` is called if the process ends by itself."""
        self._end, child_end = socket.socketpair()
        self._died = died
        message = encode_message({"kind": "version", "what": rewind})
        parent.request(message, lambda: None, (child_end.detach(), log))

    def close(self) -> None:
        """Ends the process, which does so when its socket is closed, and drops pending requests."""
        for worker in self._starting:
            worker.kill()
        self._channel.close()

    def _lost(self) -> None:
        self._died()
