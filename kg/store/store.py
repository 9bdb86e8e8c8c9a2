"""The store behind a server: queries in worker processes and, if it is writable, a durable log of changes."""

import asyncio
import concurrent.futures
import subprocess
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from kg.changes.staging import Change
from kg.engine.errors import BusyError, ClientDisconnectedError
from kg.engine.replies import Reply
from kg.history.history import History
from kg.history.timeline import BuildTimeline, HistoryTimeline, Timeline
from kg.rdf.patches import Patch, new_header
from kg.rdf.patches import parse as parse_patch
from kg.store.arrivals import Arrivals
from kg.store.columnar import LEAST_QUADS, ColumnsKeeper
from kg.workers.copying import start_copying
from kg.workers.digesting import digest_beside
from kg.workers.messages import Task
from kg.workers.past import PastVersions
from kg.workers.pool import WorkerPool
from ontology import KelisimError

_EPOCH: Final = "1970-01-01T00:00:00Z"

WRITE_WAIT_SECONDS = 30.0
"""How long a change waits for earlier changes, in seconds."""

_T = TypeVar("_T")
_Cancellable = asyncio.Future[Any] | concurrent.futures.Future[Any]


class CancelScope:
    """The futures that a request waits for, cancelled when its client disconnects."""

    def __init__(self) -> None:
        self._futures: list[_Cancellable] = []
        self.cancelled = False

    def add(self, future: _Cancellable) -> None:
        """Adds a future; cancels it at once if the client has already disconnected."""
        self._futures.append(future)
        if self.cancelled:
            future.cancel()

    def remove(self, future: _Cancellable) -> None:
        """Removes a future that is done."""
        self._futures.remove(future)

    def cancel(self) -> None:
        """Cancels all futures: the client has disconnected."""
        self.cancelled = True
        for future in [*self._futures]:
            future.cancel()


CANCEL_SCOPE: Final[ContextVar[CancelScope]] = ContextVar("CANCEL_SCOPE")
"""The scope of the request that this thread handles."""

AS_OF: Final[ContextVar[int]] = ContextVar("AS_OF", default=-1)
"""The number of the version that the queries of this thread ask, -1 for the latest; see `as_of`."""


@contextmanager
def as_of(version: int) -> Iterator[None]:
    """Lets `Store.query` ask that version, -1 for the latest, where the task does not say."""
    token = AS_OF.set(version)
    try:
        yield
    finally:
        AS_OF.reset(token)


class Log(Protocol):
    """A durable log of patches, such as `kg.history.history.History`."""

    folder: Path

    @property
    def version(self) -> int:
        """The latest version."""

    @property
    def wants_disk_copy(self) -> bool:
        """Whether a copy on disk of the snapshot would make the next start faster."""

    def append(self, patch: Patch) -> int:
        """Commits the patch and returns its version once it is on disk."""

    def compact(self) -> int:
        """Makes the latest version the snapshot, and starts a new log."""


class ReadOnlyError(KelisimError):
    """The store is read-only."""


@dataclass(frozen=True)
class Commit:
    """A durable change: the version that it made, how many quads it added and deleted, and the name of the state."""

    version: int
    added: int
    deleted: int
    state: str = ""


