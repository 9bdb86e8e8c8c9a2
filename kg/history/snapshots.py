"""The files of a history: a snapshot of one version, and the log of what came after it.

Nothing here holds more in memory than what has changed, however large the snapshot is.
"""

import hashlib
import mmap
import os
import re
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

import pyoxigraph as ox

from kg.history.patch_log import WHAT_TO_DO, DamagedHistoryError, PatchLog, write_all
from kg.rdf.patches import parse, quad_lines

FILE_NAME: Final = re.compile(r"(?:snapshot-(\d+)\.nq|patches-(\d+)\.log)(?:\.part)?", re.ASCII)
"""The names of these files; the group that matches is the version of the snapshot, and a part was not finished."""

_FIRST_LINE: Final = re.compile(rb"# Kelisim snapshot of version (\d+), SHA-256 ([0-9a-f]{64})\n")
_FIRST_LINE_BYTES: Final = 200
_PART_BYTES: Final = 1 << 20


class Piece(NamedTuple):
    """The first `size` bytes of an open file."""

    file: int
    size: int

    def open(self) -> BinaryIO:
        """The whole file, to be read from its start by this reader alone."""
        return open(f"/proc/self/fd/{self.file}", "rb")  # noqa: PTH123 - not a path, but a descriptor

    def parts(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start`, less only where the file ends."""
        while start < self.size and (part := os.pread(self.file, min(_PART_BYTES, self.size - start), start)):
            yield part
            start += len(part)


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
    def write(cls, folder: Path, base: int, quads: Iterable[bytes | memoryview]) -> Self:
        """Writes a snapshot and an empty log through to the disk; before `publish` they do not count.

        `quads` are sorted lines of canonical N-Quads, any number in each part, as `normal` gives them. The checksum is
        what `kg.curation.dataset.Dataset.digest` would be. Raises OSError, or what `quads` raises; then nothing
        is left.
        """
        part = _part(snapshot_path(folder, base))
        try:
            write_file(part, quads, base)
            write_file(log_path(folder, base), ())
            sync_folder(folder)
            return cls(folder, base, part, writable=True)
        except BaseException:
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

    def check(self) -> int:
        """Where the quads begin in the snapshot; raises DamagedHistoryError unless its checksum holds."""
        path, piece = snapshot_path(self.folder, self.base), self._piece
        first = _FIRST_LINE.match(os.pread(piece.file, _FIRST_LINE_BYTES, 0))
        if not first or int(first[1]) != self.base:
            raise DamagedHistoryError(f"{path}, line 1: version {self.base} and a checksum are missing. {WHAT_TO_DO}")
        digest = hashlib.sha256()
        for part in piece.parts(first.end()):
            digest.update(part)
        if digest.hexdigest().encode() != first[2]:
            raise DamagedHistoryError(f"{path}: the content does not have the checksum of line 1. {WHAT_TO_DO}")
        return first.end()

    def load_into(self, store: ox.Store, version: int) -> None:
        """Adds the state at a version of this generation to an empty store."""
        self.check()
        with self._piece.open() as snapshot:
            store.bulk_extend(ox.parse(input=snapshot, format=ox.RdfFormat.N_QUADS))  # bulk_load renames blank nodes
        for _, payload in self.log.payloads(self.base, version):
            parse(payload).apply(store)

    def state(self, version: int) -> Iterator[bytes | memoryview]:
        """The state at a version as a snapshot's lines; what lies between two changes is one part, not looked at."""
        start = self.check()
        stays: dict[bytes, bool] = {}
        for _, payload in self.log.payloads(self.base, version):
            patch = parse(payload)
            stays.update(dict.fromkeys(normal(patch.deletes), False))
            stays.update(dict.fromkeys(normal(patch.adds), True))
        lines = mmap.mmap(self._snapshot, 0, access=mmap.ACCESS_READ)
        for line in sorted(stays):
            place = _place(lines, line, start)
            yield memoryview(lines)[start:place]
            start = place + (len(line) if lines[place : place + len(line)] == line else 0)
            if stays[line]:
                yield line
        yield memoryview(lines)[start:]

    def contents(self, version: int) -> dict[str, Piece]:
        """Names and checked contents of the snapshot and of the log up to a version, while this is there."""
        self.check()
        log = self.log.piece(version)
        return {
            snapshot_path(self.folder, self.base).name: self._piece,
            log_path(self.folder, self.base).name: Piece(*log),
        }

    @property
    def _piece(self) -> Piece:
        return Piece(self._snapshot, os.fstat(self._snapshot).st_size)


def normal(quads: Iterable[ox.Quad]) -> list[bytes]:
    """The line of each quad as a store holds it, which has ``01`` as ``1``; in no order, some perhaps twice."""
    quads = tuple(quads)
    lines = quad_lines(quads)
    typed = [quad for quad, line in zip(quads, lines, strict=True) if b'"^^<' in line]
    if not typed:
        return lines
    store = ox.Store()
    store.extend(typed)
    return [line for line in lines if b'"^^<' not in line] + quad_lines(store)


def _place(lines: mmap.mmap, line: bytes, start: int) -> int:
    """Where the line stands among the sorted ones from `start`, or would stand."""
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


def write_file(path: Path, parts: Iterable[bytes | memoryview], base: int | None = None) -> None:
    """Writes a file through to the disk, after a snapshot's first line if `base` is its version; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    digest = hashlib.sha256()
    try:
        if base is not None:
            write_all(descriptor, _first_line(base, digest))  # to be written over
        for part in _gathered(parts):
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
    """Makes the names in a folder last through a power cut; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(base: int, digest: "hashlib._Hash") -> bytes:
    return f"# Kelisim snapshot of version {base}, SHA-256 {digest.hexdigest()}\n".encode()


def _gathered(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The parts, small ones together."""
    small: list[bytes | memoryview] = []
    size = 0
    for part in parts:
        if len(part) < _PART_BYTES:
            small.append(part)
            size += len(part)
        if size >= _PART_BYTES or len(part) >= _PART_BYTES:
            yield b"".join(small)
            small, size = [], 0
        if len(part) >= _PART_BYTES:
            yield part
    yield b"".join(small)


def _discard(folder: Path, base: int) -> None:
    _part(snapshot_path(folder, base)).unlink(missing_ok=True)
    log_path(folder, base).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
