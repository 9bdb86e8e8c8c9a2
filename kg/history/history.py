"""A store's history on disk: a snapshot and a log of the patches after it, each synced before it is acknowledged.

A folder contains ``FORMAT`` (the format's version), ``lock``, ``snapshot-N.nq`` (the state at version N: a comment line
with the SHA-256, then sorted canonical N-Quads, normalised by the store) and ``patches-N.log`` (the later patches, see
`kg.history.patch_log`); perhaps also ``snapshot-N.rocksdb`` (`kg.history.disk_copies`). The highest N is current;
others were left by an interrupted compaction. ``digests-N.sums`` may stand beside (`kg.history.digests`).
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Self

import pyoxigraph as ox

from kg.history.backups import (
    HistoryLockedError,
    check_format,
    copy,
    new_folder,
    open_checked,
    pack,
    take_lock,
    unpack,
    write_errors,
)
from kg.history.digests import remove_others
from kg.history.disk_copies import has_disk_copy, usable_disk_copy, write_disk_copy
from kg.history.patch_log import RESTORE_HINT, DamagedHistoryError, PatchLog, StoreFullError
from kg.history.reading import ReadableHistory
from kg.history.snapshots import (
    COPY_NAME,
    FILE_NAME,
    Generation,
    copy_path,
    generations,
    log_path,
    set_time,
    snapshot_path,
    sync_folder,
    write_file,
)
from kg.history.versions import Entry
from kg.rdf.normalization import normalized_lines
from kg.rdf.patches import Patch
from kg.rdf.sorting import sorted_blocks
from ontology import KelisimError

__all__ = ["DamagedHistoryError", "Entry", "History", "HistoryLockedError", "StoreFullError"]

_OPEN_ATTEMPTS: Final = 5
"""How often a reader tries again to open a history that the writer is compacting."""

_COPIED_BYTES: Final = 60_000_000
"""The size of a snapshot that may have `COPIED_QUADS`."""

COPIED_QUADS: Final = 500_000
"""Snapshots of no more quads need no copy on disk: they are loaded in a moment, and hints need them in memory."""

_BATCH_QUADS: Final = 500_000
"""How many quads are in memory at once when a history is created."""


class History(ReadableHistory):
    """The versions of a dataset, from `oldest`, that of the snapshot, to `version`.

    Quads are returned as pyoxigraph normalises them: ``01`` as ``1``; blank nodes keep their labels. Threads may read
    while one appends. A process forked from the writer, between two appends, shares the lock until it ends or calls
    `close`.
    """

    recovered: str | None = None
    """A message about an incomplete patch at the end of the log, after a crash; None if there was none."""

    def __init__(self, folder: Path, generation: Generation, lock: int | None) -> None:
        """Internal: use `create` or `open`."""
        super().__init__(folder, generation, lock)
        self._unsynced = False

    @classmethod
    def create(cls, folder: Path, quads: Iterable[ox.Quad]) -> Self:
        """A new history, open for writing, with the quads as version 0; these may exceed memory.

        Raises KelisimError if the folder is not empty or a quad cannot be serialised, StoreFullError if a write fails.
        """
        return cls.create_from_lines(folder, _batches(iter(quads)))

    @classmethod
    def create_from_lines(cls, folder: Path, batches: Iterable[list[bytes]]) -> Self:
        """The same of lines of normalised N-Quads in batches, each of which must fit into memory."""
        with new_folder(folder) as lock:
            generation = Generation.write(folder, 0, sorted_blocks(batches, folder))
            generation.publish()
        return cls(folder, generation, lock)

    @classmethod
    def create_from_snapshot(cls, folder: Path, snapshot: Path, base: int, time: str) -> Self:
        """A new history whose snapshot is that file, which is moved, of version `base` made at `time` (xsd:dateTime).

        Raises DamagedHistoryError if it is no snapshot of that version or has not its checksum, and as `create` does.
        """
        with new_folder(folder) as lock:
            path = snapshot_path(folder, base)
            snapshot.replace(path)
            set_time(path, time)
            write_file(log_path(folder, base), ())
            generation = open_checked(folder)
        return cls(folder, generation, lock)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Opens the history of a folder.

        For writing, access is exclusive (else HistoryLockedError), and the folder is recovered after a crash.
        Read-only, the folder is not changed, another process may write, and `version` stays what it was on opening.
        Raises DamagedHistoryError if a file is corrupt, KelisimError if there is no history.
        """
        check_format(folder)
        if read_only:
            history = cls(folder, _open_for_reading(folder), None)
            history._report_torn_end("passed over")
            return history
        lock = None
        try:
            lock = take_lock(folder)
            history = cls(folder, _open_latest(folder, writable=True), lock)
            history._recover()
        except BaseException as error:
            if lock is not None:
                os.close(lock)
            if isinstance(error, OSError):
                raise KelisimError(f"{folder} cannot be opened for writing: {error.strerror}.") from error
            raise
        return history

    def append(self, patch: Patch) -> int:
        """Commits a patch to disk and returns its version.

        Each delete should be in the latest version and each add not, so that versions can be had by undoing patches.
        Raises StoreFullError if a write fails; the history is then unchanged and still usable.
        """
        payload = patch.serialize()
        with self._mutex:
            return self._log_to_append().append(payload)

    def extend(self, frames: bytes) -> int:
        """Commits patches as the log of another history has them (`span`); returns the last version.

        Raises DamagedHistoryError if they are not whole frames of the next versions, and what `append` raises.
        """
        with self._mutex:
            return self._log_to_append().extend(frames)

    def usable_disk_copy(self) -> Path | None:
        """The folder of a pyoxigraph store with the state at the latest version, to be opened read-only; None without.

        Read-only histories use it only at the version of the snapshot, and only until the writer compacts.
        """
        generation = self._generation
        return usable_disk_copy(generation, generation.log.version, writable=self._lock is not None)

    def write_disk_copy(self, least: int = COPIED_QUADS) -> bool:
        """Writes the copy of the snapshot for `usable_disk_copy`, if it has more than `least` quads; whether it did.

        Raises StoreFullError if a write fails.

        May run beside the writer, in another process.
        """
        generation = self._generation
        if generation.count_quads() <= least:
            return False
        with write_errors(self.folder):
            try:
                copy = write_disk_copy(generation)
            except RuntimeError as error:
                raise OSError(0, str(error)) from error
        if not snapshot_path(self.folder, generation.base).exists():  # compacted meanwhile
            shutil.rmtree(copy, ignore_errors=True)
        return True

    @property
    def wants_disk_copy(self) -> bool:
        """Whether the snapshot is large, and has no copy on disk."""
        generation = self._generation
        return generation.size >= _COPIED_BYTES and not has_disk_copy(generation)

    def compact(self) -> int:
        """Makes the latest version the snapshot and starts a new log; returns that version, then the `oldest`.

        A crash at any point leaves a history with the same state. Raises StoreFullError if a write fails; the history
        is then still usable, in the same state. Readers that have the old files open are not affected.
        """
        with self._mutex:
            old = self._writable()
            base = old.log.version
            if base == old.base:
                return base
            time = self.entry(base).time
            total = self.digests.total(base) if self.digests.known else None
            with write_errors(self.folder):
                new = Generation.write(self.folder, base, old.state(base))
                new.publish()
                set_time(snapshot_path(self.folder, base), time)
                self._files, self._unsynced = new, True  # from now on the old log must not be appended to
                sync_folder(self.folder)
                self._unsynced = False
                self._remove_leftovers(base)
            if total:
                self.digests.set_base(total)
            return base

    def backup(self, path: Path) -> int:
        """Copies the history to a new ``.tar.gz`` (or ``.tgz``) file, else to a new folder; returns its version.

        Safe on a read-only history while another process writes. Raises KelisimError if the path exists.
        """
        generation = self._generation
        version = generation.log.version
        contents = generation.contents(version)
        if path.name.endswith((".tar.gz", ".tgz")):
            pack(contents, path)
        else:
            with new_folder(path) as lock:
                copy(contents, path)
                open_checked(path)
            os.close(lock)
        return version

    @classmethod
    def restore(cls, path: Path, folder: Path) -> Self:
        """Unpacks a backup, or copies a history's folder, into an empty folder, and opens it for writing.

        Raises KelisimError if the folder is not empty or `path` is no backup, DamagedHistoryError if it is corrupt.
        """
        with new_folder(folder) as lock:
            if path.is_dir():
                with cls.open(path, read_only=True) as source:
                    files = source._generation
                    copy(files.contents(source.version), folder)
            else:
                unpack(path, folder)
            generation = open_checked(folder)
        return cls(folder, generation, lock)

    def _writable(self) -> Generation:
        generation = self._generation
        if self._lock is None:
            raise KelisimError(f"The history {self.folder} is open for reading only: open it for writing.")
        return generation

    def _log_to_append(self) -> PatchLog:
        log = self._writable().log
        if self._unsynced:
            with write_errors(self.folder):
                sync_folder(self.folder)
            self._unsynced = False
        return log

    def _recover(self) -> None:
        generation = self._generation
        self._remove_leftovers(generation.base)
        if generation.log.torn:
            self._report_torn_end("cut")
            generation.log.truncate()

    def _remove_leftovers(self, base: int) -> None:
        """Removes files of interrupted compactions, after checking the current snapshot."""
        keep = {snapshot_path(self.folder, base), log_path(self.folder, base)}
        leftovers = [p for p in self.folder.iterdir() if FILE_NAME.fullmatch(p.name) and p not in keep]
        if leftovers:
            self._generation.check()
        for path in leftovers:
            if path.suffix == ".log" and int(path.stem.partition("-")[2]) > base and path.stat().st_size:
                raise DamagedHistoryError(f"{path} has patches, but its snapshot is lost. {RESTORE_HINT}")
            path.unlink()
        remove_others(self.folder, base)
        copy = copy_path(self.folder, base)
        for path in self.folder.iterdir():
            if COPY_NAME.fullmatch(path.name) and path != copy:
                shutil.rmtree(path, ignore_errors=True)

    def _report_torn_end(self, action: str) -> None:
        log = self._generation.log
        if log.torn:
            self.recovered = (
                f"The last {log.torn} bytes of {log.path} were no whole patch, as a crash leaves them, and were "
                f"{action}; the latest version is {log.version}."
            )


def _open_latest(folder: Path, *, writable: bool) -> Generation:
    try:
        return Generation.open(folder, generations(folder)[-1], writable=writable)
    except FileNotFoundError as error:
        raise DamagedHistoryError(f"{error.filename} is missing. {RESTORE_HINT}") from error


def _open_for_reading(folder: Path) -> Generation:
    """Opens a consistent state: a compaction or a rolled back write may happen while the files are opened."""
    for _ in range(_OPEN_ATTEMPTS):
        try:
            return _open_latest(folder, writable=False)
        except DamagedHistoryError:
            continue
    return _open_latest(folder, writable=False)


def _batches(quads: Iterator[ox.Quad]) -> Iterator[list[bytes]]:
    while batch := list(islice(quads, _BATCH_QUADS)):
        yield normalized_lines(batch)  # raises KelisimError for quads that could not be parsed back
