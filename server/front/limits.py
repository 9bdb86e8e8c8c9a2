"""Limits on the size and time of requests, checked before Flask."""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Final
from wsgiref.types import WSGIEnvironment

from server.front.problems import Answer, problem

_DIGITS: Final = 18
_MEMORY_BYTES: Final = 1 << 20
"""Longer bodies are spooled to a temporary file."""


@dataclass(frozen=True)
class RequestLimits:
    """Limits of a request. Sizes in bytes, times in seconds.

    target: path and query string together. Granian itself refuses more than 65,534 bytes, without an explanation.
    headers: the number of distinct header fields; header_bytes: the sum of their values.
    body: the request body; bodies: other limits by path, such as that of uploads. bodies_at_once: all bodies that are
    being received or processed; beyond it a body of more than 1 MiB is refused with 503.
    unmeasured: media types of bodies that need no Content-Length (chunked); others are refused with 411. Granian does
    not distinguish the end of a chunked body from a lost connection, so half a document would be taken as complete; a
    truncated query does no harm, as its client is gone.
    discarded: how much of a refused body is read, so that its client can read the response.
    body_seconds: timeout for receiving a body, extended by one second for each `body_rate` bytes received.
    """

    target: int = 60_000
    headers: int = 80
    header_bytes: int = 32_768
    body: int = 1_000_000
    bodies: Mapping[str, int] = field(default_factory=dict)
    bodies_at_once: int = 1 << 30
    unmeasured: frozenset[str] = frozenset({"application/sparql-query"})
    discarded: int = 1 << 24
    body_seconds: float = 10.0
    body_rate: int = 10_000

    def of_body(self, environ: WSGIEnvironment) -> int:
        """The limit for the body of this request, in bytes."""
        return self.bodies.get(environ["PATH_INFO"], self.body)


class RefusedError(Exception):
    """A body is beyond a limit; `answer` is the response."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class RequestGuard:
    """Refuses requests beyond the limits with 400, 408, 411, 413, 414, 431 or 503. For one event loop."""

    def __init__(self, limits: RequestLimits | None = None) -> None:
        self._limits = limits or RequestLimits()
        self._received = 0

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
        if given is None:
            if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() in self._limits.unmeasured:
                return None
            detail = "Send the body with a Content-Length, so that half of it is never taken for all."
            return problem(411, "Length required", detail)
        if not (given.isascii() and given.isdigit()):
            return problem(400, "Malformed request", "Content-Length is no number of bytes.")
        limit = self._limits.of_body(environ)
        return _too_large(limit) if len(given) > _DIGITS or int(given) > limit else None

    async def body(self, environ: WSGIEnvironment, parts: AsyncIterator[bytes]) -> IO[bytes]:
        """Receives the complete body from its parts, in memory or in a temporary file; `release` ends its use.

        Raises RefusedError if it is too long, too slow or ends before its Content-Length.
        """
        limit = self._limits.of_body(environ)
        length = environ.get("CONTENT_LENGTH")
        content: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 - `release` closes it
        try:
            await self._receive(content, parts, limit, int(length) if length else 0)
        except BaseException:
            self.release(content)
            raise
        content.seek(0)
        return content

    def release(self, content: IO[bytes]) -> None:
        """Closes a body and no longer counts its bytes."""
        self._received -= content.seek(0, io.SEEK_END)
        content.close()

    async def discard(self, parts: AsyncIterator[bytes]) -> None:
        """Reads and drops the rest of a refused body, within limits: a client that still sends reads no response."""
        left = self._limits.discarded
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.body_seconds):
                async for part in parts:
                    left -= len(part)
                    if left < 0:
                        return

    async def _receive(self, content: IO[bytes], parts: AsyncIterator[bytes], limit: int, expected: int) -> None:
        limits, size = self._limits, 0
        deadline = asyncio.get_running_loop().time() + limits.body_seconds
        try:
            async with asyncio.timeout_at(deadline) as timeout:
                async for part in parts:
                    size += len(part)
                    self._check_size(size, limit)
                    content.write(part)
                    self._received += len(part)
                    timeout.reschedule(deadline + size / limits.body_rate)
        except TimeoutError:
            detail = "The body comes too slowly. Send it again over a better line."
            raise RefusedError(problem(408, "Too slow", detail)) from None
        if size < expected:
            raise RefusedError(problem(400, "Malformed request", "The body ended before its Content-Length."))

    def _check_size(self, size: int, limit: int) -> None:
        if size > limit:
            raise RefusedError(_too_large(limit))
        if self._received > self._limits.bodies_at_once and size > _MEMORY_BYTES:
            detail = "Too much is being uploaded at once. Try again in a few seconds."
            raise RefusedError(problem(503, "Busy", detail, [("Retry-After", "5")]))


def _too_large(limit: int) -> Answer:
    return problem(413, "Too large", f"The body is longer than {limit} bytes, which is the most that is taken here.")
