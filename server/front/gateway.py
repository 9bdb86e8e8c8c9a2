"""The adapter to Flask's WSGI: environs and complete responses."""

import os
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final, Protocol
from wsgiref.types import WSGIApplication, WSGIEnvironment

from kg.engine.replies import SpooledFile
from kg.workers.spool import Spool
from server.front.exchange import Exchange
from server.front.problems import Answer, FileRange

_PART_BYTES: Final = 1 << 18


class Errors(Protocol):
    """A text stream for what a WSGI application writes to ``wsgi.errors``."""

    def write(self, text: str, /) -> object: ...


def wsgi_environ(exchange: Exchange, body: IO[bytes], errors: Errors, origin: str = "") -> WSGIEnvironment:
    """Completes the environ with all keys that PEP 3333 requires; `origin` is the public origin, if it is another."""
    environ, (host, port) = exchange.environ, exchange.server
    scheme, _, public = origin.partition("://")
    if origin:
        environ["HTTP_HOST"] = public
    environ.update(
        {
            "SCRIPT_NAME": "",
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": f"HTTP/{exchange.version}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme or environ.get("wsgi.url_scheme", "http"),
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
