"""Limits on the size and time of requests, checked before Flask."""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Final
from wsgiref.types import WSGIEnvironment

from server.front.encodings import EncodingError, decompress
from server.front.exchange import IncompleteBodyError
from server.front.problems import Answer, problem

_DIGITS: Final = 18
_MEMORY_BYTES: Final = 1 << 20
"""Longer bodies are spooled to a temporary file."""


@dataclass(frozen=True)
class RequestLimits:
    """Limits of a request. Sizes in bytes, times in seconds.

    target: path and query string together.
    headers: the number of distinct header fields; header_bytes: the sum of their values.
    body: the request body, decompressed; bodies: other limits by path, such as that of uploads. updates: the body of a
    request to ``/sparql`` by the holder of a token. bodies_at_once: all bodies that are being received or processed;
    beyond it a body of more than 1 MiB is refused with 503.
    discarded: how much of a refused body is read, so that its client can read the response.
    body_seconds: timeout for receiving a body, extended by one second for each `body_rate` bytes received.
    """

    target: int = 60_000
    headers: int = 80
    header_bytes: int = 32_768
    body: int = 1_000_000
    bodies: Mapping[str, int] = field(default_factory=dict)
    bodies_at_once: int = 1 << 30
    updates: int = 1 << 24
    discarded: int = 1 << 24
    body_seconds: float = 10.0
    body_rate: int = 10_000

    def of_body(self, environ: WSGIEnvironment, *, trusted: bool) -> int:
        """The limit for the body of this request, in bytes; trusted: whether it carries a token that allows changes."""
        if trusted and environ["PATH_INFO"] == "/sparql":
            return max(self.updates, self.body)
        return self.bodies.get(environ["PATH_INFO"], self.body)


class RefusedError(Exception):
    """A body is beyond a limit; `answer` is the response."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class RequestGuard:
    """Refuses requests beyond the limits with 400, 408, 411, 413, 414, 431 or 503. For one event loop."""

    def __init__(
        self, limits: RequestLimits | None = None, may_change: Callable[[str | None], bool] = lambda _: False
    ) -> None:
        """`may_change` says of an Authorization header whether it allows changes."""
        self._limits = limits or RequestLimits()
        self._may_change = may_change
        self._received = 0

    def _limit(self, environ: WSGIEnvironment) -> int:
        authorization = environ.get("HTTP_AUTHORIZATION")
        return self._limits.of_body(environ, trusted=bool(authorization) and self._may_change(authorization))

    def refusal(self, environ: WSGIEnvironment) -> Answer | None:
        """The problem details if the target, the headers or the declared length is beyond a limit, else None."""
        limits = self._limits
        if len(environ["PATH_INFO"]) + len(environ["QUERY_STRING"]) > limits.target:
            return problem(
                414,
                "Address too long",
                f"The address is longer than {limits.target} bytes. Send the query by POST, where it may be longer.",
            )
        if len(environ) > limits.headers or sum(map(len, environ.values())) > limits.header_bytes:  # quick check
            values = [value for name, value in environ.items() if name[:5] == "HTTP_"]
            if len(values) > limits.headers or sum(map(len, values)) > limits.header_bytes:
                detail = f"The request has more than {limits.headers} header fields or {limits.header_bytes} bytes."
                return problem(431, "Header fields too large", detail)
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            return self._length(environ, environ.get("CONTENT_LENGTH") or None)
        return None

    def _length(self, environ: WSGIEnvironment, given: str | None) -> Answer | None:
        if given is None:  # chunked
            return None
        if not (given.isascii() and given.isdigit()):
            return problem(400, "Malformed request", "Content-Length is no number of bytes.")
        limit = self._limit(environ)
        return _too_large(environ, limit) if len(given) > _DIGITS or int(given) > limit else None

    async def body(self, environ: WSGIEnvironment, parts: AsyncIterator[bytes]) -> IO[bytes]:
        """Receives the complete body from its parts, in memory or in a temporary file; `release` ends its use.

        A compressed one is decompressed, and the environ describes it then as if it had come so. Raises RefusedError if
        it is too long, too slow, ends before its Content-Length, or cannot be decompressed.
        """
        length, limit = environ.get("CONTENT_LENGTH"), self._limit(environ)
        content: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 - `release` closes it
        try:
            await self._receive(content, parts, environ, limit, int(length) if length else 0)
            content.seek(0)
            if "HTTP_CONTENT_ENCODING" in environ:
                content = await self._decompressed(environ, content, limit)
        except BaseException:
            self.release(content)
            raise
        return content

    async def _decompressed(self, environ: WSGIEnvironment, content: IO[bytes], limit: int) -> IO[bytes]:
        encodings = [e.strip().lower() for e in environ.pop("HTTP_CONTENT_ENCODING").split(",")]
        output: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 - `release` closes it
        loop = asyncio.get_running_loop()
        try:
            size = await loop.run_in_executor(None, decompress, encodings, content, output, limit)
        except EncodingError as error:
            output.close()
            raise RefusedError(error.answer(limit, _too_large(environ, limit))) from None
        self._received += size
        environ["CONTENT_LENGTH"] = str(size)
        self.release(content)
        output.seek(0)
        return output

    def release(self, content: IO[bytes]) -> None:
        """Closes a body and no longer counts its bytes."""
        self._received -= content.seek(0, io.SEEK_END)
        content.close()

    async def discard(self, parts: AsyncIterator[bytes]) -> None:
        """Reads and drops the rest of a refused body, within limits: a client that still sends reads no response."""
        left = self._limits.discarded
        with contextlib.suppress(TimeoutError, IncompleteBodyError):
            async with asyncio.timeout(self._limits.body_seconds):
                async for part in parts:
                    left -= len(part)
                    if left < 0:
                        return

    async def _receive(
        self, content: IO[bytes], parts: AsyncIterator[bytes], environ: WSGIEnvironment, limit: int, expected: int
    ) -> None:
        limits, size = self._limits, 0
        deadline = asyncio.get_running_loop().time() + limits.body_seconds
        try:
            async with asyncio.timeout_at(deadline) as timeout:
                async for part in parts:
                    size += len(part)
                    self._check_size(size, limit, environ)
                    content.write(part)
                    self._received += len(part)
                    timeout.reschedule(deadline + size / limits.body_rate)
        except TimeoutError:
            detail = "The body comes too slowly. Send it again over a better line."
            raise RefusedError(problem(408, "Too slow", detail)) from None
        except IncompleteBodyError:
            raise _incomplete(expected) from None
        if size < expected:
            raise _incomplete(expected)

    def _check_size(self, size: int, limit: int, environ: WSGIEnvironment) -> None:
        if size > limit:
            raise RefusedError(_too_large(environ, limit))
        if self._received > self._limits.bodies_at_once and size > _MEMORY_BYTES:
            detail = "Too much is being uploaded at once. Try again in a few seconds."
            raise RefusedError(problem(503, "Busy", detail, [("Retry-After", "5")]))


def _incomplete(expected: int) -> RefusedError:
    detail = (
        "The body ended before its Content-Length." if expected else "The body's last chunk is missing or malformed."
    )
    return RefusedError(problem(400, "Malformed request", detail))


def _too_large(environ: WSGIEnvironment, limit: int) -> Answer:
    detail = f"The body is longer than {limit} bytes, which is the most that is taken here."
    if environ["PATH_INFO"] == "/sparql":
        detail += " Send data as documents to /graphs, or have the operator load files with kelisim load."
    return problem(413, "Too large", detail)
