"""The adapter between Granian's RSGI and Flask's WSGI: environs, request bodies, responses.

RSGI reports a client's disconnect and needs no thread for a slow client, neither of which WSGI can do.
"""

import asyncio
import fcntl
import os
import resource
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import cycle
from typing import IO, Any, Final, Protocol
from wsgiref.types import WSGIApplication, WSGIEnvironment

from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

from kg.engine.replies import SpooledFile
from kg.workers.spool import Spool
from server.front.problems import Answer, FileRange

_PART_BYTES: Final = 1 << 18
_BODILESS: Final = frozenset({204, 304})

FILE_OPEN_SECONDS: Final = 30.0
"""How long a response's file stays open for Granian, which opens it again by its path when it begins to send."""


class Errors(Protocol):
    """A text stream for what a WSGI application writes to ``wsgi.errors``."""

    def write(self, text: str, /) -> object: ...


def environ_of(scope: Scope) -> WSGIEnvironment:
    """The environ of a request (PEP 3333), without the keys that only Flask needs; see `wsgi_environ`."""
    path, fields = scope.path, scope.headers.items()
    environ: WSGIEnvironment = {_key(name): value for name, value in fields}
    if len(environ) < len(fields):
        environ = _merged(fields)
    environ.pop("", None)
    environ["REQUEST_METHOD"] = scope.method
    environ["PATH_INFO"] = path if path.isascii() else path.encode().decode("latin-1")
    environ["QUERY_STRING"] = scope.query_string
    environ["REMOTE_ADDR"] = scope.client.rpartition(":")[0].strip("[]")
    return environ


def _merged(fields: Iterable[tuple[str, str]]) -> WSGIEnvironment:
    """The environ of header fields, repeated ones combined (RFC 9110, section 5.3; RFC 9113, section 8.2.3)."""
    environ: WSGIEnvironment = {}
    for name, value in fields:
        key = _key(name)
        joint = "; " if key == "HTTP_COOKIE" else ", "
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def wsgi_environ(
    environ: WSGIEnvironment, scope: Scope, body: IO[bytes], errors: Errors, origin: str = ""
) -> WSGIEnvironment:
    """Completes an environ with all keys that PEP 3333 requires; `origin` is the public origin, if it is another."""
    host, _, port = scope.server.rpartition(":")
    scheme, _, public = origin.partition("://")
    if origin:
        environ["HTTP_HOST"] = public
    environ.update(
        {
            "SCRIPT_NAME": "",
            "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
            "SERVER_NAME": host.strip("[]"),
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme or scope.scheme,
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": errors,
            "wsgi.file_wrapper": FileBody,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
    )
    return environ


class FileBody:
    """A file as a response body (``wsgi.file_wrapper`` of PEP 3333)."""

    def __init__(self, file: IO[bytes], block_size: int = _PART_BYTES) -> None:
        self._file = file
        self._block_size = block_size
        self.close = file.close
        self.seekable, self.seek, self.tell = file.seekable, file.seek, file.tell

    def fileno(self) -> int:
        """The file's descriptor."""
        return self._file.fileno()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next block, for callers that do not read the file by its descriptor."""
        part = self._file.read(self._block_size)
        if not part:
            raise StopIteration
        return part


def run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Runs a WSGI application on one request and returns its complete response; blocks, so it runs in a thread."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [int(status[:3]), headers]

    body = application(environ, start_response)
    try:
        if environ["REQUEST_METHOD"] == "HEAD":
            return Answer(started[0], started[1])
        file_range = _file_range(body)
        return Answer(started[0], started[1], file_range or collect(body))
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def _file_range(body: Iterable[bytes]) -> FileRange | None:
    """The range of a file that a response body consists of; None for another body."""
    if isinstance(body, FileBody):
        return FileRange(os.dup(body.fileno()), 0, os.fstat(body.fileno()).st_size)
    inner, start, end = (getattr(body, name, None) for name in ("iterable", "start_byte", "end_byte"))
    if isinstance(inner, FileBody) and start is not None and end is not None:  # werkzeug's wrapper of a range
        return FileRange(os.dup(inner.fileno()), start, end)
    return None


def collect(parts: Iterable[bytes]) -> bytes | SpooledFile:
    """A complete body from its parts, in memory or, if it is large, in a temporary file."""
    if isinstance(parts, list):
        return b"".join(parts)
    spool = Spool()
    for part in parts:
        spool.write(part)
    return SpooledFile(spool.file) if spool.file >= 0 else spool.body


class Sender:
    """Sends responses; files by Granian itself, so that a slow reader takes a file descriptor and no memory."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        # Descriptors above all others, so that Granian, if it opens a path late, never opens another file.
        self._descriptors = cycle(range(limit // 2, limit - 1))

    def send(self, protocol: HTTPProtocol, answer: Answer, *, head: bool) -> int:
        """Starts sending a response, and returns the bytes of its body.

        Raises RuntimeError if the client has disconnected, OSError if no file descriptors are left.
        """
        status, headers, body, _ = answer
        if head or status in _BODILESS:
            protocol.response_empty(status, headers)
            return 0
        if isinstance(body, bytes):
            protocol.response_bytes(status, headers, body)
            return len(body)
        part = FileRange(os.dup(body.fileno()), 0, len(body)) if isinstance(body, SpooledFile) else body
        if part.start == part.end:
            os.close(part.file)
            protocol.response_bytes(status, headers, b"")
            return 0
        descriptor = fcntl.fcntl(part.file, fcntl.F_DUPFD_CLOEXEC, next(self._descriptors))
        os.close(part.file)
        self._loop.call_later(FILE_OPEN_SECONDS, os.close, descriptor)
        protocol.response_file_range(status, headers, f"/proc/self/fd/{descriptor}", part.start, part.end)
        return part.end - part.start


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    """The environ key of a header field; empty for a name with an underscore, which could imitate one with a hyphen."""
    if "_" in name:
        return ""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
