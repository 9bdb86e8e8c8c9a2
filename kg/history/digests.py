"""The digests of the versions of a history (`kg.rdf.set_digest`), each derived from the one before and its patch.

The sum over the snapshot takes two seconds per million quads, once. It is kept with those of the later versions in
``digests-N.sums`` beside the snapshot: a line that names the snapshot by its SHA-256, then for each version from N its
number, its sum and a CRC-32. The file is derived data: it may be missing, be cut or be deleted, and is then made again.
"""

import os
import re
import struct
import threading
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.history.changes import rows
from kg.history.snapshots import Generation
from kg.rdf.set_digest import SUM_BYTES, SetDigest, digest_of

FILE_NAME: Final = re.compile(r"digests-(\d+)\.sums", re.ASCII)

QUICK_BYTES: Final = 10_000_000
"""The size of snapshots of which the sum is had in a tenth of a second, without a process of its own."""

_RECORD: Final = struct.Struct(f">Q{SUM_BYTES}sI")


class Digests:
    """The digests of a generation's versions, oldest first. Thread-safe."""

    def __init__(self, generation: Generation, *, writable: bool) -> None:
        """Reads the file, if there is one. Where it is `writable` it is kept up to date."""
        self._generation = generation
        self._path = generation.folder / f"digests-{generation.base}.sums"
        self._head = b"# Kelisim digests after: " + generation.first_line
        self._writable = writable
        self._lock = threading.Lock()
        self._digests: list[str] = []
        self._latest = SetDigest()
        most = generation.log.version - generation.base + 1
        totals = _read(self._path, self._head, generation.base)[:most]
        for total in totals:
            self._append(total)
        if writable and totals:
            with suppress(OSError):  # such as the half of a record
                os.truncate(self._path, len(self._head) + len(totals) * _RECORD.size)

    @property
    def known(self) -> bool:
        """Whether the sum over the snapshot is known, so that those of all versions are had in a moment."""
        return bool(self._digests)

    def set_base(self, total: bytes) -> None:
        """Sets the sum over the snapshot, which another process or the generation before had."""
        with self._lock:
            if not self._digests:
                self._append(total)
                self._write(self._head + _record(self._generation.base, total), fresh=True)

    def compute(self) -> bytes:
        """The sum over the snapshot, read through once."""
        found = SetDigest()
        for lines in self._generation.lines():
            found.add(lines)
        return found.total

    def get(self, version: int) -> str | None:
        """The digest of a version; None while the sum over a large snapshot is not known."""
        if not self.known and self._generation.size <= QUICK_BYTES:
            self.set_base(self.compute())
        if not self.known:
            return None
        with self._lock:
            self._follow(version)
            return self._digests[version - self._generation.base]

    def after(self, version: int, payloads: Iterable[bytes]) -> str | None:
        """The digest that there will be after a version, the latest, and these patches; None if it is not known."""
        total = self.total(version)
        if total is None:
            return None
        found = SetDigest(total)
        for payload in payloads:
            _follow(found, payload)
        return found.hexdigest()

    def find(self, beginning: str, latest: int) -> int | None:
        """The latest version up to `latest` whose digest begins so; None if there is none or they are not known."""
        if self.get(latest) is None:
            return None
        base = self._generation.base
        found = (n for n in range(latest, base - 1, -1) if self._digests[n - base].startswith(beginning))
        return next(found, None)

    def total(self, version: int) -> bytes | None:
        """The sum at the latest version, for the next generation; None if it is not known."""
        if self.get(version) is None or version != self._generation.base + len(self._digests) - 1:
            return None
        return self._latest.total

    def _follow(self, version: int) -> None:
        base, records = self._generation.base, []
        for number, payload in self._generation.log.payloads(base + len(self._digests) - 1, version):
            _follow(self._latest, payload)
            self._digests.append(self._latest.hexdigest())
            records.append(_record(number, self._latest.total))
        if records:
            self._write(b"".join(records))

    def _append(self, total: bytes) -> None:
        self._latest = SetDigest(total)
        self._digests.append(digest_of(total))

    def _write(self, data: bytes, *, fresh: bool = False) -> None:
        """Writes to the file; on an error there is none, since a gap in it would be worse."""
        if not self._writable:
            return
        try:
            with self._path.open("wb" if fresh else "ab") as file:
                file.write(data)
        except OSError:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def _follow(digest: SetDigest, payload: bytes) -> None:
    """Brings a digest to the next version, by its patch."""
    patch = rows(payload)
    digest.remove(row[2:] + b"\n" for row in patch if row[:1] == b"D")
    digest.add(row[2:] + b"\n" for row in patch if row[:1] == b"A")


def remove_others(folder: Path, base: int) -> None:
    """Removes the files of other generations."""
    for path in folder.iterdir():
        name = FILE_NAME.fullmatch(path.name)
        if name and int(name[1]) != base:
            path.unlink(missing_ok=True)


def _record(version: int, total: bytes) -> bytes:
    return _RECORD.pack(version, total, zlib.crc32(total, version & 0xFFFFFFFF))


def _read(path: Path, head: bytes, base: int) -> list[bytes]:
    """The sums of the versions from `base`, up to the first record that is not whole; none if the head is another."""
    try:
        with path.open("rb") as file:
            if file.read(len(head)) != head:
                return []
            content = file.read()
    except OSError:
        return []
    totals = []
    for number in range(len(content) // _RECORD.size):
        version, total, checksum = _RECORD.unpack_from(content, number * _RECORD.size)
        if version != base + number or zlib.crc32(total, version & 0xFFFFFFFF) != checksum:
            break
        totals.append(total)
    return totals
