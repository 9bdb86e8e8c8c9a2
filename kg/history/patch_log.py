"""The append-only file behind a history: frames with a length and a checksum, and what to do with damaged ones."""

import os
import struct
import weakref
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ontology import KelisimError

MAGIC: Final = b"\x89KP\n"
"""The first bytes of each frame; 0x89 occurs at no such place in UTF-8, so no patch can hold them."""

WHAT_TO_DO: Final = "Keep a copy of the folder, then restore the latest backup into a new one."

_HEAD = struct.Struct(">4sQQI")
_VERSION_AND_LENGTH = struct.Struct(">QQ")


class StoreFullError(KelisimError):
    """A write was refused by the disk; nothing of it is kept, and what was there before can still be read."""


class DamagedHistoryError(KelisimError):
    """A file of a history is not as it was written, at a place where a crash cannot be the cause."""


class PatchLog:
    """The payloads of versions base+1, base+2, and so on, in one file that only grows.

    A frame is `MAGIC`, the version and the payload's length (64 bits each, big-endian), the CRC-32 of these two and
    of the payload, then the payload. What is read of the file at first is also what a writer elsewhere had finished
    by then; later frames appear only where they are appended through this object.
    """

    def __init__(self, path: Path, base: int, descriptor: int) -> None:
        """Scans the file behind an open descriptor, which it closes when nobody uses the log any more.

        Raises DamagedHistoryError where a broken frame is followed by a whole one.
        """
        self.path = path
        self.base = base
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)
        self._frames: list[tuple[int, int]] = []
        self.end = 0
        """Where the last whole frame ends, in bytes."""
        size = os.fstat(descriptor).st_size
        while (frame := self._frame_at(self.end, size, self.version + 1)) is not None:
            self._frames.append((self.end + _HEAD.size, len(frame)))
            self.end += _HEAD.size + len(frame)
        self.torn = size - self.end
        """How many bytes follow the last whole frame: the torn end of a write that was not finished."""
        self._unfinished = False
        self._refuse_a_whole_frame_after(self.end, size)

    @property
    def version(self) -> int:
        """The version of the last frame, or the base if there is none."""
        return self.base + len(self._frames)

    def payloads(self, after: int, until: int) -> Iterator[tuple[int, bytes]]:
        """Versions and payloads, from after+1 to `until`; raises DamagedHistoryError where the disk has lost one."""
        for version in range(after + 1, until + 1):
            offset, length = self._frames[version - self.base - 1]
            payload = self._frame_at(offset - _HEAD.size, offset + length, version)
            if payload is None:
                raise DamagedHistoryError(_damage(self.path, offset - _HEAD.size, "a patch can no longer be read"))
            yield version, payload

    def append(self, payload: bytes) -> int:
        """Writes one more frame through to the disk and returns its version.

        Raises StoreFullError, whatever the disk's reason, with the file cut back to what it was; KelisimError if
        another writer has been at the file, as one that was forked from the same process could.
        """
        version = self.version + 1
        data = frame(version, payload)
        try:
            if self._unfinished:
                self.cut()
            self._refuse_if_changed_elsewhere()
            self._unfinished = True
            write_all(self._descriptor, data)
            os.fsync(self._descriptor)
            self._unfinished = False
        except OSError as error:
            with suppress(OSError):  # if this fails as well, the next append cuts before it writes
                self.cut()
            raise StoreFullError(
                f"{self.path}: the change was not written: {error.strerror}. Nothing was changed and reading goes on; "
                "free some space, or mend the disk, and send the change again."
            ) from error
        self._frames.append((self.end + _HEAD.size, len(payload)))
        self.end += len(data)
        return version

    def cut(self) -> None:
        """Makes the file end after the last whole frame; raises OSError where it cannot."""
        if os.fstat(self._descriptor).st_size != self.end:
            os.ftruncate(self._descriptor, self.end)
            os.fsync(self._descriptor)
        self.torn = 0
        self._unfinished = False

    def piece(self, until: int) -> tuple[int, int]:
        """The file's descriptor, and how many of its first bytes are the frames up to a version."""
        return self._descriptor, sum(self._frames[until - self.base - 1]) if until > self.base else 0

    def _frame_at(self, offset: int, limit: int, version: int | None = None) -> bytes | None:
        """The payload of the frame at a place, or None if there is no whole frame, or one of another version."""
        head = read_at(self._descriptor, offset, _HEAD.size) if offset + _HEAD.size <= limit else b""
        if len(head) < _HEAD.size:
            return None
        magic, found, length, checksum = _HEAD.unpack(head)
        if magic != MAGIC or version not in (None, found) or offset + _HEAD.size + length > limit:
            return None
        payload = read_at(self._descriptor, offset + _HEAD.size, length)
        return payload if len(payload) == length and _checksum(found, payload) == checksum else None

    def _refuse_if_changed_elsewhere(self) -> None:
        found = os.fstat(self._descriptor)
        if found.st_size != self.end or not found.st_nlink:
            raise KelisimError(
                f"{self.path}: the change was not written: another writer has changed or replaced this file since it "
                "was opened. Open the history anew, in one process only, and send the change again."
            )

    def _refuse_a_whole_frame_after(self, broken: int, size: int) -> None:
        rest = read_at(self._descriptor, broken, size - broken)
        place = rest.find(MAGIC)
        while place >= 0:
            if self._frame_at(broken + place, size) is not None:
                raise DamagedHistoryError(
                    _damage(self.path, broken, f"a patch is broken, though whole ones follow at byte {broken + place}")
                )
            place = rest.find(MAGIC, place + 1)


def frame(version: int, payload: bytes) -> bytes:
    """The bytes that stand in a log for one payload."""
    return _HEAD.pack(MAGIC, version, len(payload), _checksum(version, payload)) + payload


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Reads a piece of a file, less only where the file ends."""
    pieces = []
    while length > 0 and (piece := os.pread(descriptor, length, offset)):
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return b"".join(pieces)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of the data, in as many pieces as the system asks for; raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _checksum(version: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_VERSION_AND_LENGTH.pack(version, len(payload))))


def _damage(path: Path, offset: int, what: str) -> str:
    return (
        f"{path}, byte {offset}: {what}. A crash does not do this: the disk or another program did, and nothing was "
        f"cut. {WHAT_TO_DO}"
    )
