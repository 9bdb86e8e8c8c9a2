"""The files of a history: the snapshot of one version, and the log of later patches.

Memory use is bounded by the size of the changes, not of the snapshot.
"""

import hashlib
import mmap
import os
import re
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

import pyoxigraph as ox

from kg.history.patch_log import RESTORE_HINT, DamagedHistoryError, PatchLog, write_all
from kg.rdf.normalization import normalized_lines
from kg.rdf.patches import parse

FILE_NAME: Final = re.compile(r"(?:snapshot-(\d+)\.nq|patches-(\d+)\.log)(?:\.part)?", re.ASCII)
"""The names of these files; the group that matches is the version. ``.part`` marks an unfinished file."""

COPY_NAME: Final = re.compile(r"snapshot-(\d+)\.rocksdb(?:\.part\d+|\.patched)?", re.ASCII)
"""The names of the folders of `kg.history.disk_copies`."""

_FIRST_LINE: Final = re.compile(rb"# Kelisim snapshot of version (\d+), SHA-256 ([0-9a-f]{64})\n")
_FIRST_LINE_BYTES: Final = 200
_CHUNK_BYTES: Final = 1 << 20
_BLANK_NODE: Final = b"_:"


class FilePrefix(NamedTuple):
    """The first `size` bytes of an open file."""

    file: int
    size: int

    @property
    def path(self) -> str:
        """A path that opens the whole file, even if it was renamed or removed."""
        return f"/proc/self/fd/{self.file}"

    @property
    def time(self) -> float:
        """When the file was written, in seconds since 1970."""
        return os.fstat(self.file).st_mtime

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start`, less only at the end of the file."""
        while start < self.size and (part := os.pread(self.file, min(_CHUNK_BYTES, self.size - start), start)):
            yield part
            start += len(part)


class Generation:
    """A snapshot with its log, both open: readers can continue after a compaction has replaced them.

    `base` is the version of the snapshot. The files are closed when the object is garbage-collected.
    """

    def __init__(self, folder: Path, base: int, snapshot: Path, *, writable: bool) -> None:
        """Opens the files; raises OSError, and DamagedHistoryError if the log is broken before its end."""
        self.folder = folder
        self.base = base
        self._snapshot = os.open(snapshot, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._snapshot)
        path = log_path(folder, base)
        self.log = PatchLog(path, base, os.open(path, os.O_CLOEXEC | (os.O_RDWR | os.O_APPEND if writable else 0)))

    @classmethod
    def open(cls, folder: Path, base: int, *, writable: bool) -> Self:
        """Opens the existing files of that version; raises what the constructor raises."""
        return cls(folder, base, snapshot_path(folder, base), writable=writable)

    @classmethod
    def write(cls, folder: Path, base: int, quads: Iterable[bytes | memoryview]) -> Self:
        """Writes and syncs a snapshot and an empty log; they take effect with `publish`.

        `quads` are sorted lines of canonical N-Quads, any number in each chunk, as `normalized_lines` returns them.
        The checksum equals `kg.curation.dataset.Dataset.digest`. Raises OSError, or what `quads` raises, after
        removing the files.
        """
        part = _temporary_path(snapshot_path(folder, base))
        try:
            write_file(part, quads, base)
            write_file(log_path(folder, base), ())
            sync_folder(folder)
            return cls(folder, base, part, writable=True)
        except BaseException:
            _discard(folder, base)
            raise

    def publish(self) -> None:
        """Renames the snapshot to its final name; does not sync the folder. On OSError the files are removed."""
        path = snapshot_path(self.folder, self.base)
        try:
            _temporary_path(path).replace(path)
        except OSError:
            if not path.exists():  # else it was renamed nevertheless
                _discard(self.folder, self.base)
                raise

    def check(self) -> int:
        """Verifies the checksum; returns the offset of the first quad. Raises DamagedHistoryError."""
        path, prefix = snapshot_path(self.folder, self.base), self._snapshot_prefix
        first = _FIRST_LINE.match(os.pread(prefix.file, _FIRST_LINE_BYTES, 0))
        if not first or int(first[1]) != self.base:
            raise DamagedHistoryError(f"{path}, line 1: version {self.base} and a checksum are missing. {RESTORE_HINT}")
        digest = hashlib.sha256()
        for part in prefix.chunks(first.end()):
            digest.update(part)
        if digest.hexdigest().encode() != first[2]:
            raise DamagedHistoryError(f"{path}: the content does not have the checksum of line 1. {RESTORE_HINT}")
        return first.end()

    def load_into(self, store: ox.Store, version: int) -> None:
        """Loads the state at a version into an empty store."""
        with ThreadPoolExecutor(1) as beside:
            checked = beside.submit(self.check)
            try:
                self.load_snapshot_into(store)
            except (SyntaxError, ValueError) as error:
                checked.result()
                raise DamagedHistoryError(f"{snapshot_path(self.folder, self.base)}: {error}") from error
            checked.result()
        for _, payload in self.log.payloads(self.base, version):
            parse(payload).apply(store)

    def load_snapshot_into(self, store: ox.Store, *, on_disk: bool = False) -> None:
        """Loads the snapshot, without checking it, into an empty store, in memory or on disk.

        Raises SyntaxError, ValueError or OSError.
        """
        path = self._snapshot_prefix.path
        with mmap.mmap(self._snapshot, 0, access=mmap.ACCESS_READ) as text:
            if text.find(_BLANK_NODE) < 0:
                load = store.bulk_load if on_disk else store.load  # each is the faster one there
                load(path=path, format=ox.RdfFormat.N_QUADS, lenient=True)  # its IRIs were valid when written
            else:  # slower, but keeps the labels of blank nodes
                store.bulk_extend(ox.parse(path=path, format=ox.RdfFormat.N_QUADS, lenient=True))

    def state(self, version: int) -> Iterator[bytes | memoryview]:
        """The state at a version as lines of a snapshot; unchanged lines between two changes are one chunk."""
        start = self.check()
        present: dict[bytes, bool] = {}
        for _, payload in self.log.payloads(self.base, version):
            patch = parse(payload)
            present.update(dict.fromkeys(normalized_lines(patch.deletes), False))
            present.update(dict.fromkeys(normalized_lines(patch.adds), True))
        lines = mmap.mmap(self._snapshot, 0, access=mmap.ACCESS_READ)
        for line in sorted(present):
            place = _bisect(lines, line, start)
            yield memoryview(lines)[start:place]
            start = place + (len(line) if lines[place : place + len(line)] == line else 0)
            if present[line]:
                yield line
        yield memoryview(lines)[start:]

    def lines(self) -> Iterator[list[bytes]]:
        """The lines of the snapshot, with their ends, in blocks of some megabytes."""
        rest = b""
        for part in self._snapshot_prefix.chunks(len(self.first_line)):
            whole, end, rest_of_part = part.rpartition(b"\n")
            if end:
                yield (rest + whole + end).splitlines(keepends=True)
                rest = rest_of_part
            else:
                rest += part

    @property
    def time(self) -> str:
        """When the version of the snapshot was made (xsd:dateTime): the time of its file, which a compaction sets."""
        made = datetime.fromtimestamp(os.fstat(self._snapshot).st_mtime, UTC)
        return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def contents(self, version: int) -> dict[str, FilePrefix]:
        """The verified contents of the snapshot and of the log up to a version, by file name."""
        self.check()
        log = self.log.prefix(version)
        return {
            snapshot_path(self.folder, self.base).name: self._snapshot_prefix,
            log_path(self.folder, self.base).name: FilePrefix(*log),
        }

    def count_quads(self) -> int:
        """The number of quads of the snapshot."""
        return sum(part.count(b"\n") for part in self._snapshot_prefix.chunks()) - 1

    @property
    def first_line(self) -> bytes:
        """The first line of the snapshot, with its version and checksum."""
        return os.pread(self._snapshot, _FIRST_LINE_BYTES, 0).partition(b"\n")[0] + b"\n"

    @property
    def size(self) -> int:
        """The size of the snapshot in bytes."""
        return self._snapshot_prefix.size

    @property
    def _snapshot_prefix(self) -> FilePrefix:
        return FilePrefix(self._snapshot, os.fstat(self._snapshot).st_size)


def _bisect(lines: mmap.mmap, line: bytes, start: int) -> int:
    """The offset of the line among the sorted lines from `start`, or where it would be inserted."""
    end = len(lines)
    while start < end:
        middle = lines.rfind(b"\n", start, (start + end) // 2) + 1 or start
        after = lines.find(b"\n", middle) + 1
        if lines[middle:after] < line:
            start = after
        else:
            end = middle
    return start


def snapshot_path(folder: Path, base: int) -> Path:
    """The path of the snapshot of a version."""
    return folder / f"snapshot-{base}.nq"


def log_path(folder: Path, base: int) -> Path:
    """The path of the log after the snapshot of a version."""
    return folder / f"patches-{base}.log"


def copy_path(folder: Path, base: int) -> Path:
    """The path of the copy on disk of the snapshot of a version."""
    return folder / f"snapshot-{base}.rocksdb"


def set_time(path: Path, time: str) -> None:
    """Sets the time of a snapshot's file to that of its version (xsd:dateTime), as far as that can be done."""
    with suppress(OSError, ValueError):
        seconds = datetime.fromisoformat(time).timestamp()
        os.utime(path, (seconds, seconds))


def generations(folder: Path) -> list[int]:
    """The versions that have a snapshot, ascending; raises DamagedHistoryError if there is none."""
    names = (FILE_NAME.fullmatch(path.name) for path in folder.iterdir())
    found = [int(m[1]) for m in names if m and m[1] and not m[0].endswith(".part")]
    if not found:
        raise DamagedHistoryError(f"{folder} has lost its snapshot-N.nq. {RESTORE_HINT}")
    return sorted(found)


def snapshot_bytes(folder: Path) -> int:
    """The size of the current snapshot of a history that may not be there yet; 0 without one."""
    try:
        return snapshot_path(folder, generations(folder)[-1]).stat().st_size
    except (OSError, DamagedHistoryError):
        return 0


def write_file(path: Path, parts: Iterable[bytes | memoryview], base: int | None = None) -> None:
    """Writes and syncs a file, with the first line of a snapshot if `base`, its version, is given; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    digest = hashlib.sha256()
    try:
        if base is not None:
            write_all(descriptor, _first_line(base, digest))  # overwritten below, with the checksum
        for part in _coalesced(parts):
            if base is not None:
                digest.update(part)
            write_all(descriptor, part)
        if base is not None:
            os.lseek(descriptor, 0, os.SEEK_SET)
            write_all(descriptor, _first_line(base, digest))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Syncs a folder, so that renames and new names are durable; raises OSError."""
    sync(folder, os.O_DIRECTORY)


def sync(path: Path, flags: int = 0) -> None:
    """Syncs a file or folder, opened with these flags too; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(base: int, digest: "hashlib._Hash") -> bytes:
    return f"# Kelisim snapshot of version {base}, SHA-256 {digest.hexdigest()}\n".encode()


def _coalesced(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The chunks, with small ones joined."""
    small: list[bytes | memoryview] = []
    size = 0
    for part in parts:
        if len(part) < _CHUNK_BYTES:
            small.append(part)
            size += len(part)
        if size >= _CHUNK_BYTES or len(part) >= _CHUNK_BYTES:
            yield b"".join(small)
            small, size = [], 0
        if len(part) >= _CHUNK_BYTES:
            yield part
    yield b"".join(small)


def _discard(folder: Path, base: int) -> None:
    _temporary_path(snapshot_path(folder, base)).unlink(missing_ok=True)
    log_path(folder, base).unlink(missing_ok=True)


def _temporary_path(path: Path) -> Path:
    return path.with_name(path.name + ".part")