class Store:
    """Answers queries at the latest version, and commits changes one after another.

    `answer` must be called on the event loop given to `start`; all other methods in other threads. A change is staged
    on a copy, validated, committed to the log, and then becomes visible to readers atomically.
    """

    def __init__(  # noqa: PLR0913 - each has its default
        self,
        pool: WorkerPool,
        identity: str,
        log: Log | None = None,
        *,
        modified: str | None = None,
        new_graphs: bool = False,
        timeline: Timeline | None = None,
        origin: str = "",
    ) -> None:
        """`identity` names the state at version 0; without a `log` the store is read-only.

        `timeline` has the versions of a store without a log; if it is a `HistoryTimeline`, they can be asked too.
        `origin` is where the public asks the server that takes changes, empty where that is not told.
        With `new_graphs` everybody may query a graph that is not here as an empty one, as holders of a token may.
        """
        self.new_graphs = new_graphs
        self.origin = origin
        self.pool = pool
        self._identity = identity
        self._log = log
        self._number = log.version if log else timeline.latest if timeline else 0
        self._write_lock = threading.Lock()
        self._copying: subprocess.Popen[bytes] | None = None
        self._columns: ColumnsKeeper | None = None
        self.arrivals = Arrivals(lambda: self._number)
        self.version = self._version_name(self._number)
        """The name of the latest state: equal names mean equal data."""
        self.modified = modified
        """When the data were last changed (xsd:dateTime); empty if not known, None if nothing was ever changed."""
        if isinstance(log, History):
            timeline = HistoryTimeline(log, lambda: self._number)
        self.timeline: Timeline = timeline or BuildTimeline(_EPOCH, "", str)
        """The versions, the latest of which is that which readers see."""
        history = self.timeline.history if isinstance(self.timeline, HistoryTimeline) else None
        self.history = history
        """The history of the versions; None for a build, which has one."""
        self._past = PastVersions(pool, history) if history else None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the workers, on that event loop."""
        self._loop = loop
        self.pool.start(loop)
        if self._log:
            self.pool.keep_writer()
        self._copy_to_disk()
        self._digest()

    def keep_columns(self, least: int = LEAST_QUADS) -> None:
        """Has scans answered from columns of its history, if that has so many quads (`kg.columns`); after `start`."""
        if not self.history or self._columns:
            return

        async def begin() -> int:
            await self.pool.wait_until_loaded(WRITE_WAIT_SECONDS)
            return self.pool.begin_columns()

        def use(folder: str, touched: Sequence[str]) -> None:
            self._loop.call_soon_threadsafe(self.pool.use_columns, folder, touched)

        begun = lambda: asyncio.run_coroutine_threadsafe(begin(), self._loop).result()  # noqa: E731
        self._columns = ColumnsKeeper(self.history, begun, use, lambda: self._number, least)
        self._columns.start()

    def shut_down(self) -> None:
        """Fails all current and later queries and changes: the server stops."""
        if self._columns:
            self._columns.stop()
        self.arrivals.end()
        if self._past:
            self._past.shut_down()
        self.pool.shut_down()

    @property
    def identity(self) -> str:
        """What names the states of this store together with the number of the version: the same of its replicas."""
        return self._identity

    @property
    def known_latest(self) -> int | None:
        """The latest version that there is anywhere; None for a replica that has not heard of its writer yet."""
        return self._number

    @property
    def following(self) -> Mapping[str, object] | None:
        """How well a replica follows its writer, as JSON values; None for other stores."""
        return None

    @property
    def number(self) -> int:
        """The number of the latest version."""
        return self._number

    @property
    def is_loading(self) -> bool:
        """Whether the store answers from its copy on disk, and changes wait until it is in memory."""
        return not self.pool.loaded.is_set()

    @property
    def writable(self) -> bool:
        """Whether the store accepts changes."""
        return self._log is not None

    def answer(self, task: Task, timeout: float | None = None, client: str = "") -> asyncio.Future[Reply]:
        """The complete result of a query whose task has `version`; see `WorkerPool.query`.

        The version ``task.at`` must be one of `timeline`.
        """
        if task.at >= 0 and self._past and (self._log or task.at != self._number):
            return self._past.query(task, timeout, client)
        return self.pool.query(task, timeout, client)

    def has(self, at: int) -> bool:
        """Whether there is such a version; -1 is the latest."""
        return at < 0 or self.timeline.oldest <= at <= self._number

    def state(self, at: int = -1) -> str:
        """The name of the state at a version, -1 for the latest: equal names mean equal data."""
        return self.version if at < 0 else self._version_name(at)

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> Reply:
        """Waits for the result; raises what `WorkerPool.query` raises, and ClientDisconnectedError.

        It is of the version ``task.at``, or if that is not given of that of `as_of`.
        """
        asked = task if task.at >= 0 else task._replace(at=AS_OF.get())

        async def answered() -> Reply:
            return await self.answer(asked._replace(version=self.state(asked.at)), timeout, client)

        return self._wait(answered())

    async def renew(self, identity: str, timeline: Timeline, patch: bytes = b"") -> None:
        """Takes data elsewhere that have changed for the one version that there is; on the event loop.

        `identity` names the new state, `patch` is what leads there, where that is known.
        """

        def publish() -> None:
            self._identity, self.timeline = identity, timeline
            self.version = self._version_name(self._number)

        await self.pool.renew(publish, patch)

    def compact(self) -> int:
        """Makes the latest version the log's snapshot; returns that version. Raises ReadOnlyError or StoreFullError."""
        if self._log is None:
            raise ReadOnlyError("This store takes no changes; start it with --store and --allow-updates.")
        with self._write_lock:
            self._wait(self.pool.wait_until_loaded(WRITE_WAIT_SECONDS))
            version = self._log.compact()
            self._loop.call_soon_threadsafe(self._copy_to_disk)
            self._digest()
            if self._past:
                self._loop.call_soon_threadsafe(self._past.forget_before, version)
            return version

    def _copy_to_disk(self) -> None:
        """Starts to write the copy of the snapshot on disk from which the next start is fast, if that is large.

        A process that writes one already is ended: what it copies may be an earlier snapshot.
        """
        if self._copying:
            self._copying.kill()
            self._copying.wait()
            self._copying = None
        if self._log and self._log.wants_disk_copy:
            self._copying = start_copying(self._log.folder)

    def _digest(self) -> None:
        """Begins to work out the digests of versions, if that takes long."""
        if self.history:
            threading.Thread(target=digest_beside, args=(self.history,), name="kelisim-digest", daemon=True).start()

    def change(
        self,
        change: Change,
        documents: Sequence[bytes] = (),
        *,
        author: str = "",
        message: str = "",
        timeout: float | None = None,
    ) -> Commit:
        """Commits a change; when it returns, the change is durable and visible.

        Raises what `WorkerPool.stage_change` raises, ReadOnlyError, BusyError if earlier changes take too long, and
        StoreFullError if a write fails; then nothing has changed.
        """
        if not self.writable:
            raise ReadOnlyError("This store takes no changes; start it with --store and --allow-updates.")
        if not self._write_lock.acquire(timeout=WRITE_WAIT_SECONDS):
            raise BusyError("Changes before this one take too long. Try again in a few seconds.")
        try:
            patch = parse_patch(self._wait(self.pool.stage_change(change, documents, timeout)))
            if patch.is_empty:
                return Commit(self._number, 0, 0, self.version)
            self._commit(replace(patch, header=new_header(author, message)))
            return Commit(self._number, len(patch.adds), len(patch.deletes), self.version)
        finally:
            self._write_lock.release()

    def _commit(self, patch: Patch) -> None:
        """Makes a staged change durable and visible; the caller has the lock of writers."""
        assert self._log
        number = self._log.append(patch)
        apply_patch = self.pool.apply_patch(patch.serialize(), lambda: self._publish(number, patch.header["time"]))
        asyncio.run_coroutine_threadsafe(apply_patch, self._loop).result()  # committed: no longer cancellable
        if self.history and self.history.digests.known:
            with suppress(KelisimError):  # the change is committed, and the digest derived from it
                self.history.digests.get(number)

    def _publish(self, number: int, time: str) -> None:
        self._number, self.modified = number, time
        self.version = self._version_name(number)
        self.arrivals.tell()

    def _version_name(self, number: int) -> str:
        return f"{self._identity}-{number}" if self._log or number != self._number else self._identity

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Runs a coroutine on the event loop and waits for its result, from another thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        if (cancel_scope := CANCEL_SCOPE.get(None)) is not None:
            cancel_scope.add(future)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClientDisconnectedError("The client has left.") from None
        finally:
            if cancel_scope is not None:
                cancel_scope.remove(future)
            del future  # else its exception would hold this frame, and that all documents
