"""The append-only log of a history: frames with length and checksum, and the detection of damaged frames."""

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
"""The first bytes of each frame; 0x89 does not start a character in UTF-8, so no patch contains them."""

RESTORE_HINT: Final = "Keep a copy of the folder, then restore the latest backup into a new one."

_HEAD = struct.Struct(">4sQQI")
_VERSION_AND_LENGTH = struct.Struct(">QQ")


class StoreFullError(KelisimError):
    """A write failed and was rolled back; the previous data can still be read."""


class DamagedHistoryError(KelisimError):
    """A file of a history is corrupt in a way that a crash cannot cause."""


class PatchLog:
    """The payloads of versions base+1, base+2, and so on, in one append-only file.

    A frame is `MAGIC`, the version and the payload's length (64 bits each, big-endian), the CRC-32 of these two and
    of the payload, then the payload. The frames are those that were complete on opening, and those appended through
    this object; frames that another process appends later are not seen.
    """

    def __init__(self, path: Path, base: int, descriptor: int) -> None:
        """Scans the file of an open descriptor, which is closed when the log is garbage-collected.

        Raises DamagedHistoryError if a broken frame is followed by a complete one.
        """
        self.path = path
        self.base = base
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)
        self._frames: list[tuple[int, int]] = []
        self.end = 0
        """The offset of the end of the last complete frame."""
        size = os.fstat(descriptor).st_size
        while (frame := self._frame_at(self.end, size, self.version + 1)) is not None:
            self._frames.append((self.end + _HEAD.size, len(frame)))
            self.end += _HEAD.size + len(frame)
        self.torn = size - self.end
        """How many bytes follow the last complete frame: a torn write."""
        self._unfinished = False
        self._check_no_frame_after(self.end, size)

    @property
    def version(self) -> int:
        """The version of the last frame, or the base if there is none."""
        return self.base + len(self._frames)

    def payloads(self, after: int, until: int) -> Iterator[tuple[int, bytes]]:
        """Versions and payloads, from after+1 to `until`; raises DamagedHistoryError if one is unreadable."""
        for version in range(after + 1, until + 1):
            offset, length = self._frames[version - self.base - 1]
            payload = self._frame_at(offset - _HEAD.size, offset + length, version)
            if payload is None:
                raise DamagedHistoryError(
                    _damage_message(self.path, offset - _HEAD.size, "a patch can no longer be read")
                )
            yield version, payload

    def append(self, payload: bytes) -> int:
        """Appends a frame, syncs the file and returns the version.

        Raises StoreFullError if a write fails, after truncating the file to its previous size; KelisimError if another
        writer has changed the file, which a forked process could.
        """
        return self._commit(frame(self.version + 1, payload), [len(payload)])

    def extend(self, data: bytes) -> int:
        """Appends whole frames of the next versions in one write; returns the last version.

        Raises DamagedHistoryError if they are not that, and what `append` raises.
        """
        return self._commit(data, [len(payload) for payload in frames(data, self.version)])

    def checksum(self, version: int) -> int:
        """The CRC-32 of a frame, as it stands in the log."""
        start = self._frames[version - self.base - 1][0] - _HEAD.size
        found: int = _HEAD.unpack(read_at(self._descriptor, start, _HEAD.size))[-1]
        return found

    def _commit(self, data: bytes, lengths: list[int]) -> int:
        try:
            if self._unfinished:
                self.truncate()
            self._check_unchanged()
            self._unfinished = True
            write_all(self._descriptor, data)
            os.fsync(self._descriptor)
            self._unfinished = False
        except OSError as error:
            with suppress(OSError):  # if this fails as well, the next append truncates first
                self.truncate()
            raise StoreFullError(
                f"{self.path}: the change was not written: {error.strerror}. Nothing was changed and reading goes on; "
                "free some space, or mend the disk, and send the change again."
            ) from error
        for length in lengths:
            self._frames.append((self.end + _HEAD.size, length))
            self.end += _HEAD.size + length
        return self.version

    def truncate(self) -> None:
        """Truncates the file after the last complete frame; raises OSError."""
        if os.fstat(self._descriptor).st_size != self.end:
            os.ftruncate(self._descriptor, self.end)
            os.fsync(self._descriptor)
        self.torn = 0
        self._unfinished = False

    def span(self, after: int, until: int) -> tuple[int, int, int]:
        """The file descriptor, and the offset and length of the frames from after+1 to `until`, for `frames`."""
        if after >= until:
            return self._descriptor, 0, 0
        start = self._frames[after - self.base][0] - _HEAD.size
        return self._descriptor, start, sum(self._frames[until - self.base - 1]) - start

    def within(self, after: int, until: int, most: int) -> int:
        """The last version up to `until` with which the frames from after+1 take so many bytes; at least after+1."""
        start, last = self._frames[after - self.base][0] - _HEAD.size, after + 1
        while last < until and sum(self._frames[last - self.base]) - start <= most:
            last += 1
        return last

    def prefix(self, until: int) -> tuple[int, int]:
        """The file descriptor, and the size of the frames up to a version."""
        return self._descriptor, sum(self._frames[until - self.base - 1]) if until > self.base else 0

    def _frame_at(self, offset: int, limit: int, version: int | None = None) -> bytes | None:
        """The payload of the frame at an offset; None if it is incomplete, broken or of another version."""
        head = read_at(self._descriptor, offset, _HEAD.size) if offset + _HEAD.size <= limit else b""
        if len(head) < _HEAD.size:
            return None
        magic, found, length, checksum = _HEAD.unpack(head)
        if magic != MAGIC or version not in (None, found) or offset + _HEAD.size + length > limit:
            return None
        payload = read_at(self._descriptor, offset + _HEAD.size, length)
        return payload if len(payload) == length and _checksum(found, payload) == checksum else None

    def _check_unchanged(self) -> None:
        found = os.fstat(self._descriptor)
        if found.st_size != self.end or not found.st_nlink:
            raise KelisimError(
                f"{self.path}: the change was not written: another writer has changed or replaced this file since it "
                "was opened. Open the history anew, in one process only, and send the change again."
            )

    def _check_no_frame_after(self, broken: int, size: int) -> None:
        rest = read_at(self._descriptor, broken, size - broken)
        place = rest.find(MAGIC)
        while place >= 0:
            if self._frame_at(broken + place, size) is not None:
                raise DamagedHistoryError(
                    _damage_message(
                        self.path, broken, f"a patch is broken, though whole ones follow at byte {broken + place}"
                    )
                )
            place = rest.find(MAGIC, place + 1)


