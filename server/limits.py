"""Limits on what a request may send; each ends in a clear problem before Flask is reached."""

import io
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge, RequestTimeout

from server.problems import refuse

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1 << 14
_DIGITS: Final = 18


@dataclass(frozen=True)
class RequestLimits:
    """What a request may send. Sizes in bytes, times in seconds.

    target: path and query string together. The server itself cuts them at 65,534 bytes, without an explanation.
    headers: how many different header fields; header_bytes: their values in all.
    body: of the request; bodies: other limits by path, such as that of uploads.
    unmeasured: media types of bodies that may come without a length (chunked); others are refused with 411. Granian's
    WSGI tells the end of such a body and the loss of its connection by the same empty read, so half a document would
    pass for a whole one; a query of which half is lost has nobody left who could be misled by its answer.
    body_seconds: how long a body may take to come, and longer for each `body_rate` bytes that have come already.
    """

    target: int = 60_000
    headers: int = 80
    header_bytes: int = 32_768
    body: int = 1_000_000
    bodies: Mapping[str, int] = field(default_factory=dict)
    unmeasured: frozenset[str] = frozenset({"application/sparql-query"})
    body_seconds: float = 10.0
    body_rate: int = 10_000


class RequestGuard:
    """WSGI middleware that refuses what is beyond the limits: 400, 408, 411, 413, 414 or 431.

    A body is counted while it is read. The reader gets werkzeug's RequestEntityTooLarge where it runs over,
    RequestTimeout where it comes too slowly, ClientDisconnected where it ends before its length: Flask answers those
    with 413, 408 and 400, and so does this if they get through to here.
    """

    def __init__(
        self,
        application: WSGIApplication,
        limits: RequestLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._limits = limits or RequestLimits()
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes the request on, or refuses it."""
        problem = self._head(environ)
        if problem:
            return refuse(environ, start_response, *problem)
        length = environ.get("CONTENT_LENGTH") or None
        if length in {None, "0"} and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._application(environ, start_response)  # no body, nothing to count
        problem = self._length(environ, length)
        if problem:
            return refuse(environ, start_response, *problem)
        expected = None if length is None else int(length)
        reader = _Counted(environ["wsgi.input"], self._limit(environ), expected, self._limits, self._clock)
        environ["wsgi.input"] = io.BufferedReader(reader, _CHUNK)
        started = False

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal started
            started = True
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            return self._application(environ, start)
        except (RequestEntityTooLarge, RequestTimeout, ClientDisconnected) as error:
            if started:
                raise
            return refuse(environ, start_response, *_told(error))

    def _limit(self, environ: WSGIEnvironment) -> int:
        return self._limits.bodies.get(environ.get("PATH_INFO", ""), self._limits.body)

    def _head(self, environ: WSGIEnvironment) -> tuple[int, str, str] | None:
        limits = self._limits
        if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > limits.target:
            detail = (
                f"The address is longer than {limits.target} bytes. Send the query by POST, where it may be longer."
            )
            return 414, "Address too long", detail
        values = [value for name, value in environ.items() if name[:5] == "HTTP_"]  # on the way of every cached answer
        if len(values) > limits.headers or sum(map(len, values)) > limits.header_bytes:
            detail = f"The request has more than {limits.headers} header fields or {limits.header_bytes} bytes in them."
            return 431, "Header fields too large", detail
        return None

    def _length(self, environ: WSGIEnvironment, given: str | None) -> tuple[int, str, str] | None:
        if given is None:
            if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() in self._limits.unmeasured:
                return None
            return (
                411,
                "Length required",
                "Send the body with a Content-Length, so that half of it is never taken for all.",
            )
        if not (given.isascii() and given.isdigit()):
            return 400, "Malformed request", "Content-Length is no number of bytes."
        limit = self._limit(environ)
        if len(given) > _DIGITS or int(given) > limit:
            return 413, "Too large", _too_large(limit)
        return None


class _Counted(io.RawIOBase):
    """A request's body that fails when it is too long or comes too slowly."""

    def __init__(
        self,
        inner: InputStream,
        limit: int,
        expected: int | None,
        limits: RequestLimits,
        clock: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._expected = expected
        self._limit = limit
        self._limits = limits
        self._clock = clock
        self._began: float | None = None
        self._count = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Reads some more bytes, in small parts: Granian returns only when it has all that are asked for."""
        now = self._clock()
        if self._began is None:
            self._began = now
        elif now - self._began > self._limits.body_seconds + self._count / self._limits.body_rate:
            raise RequestTimeout("The body comes too slowly. Send it again over a better line.")
        view = memoryview(buffer).cast("B")
        # One byte more than the limit is enough to know that there are too many.
        part = self._inner.read(min(len(view), _CHUNK, self._limit + 1 - self._count))
        self._count += len(part)
        if self._count > self._limit:
            raise RequestEntityTooLarge(_too_large(self._limit))
        if not part and self._expected is not None and self._count < self._expected:
            raise ClientDisconnected("The body ended before its Content-Length.")
        view[: len(part)] = part
        return len(part)


def _too_large(limit: int) -> str:
    return f"The body is longer than {limit} bytes, which is the most that is taken here."


def _told(error: HTTPException) -> tuple[int, str, str]:
    title = {413: "Too large", 408: "Too slow"}.get(error.code or 400, "Malformed request")
    return error.code or 400, title, error.description or title
