"""The store that a server serves: workers that answer, and, where it may be written, a history that lasts."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kg.patches import Patch, new_header
from kg.patches import parse as parse_patch
from kg.pool import WorkerPool
from kg.refusals import BusyError
from kg.replies import Reply
from kg.staging import Change
from kg.worker import Task
from ontology import KelisimError

WRITE_WAIT_SECONDS = 30.0
"""How long a change waits for the changes before it."""


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
    """Answers queries at the newest version, and takes changes one after another; safe for several threads.

    A change is worked out on a copy, checked against the shapes, made to last in the log, and only then seen by
    readers, whole.
    """

    def __init__(self, pool: WorkerPool, identity: str, log: Log | None = None) -> None:
        """`identity` names the state at version 0; without a `log` the store is read-only."""
        self.pool = pool
        self._identity = identity
        self._log = log
        self._version = log.version if log else 0
        self._writing = threading.Lock()

    @property
    def writable(self) -> bool:
        """Whether the store takes changes at all."""
        return self._log is not None

    @property
    def version(self) -> str:
        """Names the newest state: the same name is the same data."""
        return f"{self._identity}-{self._version}" if self._log else self._identity

    def query(self, task: Task, timeout: float | None = None) -> Reply:
        """The complete answer to a query; raises what `WorkerPool.query` raises."""
        return self.pool.query(replace(task, version=self.version), timeout)

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

        Raises what `WorkerPool.work_out` raises, ReadOnlyError, BusyError when changes before it take too long, and
        StoreFullError when the disk does not take it; then nothing has changed.
        """
        if self._log is None:
            raise ReadOnlyError("This store takes no changes; start it with --store and --allow-updates.")
        if not self._writing.acquire(timeout=WRITE_WAIT_SECONDS):
            raise BusyError("Changes before this one take too long. Try again in a few seconds.")
        try:
            patch = parse_patch(self.pool.work_out(change, documents, timeout))
            if patch.is_empty:
                return Commit(self._version, 0, 0)
            patch = replace(patch, header=new_header(author, message))
            version = self._log.append(patch)
            self.pool.take_in(patch.serialize())
            self._version = version
            return Commit(version, len(patch.adds), len(patch.deletes))
        finally:
            self._writing.release()
