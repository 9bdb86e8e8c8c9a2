"""Complete answers, in memory or in a file."""

import contextlib
import os
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 18

SPOOL_NAME: Final = "answer"
"""The name that the kernel shows of files with large answers."""


class SpooledFile:
    """A large answer in a file without a name; can be read several times, and goes with the last reference."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.size = os.fstat(file).st_size
        weakref.finalize(self, os.close, file)

    def fileno(self) -> int:
        """The file's descriptor, which belongs to this."""
        return self._file

    def __iter__(self) -> Iterator[bytes]:
        """The content in parts."""
        for offset in range(0, self.size, _CHUNK):
            yield os.pread(self._file, _CHUNK, offset)

    def __len__(self) -> int:
        return self.size


def spooled_bytes() -> int:
    """How much all spooled answers take together that this process holds open, in Python or in the server's core."""
    sizes = dict[int, int]()
    try:
        files = [*Path("/proc/self/fd").iterdir()]
    except OSError:  # no files are left
        return sys.maxsize
    for file in files:
        with contextlib.suppress(OSError):  # it was closed meanwhile
            if str(file.readlink()).startswith(f"/memfd:{SPOOL_NAME} "):
                found = file.stat()
                sizes[found.st_ino] = found.st_size
    return sum(sizes.values())


@dataclass(frozen=True)
class Reply:
    """A complete answer: the name of its format, its content, and how many rows that has, -1 if that is not known."""

    format: str
    body: bytes | SpooledFile
    rows: int = -1

    @property
    def content(self) -> bytes:
        """The whole content in memory."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)
