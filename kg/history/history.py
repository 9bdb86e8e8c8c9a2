"""A store's history on disk: a snapshot, and after it each change as a patch, written through before it counts.

A folder holds ``FORMAT`` (the format's version), ``lock``, ``snapshot-N.nq`` (the state at version N: after a line of
comment with their SHA-256, sorted canonical N-Quads as a store holds them) and ``patches-N.log`` (what came after, see
`kg.history.patch_log`). The highest N counts; others are what an interrupted compaction left behind.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyoxigraph as ox

from kg.history.patch_log import WHAT_TO_DO, DamagedHistoryError, StoreFullError
from kg.history.snapshots import FILE_NAME, Generation, generations, log_path, normal, snapshot_path, sync_folder
from kg.history.storage import (
    HistoryLockedError,
    check_format,
    checked,
    copy,
    new_folder,
    pack,
    refusals,
    take_lock,
    unpack,
)
from kg.history.versions import Entry, entry_of
from kg.rdf.patches import Patch, parse
from kg.rdf.sorting import sorted_blocks
from ontology import KelisimError

__all__ = ["DamagedHistoryError", "Entry", "History", "HistoryLockedError", "StoreFullError"]

_OPENINGS: Final = 5
"""How often a reader opens anew when the writer compacts just then."""

_BATCH_QUADS: Final = 500_000
"""So many quads are in memory at once when a history is made."""


class History:
    """The versions of a dataset, from `oldest`, that of the snapshot, to `version`.

    Quads come back as pyoxigraph's store holds them: ``01`` as ``1``, blank nodes with the labels that they had.
    Threads may read while one appends. A process forked from the writer, between two appends, holds the lock with it
    until it ends or calls `close`.
    """

    recovered: str | None = None
    """A sentence on the bytes that no whole patch held at the log's end, after a crash; None if there were none."""

    def __init__(self, folder: Path, generation: Generation, lock: int | None) -> None:
        """For `create` and `open`; call these."""
        self.folder = folder
        self._files: Generation | None = generation
        self._lock = lock
        self._mutex = threading.RLock()
        self._unsynced = False

    @classmethod
    def create(cls, folder: Path, quads: Iterable[ox.Quad]) -> Self:
        """A new history, open for writing, with the quads as version 0, of which there may be more than memory holds.

        Raises KelisimError if the folder is not empty or a quad cannot be written, StoreFullError if the disk refuses.
        """
        with new_folder(folder) as lock:
            generation = Generation.write(folder, 0, sorted_blocks(_batches(iter(quads)), folder))
            generation.publish()
        return cls(folder, generation, lock)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """The history of a folder.

        For writing, one can have it at a time (else HistoryLockedError), and what a crash left half done is put in
        order. Read-only, nothing in the folder changes, a writer may go on beside it, and `version` stays what it was
        on opening. Raises DamagedHistoryError where a file is not as it was written, KelisimError where there is no
        history.
        """
        check_format(folder)
        if read_only:
            history = cls(folder, _open_for_reading(folder), None)
            history._tell_of_torn_end("passed over")
            return history
        lock = None
        try:
            lock = take_lock(folder)
            history = cls(folder, _open_latest(folder, writable=True), lock)
            history._put_in_order()
        except BaseException as error:
            if lock is not None:
                os.close(lock)
            if isinstance(error, OSError):
                raise KelisimError(f"{folder} cannot be opened for writing: {error.strerror}.") from error
            raise
        return history

    @property
    def version(self) -> int:
        """The latest version; it counts up for ever, through compactions too."""
        return self._generation.log.version

    @property
    def oldest(self) -> int:
        """The earliest version that can still be had: that of the latest compaction, or 0."""
        return self._generation.base

    def append(self, patch: Patch) -> int:
        """Writes a patch through to the disk and returns the version that it makes.

        Raises StoreFullError where the disk refuses; the history is then as before and can be read and appended to.
        """
        payload = patch.serialize()
        with self._mutex:
            log = self._writable().log
            if self._unsynced:
                with refusals(self.folder):
                    sync_folder(self.folder)
                self._unsynced = False
            return log.append(payload)

    def load(self, version: int | None = None) -> set[ox.Quad]:
        """The quads at a version, by default the latest; raises KelisimError if there is no such version."""
        store = ox.Store()
        self.load_into(store, version)
        return set(store)

    def load_into(self, store: ox.Store, version: int | None = None) -> int:
        """Fills an empty store with the state at a version, by default the latest; returns the version."""
        if len(store):
            raise KelisimError("A history loads into an empty store only; this one holds quads.")
        generation = self._generation
        version = _within(generation, version, generation.log.version)
        generation.load_into(store, version)
        return version

    def patches(self, after: int | None = None) -> Iterator[tuple[int, Patch]]:
        """Versions and their patches, oldest first, from the one after `after` on, by default all there are.

        Raises KelisimError if `after` lies before `oldest` or after `version`.
        """
        generation = self._generation
        after = _within(generation, after, generation.base)
        return ((v, parse(payload)) for v, payload in generation.log.payloads(after, generation.log.version))

    def entries(self) -> Iterator[Entry]:
        """What is told of each version since `oldest`, latest first."""
        log = self._generation.log
        return (entry_of(*next(log.payloads(v - 1, v))) for v in range(log.version, log.base, -1))

    def compact(self) -> int:
        """Makes the latest version the snapshot and starts a new log; returns that version, then the `oldest`.

        A crash at any point leaves a history with the same state. Raises StoreFullError where the disk refuses, with
        the same state and still usable. Readers that had the old files open go on with them.
        """
        with self._mutex:
            old = self._writable()
            base = old.log.version
            if base == old.base:
                return base
            with refusals(self.folder):
                new = Generation.write(self.folder, base, old.state(base))
                new.publish()
                self._files, self._unsynced = new, True  # from here on the old log must not grow
                sync_folder(self.folder)
                self._unsynced = False
                self._remove_leftovers(base)
            return base

    def backup(self, path: Path) -> int:
        """Copies the history to a new ``.tar.gz`` (or ``.tgz``) file, else to a new folder; returns its version.

        Safe on a read-only history while another process writes. Raises KelisimError if the path is taken.
        """
        generation = self._generation
        version = generation.log.version
        contents = generation.contents(version)
        if path.name.endswith((".tar.gz", ".tgz")):
            pack(contents, path)
        else:
            with new_folder(path) as lock:
                copy(contents, path)
                checked(path)
            os.close(lock)
        return version

    @classmethod
    def restore(cls, path: Path, folder: Path) -> Self:
        """Unpacks a backup, or copies a history's folder, into an empty folder, and opens it for writing.

        Raises KelisimError if the folder is not empty or the backup is not one, DamagedHistoryError if it is damaged.
        """
        with new_folder(folder) as lock:
            if path.is_dir():
                with cls.open(path, read_only=True) as source:
                    files = source._generation
                    copy(files.contents(source.version), folder)
            else:
                unpack(path, folder)
            generation = checked(folder)
        return cls(folder, generation, lock)

    def close(self) -> None:
        """Gives up the lock and the files; readers that are under way in other threads end as they would have."""
        with self._mutex:
            self._files = None
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)  # not LOCK_UN: that would take the lock from the process that this one was forked from

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def _generation(self) -> Generation:
        files = self._files
        if files is None:
            raise KelisimError(f"The history {self.folder} was closed: open it again.")
        return files

    def _writable(self) -> Generation:
        generation = self._generation
        if self._lock is None:
            raise KelisimError(f"The history {self.folder} is open for reading only: open it for writing.")
        return generation

    def _put_in_order(self) -> None:
        generation = self._generation
        self._remove_leftovers(generation.base)
        if generation.log.torn:
            self._tell_of_torn_end("cut")
            generation.log.cut()

    def _remove_leftovers(self, base: int) -> None:
        """Removes what compactions left; first it makes sure that the snapshot that stays is whole."""
        keep = {snapshot_path(self.folder, base), log_path(self.folder, base)}
        leftovers = [p for p in self.folder.iterdir() if FILE_NAME.fullmatch(p.name) and p not in keep]
        if leftovers:
            self._generation.check()
        for path in leftovers:
            if path.suffix == ".log" and int(path.stem.partition("-")[2]) > base and path.stat().st_size:
                raise DamagedHistoryError(f"{path} has patches, but its snapshot is lost. {WHAT_TO_DO}")
            path.unlink()

    def _tell_of_torn_end(self, what_was_done: str) -> None:
        log = self._generation.log
        if log.torn:
            self.recovered = (
                f"The last {log.torn} bytes of {log.path} were no whole patch, as a crash leaves them, and were "
                f"{what_was_done}; the latest version is {log.version}."
            )


def _open_latest(folder: Path, *, writable: bool) -> Generation:
    try:
        return Generation.open(folder, generations(folder)[-1], writable=writable)
    except FileNotFoundError as error:
        raise DamagedHistoryError(f"{error.filename} is missing. {WHAT_TO_DO}") from error


def _open_for_reading(folder: Path) -> Generation:
    """As it is at some moment: a compaction, or a write that is taken back, may come between two steps of opening."""
    for _ in range(_OPENINGS):
        try:
            return _open_latest(folder, writable=False)
        except DamagedHistoryError:
            continue
    return _open_latest(folder, writable=False)


def _within(generation: Generation, version: int | None, default: int) -> int:
    if version is None:
        return default
    if not generation.base <= version <= generation.log.version:
        raise KelisimError(
            f"There is no version {version}: this history has the versions {generation.base} to "
            f"{generation.log.version}; compaction gives up those before."
        )
    return version


def _batches(quads: Iterator[ox.Quad]) -> Iterator[list[bytes]]:
    while batch := tuple({*islice(quads, _BATCH_QUADS)}):
        Patch(adds=batch).serialize()  # refuses what could not be read back
        yield normal(batch)
