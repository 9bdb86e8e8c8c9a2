"""Between Granian's RSGI and WSGI: requests as environs, bodies as files, answers as they are sent.

RSGI tells when a client leaves and holds no thread for a slow one, which WSGI cannot; Flask speaks WSGI.
"""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from functools import lru_cache
from itertools import islice
from typing import IO, Any, Final, Protocol
from wsgiref.types import WSGIApplication, WSGIEnvironment

from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

from kg.replies import SpooledFile
from kg.worker import Spool
from server.problems import Answer

_PART_BYTES: Final = 1 << 18
_BODILESS: Final = frozenset({204, 304})


class Errors(Protocol):
    """A text stream for what a WSGI application writes to ``wsgi.errors``."""

    def write(self, text: str, /) -> object: ...


def environ_of(scope: Scope) -> WSGIEnvironment:
    """The environ of a request (PEP 3333), without what only Flask needs; see `for_wsgi`."""
    client = scope.client
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path if scope.path.isascii() else scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": client[: client.rfind(":")].strip("[]"),
    }
    for name, value in scope.headers.items():
        key = _key(name)
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{value}" if key in environ else value
    return environ


def for_wsgi(environ: WSGIEnvironment, scope: Scope, body: IO[bytes], errors: Errors) -> WSGIEnvironment:
    """The same with all that PEP 3333 asks for."""
    host, _, port = scope.server.rpartition(":")
    environ.update(
        {
            "SCRIPT_NAME": "",
            "SERVER_NAME": host.strip("[]"),
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scope.scheme,
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": errors,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
    )
    return environ


def run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """What a WSGI application answers; for a thread. A body whose length is not told is whole before it returns."""
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told[:] = [int(status[:3]), headers]

    body = application(environ, start)
    if isinstance(body, list) or not any(name.lower() == "content-length" for name, _ in told[1]):
        try:
            return Answer(told[0], told[1], whole(body))
        finally:
            _close(body)
    return Answer(told[0], told[1], body)


async def deliver(protocol: HTTPProtocol, answer: Answer, executor: Executor, *, head: bool) -> tuple[int, bool]:
    """Sends an answer: how many bytes of its body, and whether all of it."""
    status, headers, body = answer
    if head or status in _BODILESS:
        protocol.response_empty(status, headers)
        if not isinstance(body, bytes):
            _close(body)
        return 0, True
    if isinstance(body, bytes):
        protocol.response_bytes(status, headers, body)
        return len(body), True
    size = 0
    loop = asyncio.get_running_loop()
    transport = protocol.response_stream(status, headers)
    parts = iter(body)
    try:
        while part := next(parts, b"") if isinstance(body, SpooledFile) else await _next(loop, executor, parts):
            await transport.send_bytes(part)
            size += len(part)
    except Exception:  # the client has left
        return size, False
    finally:
        _close(body)
    return size, True


def whole(parts: Iterable[bytes]) -> bytes | SpooledFile:
    """All of a body, in memory or, where it is large, in a file."""
    if isinstance(parts, list):
        return b"".join(parts)
    spool = Spool()
    for part in parts:
        spool.write(part)
    return SpooledFile(spool.file) if spool.file >= 0 else spool.body


def _next(loop: asyncio.AbstractEventLoop, executor: Executor, parts: Iterator[bytes]) -> asyncio.Future[bytes]:
    return loop.run_in_executor(executor, _gathered, parts)


def _gathered(parts: Iterator[bytes]) -> bytes:
    """The next parts together, so that it is worth to send them."""
    gathered, size = [], 0
    for part in islice(parts, 1 << 16):
        gathered.append(part)
        size += len(part)
        if size >= _PART_BYTES:
            break
    return b"".join(gathered)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close:
        close()


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
