"""The store that a server serves: workers that answer, and, where it may be written, a history that lasts."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar

from kg.changes.staging import Change
from kg.engine.errors import AbandonedError, BusyError
from kg.engine.replies import Reply
from kg.rdf.patches import Patch, new_header
from kg.rdf.patches import parse as parse_patch
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from ontology import KelisimError

WRITE_WAIT_SECONDS = 30.0
"""How long a change waits for the changes before it."""

_T = TypeVar("_T")
_Cancellable = asyncio.Future[Any] | concurrent.futures.Future[Any]


class CancelScope:
    """What a request waits for, to be given up when its client leaves."""

    def __init__(self) -> None:
        self._futures: list[_Cancellable] = []
        self.cancelled = False

    def add(self, future: _Cancellable) -> None:
        """Takes note of one more; given up at once if the client has left already."""
        self._futures.append(future)
        if self.cancelled:
            future.cancel()

    def cancel(self) -> None:
        """The client has left."""
        self.cancelled = True
        for future in self._futures:
            future.cancel()


CANCEL_SCOPE: Final[ContextVar[CancelScope]] = ContextVar("CANCEL_SCOPE")
"""That of the request that this thread answers."""


class Log(Protocol):
    """Where patches are made to last; `append` returns the version that the patch makes once it is safe on disk."""

    @property
    def version(self) -> int:
        """The number of patches so far."""

    def append(self, patch: Patch) -> int:
        """Makes the patch last."""

    def compact(self) -> int:
        """Makes the latest version the snapshot, and begins a new log."""


class ReadOnlyError(KelisimError):
    """The store takes no changes."""


@dataclass(frozen=True)
class Commit:
    """A change that lasts: the version that it made, and how many quads it added and deleted."""

    version: int
    added: int
    deleted: int


class Store:
    """Answers queries at the newest version, and takes changes one after another.

    The pool's event loop is `start`ed with; `answer` belongs to it, all else to other threads. A change is worked out
    on a copy, checked against the shapes, made to last in the log, and only then seen by readers, whole.
    """

    def __init__(self, pool: WorkerPool, identity: str, log: Log | None = None) -> None:
        """`identity` names the state at version 0; without a `log` the store is read-only."""
        self.pool = pool
        self._identity = identity
        self._log = log
        self._number = log.version if log else 0
        self._writing = threading.Lock()
        self.version = self._named(self._number)
        """Names the newest state: the same name is the same data."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to answer, on that loop."""
        self._loop = loop
        self.pool.start(loop)

    @property
    def writable(self) -> bool:
        """Whether the store takes changes at all."""
        return self._log is not None

    def answer(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """The complete answer to a query whose task names `version`; see `WorkerPool.query`."""
        return self.pool.query(task, timeout, client)

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> Reply:
        """Waits for the answer; raises what `WorkerPool.query` raises, and AbandonedError if the client has left."""

        async def answered() -> Reply:
            return await self.answer(task._replace(version=self.version), timeout, client)

        return self._wait(answered())

    def compact(self) -> int:
        """Makes the latest version the log's snapshot; returns that version. Raises ReadOnlyError or StoreFullError."""
        if self._log is None:
            raise ReadOnlyError("This store takes no changes; start it with --store and --allow-updates.")
        with self._writing:
            return self._log.compact()

    def change(
        self,
        change: Change,
        documents: Sequence[bytes] = (),
        *,
        author: str = "",
        message: str = "",
        timeout: float | None = None,
    ) -> Commit:
        """Makes a change; when it returns, the change lasts and is seen.

        Raises what `WorkerPool.stage_change` raises, ReadOnlyError, BusyError when changes before it take too long, and
        StoreFullError when the disk does not take it; then nothing has changed.
        """
        if self._log is None:
            raise ReadOnlyError("This store takes no changes; start it with --store and --allow-updates.")
        if not self._writing.acquire(timeout=WRITE_WAIT_SECONDS):
            raise BusyError("Changes before this one take too long. Try again in a few seconds.")
        try:
            patch = parse_patch(self._wait(self.pool.stage_change(change, documents, timeout)))
            if patch.is_empty:
                return Commit(self._number, 0, 0)
            patch = replace(patch, header=new_header(author, message))
            number = self._log.append(patch)
            apply_patch = self.pool.apply_patch(patch.serialize(), lambda: self._see(number))
            asyncio.run_coroutine_threadsafe(
                apply_patch, self._loop
            ).result()  # it lasts: nobody can give it up any more
            return Commit(number, len(patch.adds), len(patch.deletes))
        finally:
            self._writing.release()

    def _see(self, number: int) -> None:
        self._number = number
        self.version = self._named(number)

    def _named(self, number: int) -> str:
        return f"{self._identity}-{number}" if self._log else self._identity

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """What comes of a coroutine on the loop, for another thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        if (cancel_scope := CANCEL_SCOPE.get(None)) is not None:
            cancel_scope.add(future)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise AbandonedError("The client has left.") from None