def frame(version: int, payload: bytes) -> bytes:
    """The frame for one payload."""
    return _HEAD.pack(MAGIC, version, len(payload), _checksum(version, payload)) + payload


def frames(data: bytes, after: int) -> Iterator[bytes]:
    """The payloads of a `PatchLog.span` from after+1; raises KelisimError if it is damaged."""
    offset = 0
    while offset < len(data):
        after += 1
        head = data[offset : offset + _HEAD.size].ljust(_HEAD.size, b"\0")
        magic, version, length, checksum = _HEAD.unpack(head)
        payload = data[offset + _HEAD.size : offset + _HEAD.size + length]
        if magic != MAGIC or version != after or len(payload) != length or _checksum(version, payload) != checksum:
            raise DamagedHistoryError(f"The patch of version {after} can no longer be read. {RESTORE_HINT}")
        yield payload
        offset += _HEAD.size + length


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Reads `length` bytes at an offset, less only at the end of the file."""
    chunks = []
    while length > 0 and (chunk := os.pread(descriptor, length, offset)):
        chunks.append(chunk)
        offset += len(chunk)
        length -= len(chunk)
    return b"".join(chunks)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of the data, repeating short writes; raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _checksum(version: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_VERSION_AND_LENGTH.pack(version, len(payload))))


def _damage_message(path: Path, offset: int, what: str) -> str:
    return (
        f"{path}, byte {offset}: {what}. A crash does not do this: the disk or another program did, and nothing was "
        f"cut. {RESTORE_HINT}"
    )
