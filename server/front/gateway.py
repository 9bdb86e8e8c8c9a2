"""Between Granian's RSGI and WSGI: requests as environs, bodies as files, answers as they are sent.

RSGI tells when a client leaves and holds no thread for a slow one, which WSGI cannot; Flask speaks WSGI.
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
from server.front.problems import Answer, FilePart

_PART_BYTES: Final = 1 << 18
_BODILESS: Final = frozenset({204, 304})

HOLD_SECONDS: Final = 30.0
"""A file is held open so long for the server's core, which opens it again when it begins to send, at once as a rule."""


class Errors(Protocol):
    """A text stream for what a WSGI application writes to ``wsgi.errors``."""

    def write(self, text: str, /) -> object: ...


def environ_of(scope: Scope) -> WSGIEnvironment:
    """The environ of a request (PEP 3333), without what only Flask needs; see `for_wsgi`."""
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
    """Header fields of which some come several times (RFC 9110, section 5.3; RFC 9113, section 8.2.3)."""
    environ: WSGIEnvironment = {}
    for name, value in fields:
        key = _key(name)
        joint = "; " if key == "HTTP_COOKIE" else ", "
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


def for_wsgi(
    environ: WSGIEnvironment, scope: Scope, body: IO[bytes], errors: Errors, origin: str = ""
) -> WSGIEnvironment:
    """The same with all that PEP 3333 asks for; `origin`, such as ``https://example.org``, is where the public asks."""
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
    """A file that a WSGI application gives as its body (``wsgi.file_wrapper`` of PEP 3333)."""

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
        """The next part, for those who do not know it is a file."""
        part = self._file.read(self._block_size)
        if not part:
            raise StopIteration
        return part


def run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """What a WSGI application answers, whole; for a thread."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told[:] = [int(status[:3]), headers]

    body = application(environ, start)
    try:
        if environ["REQUEST_METHOD"] == "HEAD":
            return Answer(told[0], told[1])
        part = _part_of_file(body)
        return Answer(told[0], told[1], part or whole(body))
    finally:
        close = getattr(body, "close", None)
        if close:
            close()


def _part_of_file(body: Iterable[bytes]) -> FilePart | None:
    """The part of a file that a body is, if it is one."""
    if isinstance(body, FileBody):
        return FilePart(os.dup(body.fileno()), 0, os.fstat(body.fileno()).st_size)
    inner, start, end = (getattr(body, name, None) for name in ("iterable", "start_byte", "end_byte"))
    if isinstance(inner, FileBody) and start is not None and end is not None:  # werkzeug's wrapper of a range
        return FilePart(os.dup(inner.fileno()), start, end)
    return None


def whole(parts: Iterable[bytes]) -> bytes | SpooledFile:
    """All of a body, in memory or, where it is large, in a file."""
    if isinstance(parts, list):
        return b"".join(parts)
    spool = Spool()
    for part in parts:
        spool.write(part)
    return SpooledFile(spool.file) if spool.file >= 0 else spool.body


class Sender:
    """Sends answers; files natively, so that a client that reads slowly holds a file and no memory."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        # Numbers that nothing else gets: a file that the server opens late is the right one or none at all.
        self._numbers = cycle(range(most // 2, most - 1))

    def send(self, protocol: HTTPProtocol, answer: Answer, *, head: bool) -> int:
        """Sends an answer: how many bytes of its body are under way. Raises RuntimeError if the client has left."""
        status, headers, body, _ = answer
        if head or status in _BODILESS:
            protocol.response_empty(status, headers)
            return 0
        if isinstance(body, bytes):
            protocol.response_bytes(status, headers, body)
            return len(body)
        part = FilePart(os.dup(body.fileno()), 0, len(body)) if isinstance(body, SpooledFile) else body
        if part.start == part.end:
            os.close(part.file)
            protocol.response_bytes(status, headers, b"")
            return 0
        number = fcntl.fcntl(part.file, fcntl.F_DUPFD_CLOEXEC, next(self._numbers))
        os.close(part.file)
        self._loop.call_later(HOLD_SECONDS, os.close, number)
        protocol.response_file_range(status, headers, f"/proc/self/fd/{number}", part.start, part.end)
        return part.end - part.start


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    """The key of a header field; empty where the name would pass for one with a hyphen."""
    if "_" in name:
        return ""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
