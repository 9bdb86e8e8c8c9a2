"""Complete results, in memory or in a file."""

import contextlib
import os
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

_CHUNK: Final = 1 << 18

SPOOL_NAME: Final = "answer"
"""The memfd name of files with large results."""


class Lacking(NamedTuple):
    """How many rows are only told with less certainty, and which names are not in the data, with similar ones."""

    hedged: int
    unknown: Mapping[str, Sequence[str]]


class SpooledFile:
    """A large result in an unnamed file; can be read several times, and is closed with the last reference."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.size = os.fstat(file).st_size
        weakref.finalize(self, os.close, file)

    def fileno(self) -> int:
        """The file descriptor, owned by this object."""
        return self._file

    def __iter__(self) -> Iterator[bytes]:
        """The content in chunks."""
        for offset in range(0, self.size, _CHUNK):
            yield os.pread(self._file, _CHUNK, offset)

    def __len__(self) -> int:
        return self.size


def spooled_bytes() -> int:
    """The total size of the spooled results that this process has open."""
    sizes = dict[int, int]()
    try:
        files = [*Path("/proc/self/fd").iterdir()]
    except OSError:  # the limit of open files is reached
        return sys.maxsize
    for file in files:
        with contextlib.suppress(OSError):  # closed in the meantime
            if str(file.readlink()).startswith(f"/memfd:{SPOOL_NAME} "):
                found = file.stat()
                sizes[found.st_ino] = found.st_size
    return sum(sizes.values())


@dataclass(frozen=True)
class Reply:
    """A complete result: the name of its format, its content, and its number of rows, -1 if not known.

    `version` is the number of the version of the data that it is of, -1 if not known.
    `hedged` is the number of further rows that are only told with less certainty, `unknown` names of the query
    that are not in the data, with similar ones.
    """

    format: str
    body: bytes | SpooledFile
    rows: int = -1
    hedged: int = 0
    unknown: Mapping[str, list[str]] = field(default_factory=dict)
    version: int = -1

    @property
    def content(self) -> bytes:
        """The complete content as bytes."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)
