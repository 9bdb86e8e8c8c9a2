"""Responses to bytes: status line, header fields, framing (RFC 9112, sections 4 to 6)."""

import os
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from kg.engine.replies import SpooledFile
from server.front.problems import Answer, FileRange, KeptHeaders

BODILESS: Final = frozenset({204, 304})

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_LINES: Final = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}
_NEW_EACH_TIME: Final = frozenset({"Content-Length", "ETag"})
"""Fields with values that hardly come again."""

_OF_THE_CONNECTION: Final = frozenset({"connection", "content-length", "date", "transfer-encoding"})


class Dates:
    """The value of the header Date, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now(self) -> str:
        """The current date (RFC 9110, section 5.6.7)."""
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


def head_of(answer: Answer, size: int | None, connection: str, date: str) -> bytes:
    """The head of a response with a body of that size; None for a response without one, also to HEAD.

    connection: the value of the header Connection, empty for none. Raises ValueError if a header would break the head.
    """
    status = _STATUS_LINES.get(answer.status) or f"HTTP/1.1 {answer.status} \r\n"
    headers = answer.headers
    if isinstance(headers, KeptHeaders):
        if headers.lines is None:
            headers.lines = "".join(map(_line, headers))
        fields = headers.lines
    else:
        fields = "".join(map(_line, headers))
    if size is not None:
        length = f"Content-Length: {size}\r\n"
    elif answer.status in BODILESS:
        length = ""
    else:
        length = "".join(f"{n}: {int(v)}\r\n" for n, v in answer.headers if n.lower() == "content-length")
    if connection:
        length += f"Connection: {connection}\r\n"
    head = f"{status}Date: {date}\r\n{fields}{length}\r\n"
    return head.encode("latin-1", "replace")


def _line(field: tuple[str, str]) -> str:
    """The line of a header field; empty for one that is the connection's to set."""
    if field[0] in _NEW_EACH_TIME:
        return "" if field[0] == "Content-Length" else _line_of(field)
    return _known_line(field)


def _line_of(field: tuple[str, str]) -> str:
    name, value = field
    if "\r" in value or "\n" in value or not name.isascii():
        raise ValueError("A header has a line break")
    return "" if name.lower() in _OF_THE_CONNECTION else f"{name}: {value}\r\n"


_known_line: Callable[[tuple[str, str]], str] = lru_cache(maxsize=1024)(_line_of)


class FilePart:
    """A file that is sent in chunks; it reads by offset, so that several may read one file.

    Closes the file of a `FileRange`; a `SpooledFile` closes with its last reference.
    """

    CHUNK_BYTES: Final = 1 << 18

    def __init__(self, source: SpooledFile | FileRange) -> None:
        self._source = source
        if isinstance(source, FileRange):
            self._file, self._at, self._end = source.file, source.start, source.end
        else:
            self._file, self._at, self._end = source.fileno(), 0, len(source)
        self.size = self._end - self._at

    def read(self) -> bytes:
        """The next chunk; empty at the end. Raises EOFError if the file has become shorter, or OSError."""
        wanted = min(self.CHUNK_BYTES, self._end - self._at)
        chunk = os.pread(self._file, wanted, self._at) if wanted else b""
        if wanted and not chunk:
            raise EOFError("A file has become shorter while it was sent")
        self._at += len(chunk)
        return chunk

    @property
    def is_sent(self) -> bool:
        """Whether all chunks have been read."""
        return self._at >= self._end

    def close(self) -> None:
        """Closes the file, if it is this object's to close."""
        if isinstance(self._source, FileRange) and self._file >= 0:
            os.close(self._file)
        self._file = -1
