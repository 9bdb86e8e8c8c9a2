"""Output buffer for results: in memory up to a size, then in an unnamed file."""

import mmap
import os

from kg.engine.replies import SPOOL_NAME
from kg.rdf.rows import count_rows
from kg.workers.confinement import allow_new_files
from kg.workers.wire import INLINE_BYTES
from ontology import KelisimError


class ResultTooLargeError(KelisimError):
    """The result exceeds the size limit."""


class Spool:
    """A writable buffer: in memory up to `INLINE_BYTES`, then in an unnamed file (memfd)."""

    def __init__(self, limit: int = 1 << 62, file: int = -1) -> None:
        """Limits the result to `limit` bytes; `file` is an open descriptor to use for a large result."""
        self._limit = limit
        self._parts: list[bytes] = []
        self._spare = file
        self.size = 0
        self.file = -1

    def write(self, data: bytes) -> int:
        """Appends data; raises ResultTooLargeError beyond the limit."""
        self.size += len(data)
        if self.size > self._limit:
            raise ResultTooLargeError(f"The answer is larger than {self._limit} bytes.")
        if self.file < 0 and self.size <= INLINE_BYTES:
            self._parts.append(bytes(data))
            return len(data)
        if self.file < 0:
            self.file = self._spare if self._spare >= 0 else os.memfd_create(SPOOL_NAME)
            for part in self._parts:
                _write_all(self.file, part)
            self._parts.clear()
        _write_all(self.file, data)
        return len(data)

    def insert(self, place: int, data: bytes) -> None:
        """Inserts data at an offset of a result in memory."""
        body = self.body
        self._parts = [body[:place], data, body[place:]]
        self.size += len(data)

    def flush(self) -> None:
        """Does nothing: writes are not buffered."""

    @property
    def body(self) -> bytes:
        """The result, if it is in memory; else empty."""
        return b"".join(self._parts)

    def rows(self, form: str) -> int:
        """The number of rows of the result, in the format of that name; -1 if not known."""
        if self.file < 0:
            return count_rows(form, self.body)
        with allow_new_files(), mmap.mmap(self.file, 0, access=mmap.ACCESS_READ) as content:
            return count_rows(form, content)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
