"""Answers queries at past versions, each in processes that have its state.

The fork server of the latest version, or of a past one that is nearer, forks another, which undoes or applies the
patches between on its copy of the store: the pages that do not change are shared. A few such versions are kept, those
that were asked last. One that was asked but once moves on to a version near it instead, since that is faster. They run
at a lower priority, so that those who ask of today do not wait for them.
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
from kg.history.patch_log import read_at
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from kg.workers.process import ForkServer
from kg.workers.rewinding import Rewind
from kg.workers.wire import encode_message

KEPT: Final = 6
"""How many past versions are kept. Each takes three processes and the pages by which it differs from the latest."""

MOVED_BYTES: Final = 1 << 17
"""The most of the log by which processes move from one version to another; for more, others are forked."""

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
    """A version that is kept: how many queries it has not answered yet, and how many it was asked in all."""

    pool: WorkerPool
    users: int = 0
    asked: int = 0


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
        place.asked += 1
        try:
            left = max(until - asyncio.get_running_loop().time(), 0.01)
            return await place.pool.query(task, min(left, seconds), client)
        finally:
            place.users -= 1
            self._freed.set()

    async def _place(self, number: int, until: float) -> _Place:
        loop = asyncio.get_running_loop()
        while number not in self._places and not self._move(number):
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

    def _move(self, number: int) -> bool:
        """Moves the nearest version that may go; whether there is one."""
        full = len(self._places) == KEPT
        going = [
            (n, place)
            for at, (n, place) in enumerate(self._places.items())
            if not place.users and place.pool.can_move and (place.asked <= 1 or (full and at < KEPT // 2))
        ]
        oldest, found = self._log.oldest, list[tuple[int, int, int, int]]()
        for n, _ in going:
            if n >= oldest:
                log, offset, length = self._log.span(*sorted((n, number)))
                found.append((length, n, log, offset))
        if not found:
            return False
        length, nearest, log, offset = min(found)
        data = read_at(log, offset, length) if length <= MOVED_BYTES else b""
        for _, _, descriptor, _ in found:
            os.close(descriptor)
        if not data:
            return False
        place = self._places.pop(nearest)
        place.pool.move(encode_message({"kind": "move", "what": Rewind(0, length, nearest, number)}, data), number)
        place.asked = 0
        self._places[number] = place
        return True

    def _start(self, number: int, loop: asyncio.AbstractEventLoop) -> _Place:
        try:
            nearest, rewind, log = self._nearest(number)
        except OSError as error:
            raise BusyError("The server has no files left. Try again later.") from error
        limits = replace(self._current.limits, workers=_WORKERS)
        server = PastForkServer(nearest.fork_server, rewind, log)
        pool = WorkerPool(server, limits, version=number, short_workers=_WORKERS)
        server.died = lambda: self._close(pool.version)
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

    died: Callable[[], None]
    """Called if the process ends by itself."""

    def __init__(self, parent: ForkServer, rewind: Rewind, log: int) -> None:
        """`log` is a descriptor of the log, which is closed."""
        self._end, child_end = socket.socketpair()
        message = encode_message({"kind": "version", "what": rewind})
        parent.request(message, lambda: None, (child_end.detach(), log))

    def close(self) -> None:
        """Ends the process, which does so when its socket is closed, and drops pending requests."""
        for worker in self._starting:
            worker.kill()
        self._channel.close()

    def _lost(self) -> None:
        self.died()
