"""The files of a history: a snapshot of one version, and the log of what came after it."""

import hashlib
import os
import re
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

import pyoxigraph as ox

from kg.patches import parse, quad_lines
from kg.patchlog import WHAT_TO_DO, DamagedHistoryError, PatchLog, read_at, write_all

FILE_NAME: Final = re.compile(r"(?:snapshot-(\d+)\.nq|patches-(\d+)\.log)(?:\.part)?", re.ASCII)
"""The names of these files; the group that matches is the version of the snapshot, and a part was not finished."""

_FIRST_LINE = re.compile(rb"# Kelisim snapshot of version (\d+), SHA-256 ([0-9a-f]{64})\n")


class Generation:
    """A snapshot with its log, both held open: who has it reads on even if a compaction puts another in its place.

    `base` is the version of the snapshot. The files are closed when nobody uses the object any more.
    """

    def __init__(self, folder: Path, base: int, snapshot: Path, *, writable: bool) -> None:
        """Opens the files; raises OSError, and DamagedHistoryError where the log is broken in its middle."""
        self.folder = folder
        self.base = base
        self._snapshot = os.open(snapshot, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._snapshot)
        path = log_path(folder, base)
        self.log = PatchLog(path, base, os.open(path, os.O_CLOEXEC | (os.O_RDWR | os.O_APPEND if writable else 0)))

    @classmethod
    def open(cls, folder: Path, base: int, *, writable: bool) -> Self:
        """The files of that version as they are; raises as the constructor does."""
        return cls(folder, base, snapshot_path(folder, base), writable=writable)

    @classmethod
    def write(cls, folder: Path, base: int, quads: Iterable[ox.Quad]) -> Self:
        """Writes a snapshot and an empty log through to the disk; before `publish` they do not count.

        The checksum is what `kg.dataset.Dataset.digest` would be. Raises OSError and leaves nothing then.
        """
        body = b"".join(sorted(set(quad_lines(quads))))
        first = f"# Kelisim snapshot of version {base}, SHA-256 {hashlib.sha256(body).hexdigest()}\n".encode()
        part = _part(snapshot_path(folder, base))
        try:
            write_file(part, first + body)
            write_file(log_path(folder, base), b"")
            sync_folder(folder)
            return cls(folder, base, part, writable=True)
        except OSError:
            _discard(folder, base)
            raise

    def publish(self) -> None:
        """Gives the snapshot its name; the folder is yet to be synced. Raises OSError and leaves nothing then."""
        path = snapshot_path(self.folder, self.base)
        try:
            _part(path).replace(path)
        except OSError:
            if not path.exists():  # else it was done all the same
                _discard(self.folder, self.base)
                raise

    def snapshot(self) -> bytes:
        """The snapshot's file, which is N-Quads; raises DamagedHistoryError unless its checksum holds."""
        path = snapshot_path(self.folder, self.base)
        content = read_at(self._snapshot, 0, os.fstat(self._snapshot).st_size)
        first = _FIRST_LINE.match(content)
        if not first or int(first[1]) != self.base:
            raise DamagedHistoryError(f"{path}, line 1: version {self.base} and a checksum are missing. {WHAT_TO_DO}")
        if hashlib.sha256(memoryview(content)[first.end() :]).hexdigest().encode() != first[2]:
            raise DamagedHistoryError(f"{path}: the content does not have the checksum of line 1. {WHAT_TO_DO}")
        return content

    def load_into(self, store: ox.Store, version: int) -> None:
        """Adds the state at a version of this generation to an empty store."""
        store.bulk_extend(ox.parse(input=self.snapshot(), format=ox.RdfFormat.N_QUADS))  # bulk_load renames blank nodes
        for _, payload in self.log.payloads(self.base, version):
            parse(payload).apply(store)

    def contents(self, version: int) -> dict[str, bytes]:
        """Names and checked contents of the snapshot and of the log up to a version."""
        log = self.log.content(version)
        return {snapshot_path(self.folder, self.base).name: self.snapshot(), log_path(self.folder, self.base).name: log}


def snapshot_path(folder: Path, base: int) -> Path:
    """Where the snapshot of a version is."""
    return folder / f"snapshot-{base}.nq"


def log_path(folder: Path, base: int) -> Path:
    """Where the log is that follows the snapshot of a version."""
    return folder / f"patches-{base}.log"


def generations(folder: Path) -> list[int]:
    """The versions that have a snapshot, ascending; raises DamagedHistoryError if there is none."""
    names = (FILE_NAME.fullmatch(path.name) for path in folder.iterdir())
    found = [int(m[1]) for m in names if m and m[1] and not m[0].endswith(".part")]
    if not found:
        raise DamagedHistoryError(f"{folder} has lost its snapshot-N.nq. {WHAT_TO_DO}")
    return sorted(found)


def write_file(path: Path, data: bytes) -> None:
    """Writes a file through to the disk; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last through a power cut; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(folder: Path, base: int) -> None:
    _part(snapshot_path(folder, base)).unlink(missing_ok=True)
    log_path(folder, base).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
