"""What stands before Flask, on one event loop: limits, rates, the cache, plain queries; and it tells what came of all.

Requests that are not answered here go to Flask, in a thread; none waits there for its client.
"""

import asyncio
import io
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Any, Final
from wsgiref.types import WSGIApplication, WSGIEnvironment

from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

from kg.store import UNDER_WAY, Store
from server.cache import ResponseCache
from server.compression import WORTH_BYTES
from server.errors import UNEXPECTED
from server.gateway import deliver, environ_of, for_wsgi, run
from server.limits import RefusedError, RequestGuard
from server.observation import Exchange, Observer, tell
from server.plain import answer_of, compressed, encoding_of, plain_query, refusal_of, shared_headers
from server.problems import Answer, problem
from server.rates import RateLimit
from server.sparql import Request

THREADS: Final = 64
"""So many requests Flask answers at once; those that come beyond wait."""

WATCH_SECONDS: Final = 0.1
"""After so long it is worth while to watch whether the client leaves."""

_INLINE_BYTES: Final = 1 << 15
"""Larger answers are compressed in a thread, so that others need not wait."""

LEFT: Final = Answer(499, [])
"""What is noted where the client left before the answer; nobody gets it."""


@dataclass(frozen=True)
class Layers:
    """What stands before the application; `counted` asks for the rows of answers."""

    cache: ResponseCache
    guard: RequestGuard
    rate: RateLimit | None = None
    observers: Sequence[Observer] = ()
    counted: bool = False


class Front:
    """The RSGI application."""

    def __init__(self, application: WSGIApplication, store: Store, layers: Layers) -> None:
        self._application = application
        self._store = store
        self._layers = layers
        self._threads = ThreadPoolExecutor(THREADS, "flask")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, on Granian's loop."""
        self._loop = loop
        self._store.start(loop)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answers one request, and tells of it."""
        started, began = time.time(), time.perf_counter()
        environ = environ_of(scope)
        try:
            answer = await self._answer(environ, scope, protocol)
        except Exception:
            logging.getLogger("kelisim").exception("Unexpected error before Flask")
            answer = problem(500, *UNEXPECTED)
        size, complete = 0, False
        if answer is not LEFT:
            with suppress(RuntimeError):  # of the protocol: the client has left
                size, complete = await deliver(
                    protocol, answer, self._threads, head=environ["REQUEST_METHOD"] == "HEAD"
                )
        seconds = time.perf_counter() - began
        tell(self._layers.observers, Exchange(environ, answer.status, size, started, seconds, complete))

    async def _answer(self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol) -> Answer:
        layers = self._layers
        refusal = (layers.rate.refusal(environ) if layers.rate else None) or layers.guard.refusal(environ)
        sends = "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
        if refusal:
            if sends and "HTTP_EXPECT" not in environ:
                await layers.guard.discard(_parts(protocol))
            return refusal
        content, body = None, None
        if sends:
            parts = _parts(protocol)
            try:
                content = await layers.guard.body(environ, parts)
            except RefusedError as error:
                await layers.guard.discard(parts)
                return error.answer
            if environ["PATH_INFO"] == "/sparql":
                body = content.read()
                content.seek(0)
        key = layers.cache.key(environ, body)
        if key:
            found = layers.cache.find(key, environ)
            if found:
                return found
        asked = plain_query(environ, body)
        if asked:
            answer = await self._ask(asked, environ, protocol)
        else:
            answer = await self._pass_on(environ, scope, protocol, content or io.BytesIO())
        if key:
            layers.cache.keep(key, environ, answer)
        return answer

    async def _ask(self, asked: Request, environ: WSGIEnvironment, protocol: HTTPProtocol) -> Answer:
        """Answers a plain query."""
        environ["kelisim.query"] = asked.query
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        etag = f'"{asked.etag(self._store.version, accept_encoding)}"'
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            return Answer(304, shared_headers(etag))
        task = asked.task(self._store.version, self._store.pool.limits.result, counted=self._layers.counted)
        future = self._store.answer(task, asked.timeout or None)
        watch = _Watch(self._loop, protocol, [future])
        try:
            reply = await future
        except asyncio.CancelledError:
            environ["kelisim.outcome"] = "abandoned"
            return LEFT
        except Exception as error:
            return refusal_of(error)
        finally:
            watch.end()
        if reply.rows >= 0:
            environ["kelisim.rows"] = reply.rows
        answer = answer_of(reply, etag)
        encoding = encoding_of(accept_encoding) if accept_encoding and len(reply.body) >= WORTH_BYTES else ""
        if not encoding:
            return answer
        if len(reply.body) <= _INLINE_BYTES:
            return compressed(answer, encoding)
        return await self._loop.run_in_executor(self._threads, compressed, answer, encoding)

    async def _pass_on(
        self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol, content: IO[bytes]
    ) -> Answer:
        """Has Flask answer."""
        under_way: list[Future[Any]] = []
        context = copy_context()
        context.run(UNDER_WAY.set, under_way)
        watch = _Watch(self._loop, protocol, under_way)
        environ = for_wsgi(environ, scope, content, sys.stderr)
        try:
            answer = await self._loop.run_in_executor(self._threads, context.run, run, self._application, environ)
        finally:
            watch.end()
            content.close()
        return LEFT if answer.status == LEFT.status else answer


class _Watch:
    """Gives up what is under way for a client if that leaves, until `end`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: HTTPProtocol,
        under_way: Sequence[asyncio.Future[Any] | Future[Any]],
    ) -> None:
        self._protocol = protocol
        self._under_way = under_way
        self._task: asyncio.Task[None] | None = None
        self._timer = loop.call_later(WATCH_SECONDS, self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._watch())

    async def _watch(self) -> None:
        await self._protocol.client_disconnect()
        for future in self._under_way:
            future.cancel()

    def end(self) -> None:
        """The answer is there."""
        self._timer.cancel()
        if self._task:
            self._task.cancel()


async def _parts(protocol: HTTPProtocol) -> AsyncIterator[bytes]:
    async for part in protocol:
        yield part
