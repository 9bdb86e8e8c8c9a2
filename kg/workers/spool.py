"""An answer as it is written: in memory while it is small, else in a file without a name."""

import mmap
import os

from kg.engine.replies import SPOOL_NAME
from kg.rdf.rows import count_rows
from kg.workers.confinement import allow_new_files
from kg.workers.wire import INLINE_BYTES
from ontology import KelisimError


class ResultTooLargeError(KelisimError):
    """The answer is bigger than the server gives out."""


class Spool:
    """Takes an answer as it is written: small ones in memory, bigger ones in a file without a name."""

    def __init__(self, limit: int = 1 << 62, file: int = -1) -> None:
        """Bounds the answer to `limit` bytes; `file` is one made before, to be used if need be."""
        self._limit = limit
        self._parts: list[bytes] = []
        self._spare = file
        self.size = 0
        self.file = -1

    def write(self, data: bytes) -> int:
        """Takes the next part; raises ResultTooLargeError past the limit."""
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

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def body(self) -> bytes:
        """The answer, where it is in memory."""
        return b"".join(self._parts)

    def rows(self, form: str) -> int:
        """The rows of the answer, in the format of that name; -1 if not known."""
        if self.file < 0:
            return count_rows(form, self.body)
        with allow_new_files(), mmap.mmap(self.file, 0, access=mmap.ACCESS_READ) as content:
            return count_rows(form, content)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
