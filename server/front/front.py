"""What stands before Flask, on one event loop: limits, rates, the cache, plain queries; and it tells what came of all.

Requests that are not answered here go to Flask, in a thread; none waits there for its client.
"""

import asyncio
import io
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Final
from wsgiref.types import WSGIApplication, WSGIEnvironment

from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

from kg.engine.replies import Reply
from kg.store.store import UNDER_WAY, Store, UnderWay
from server.endpoint.sparql import Request
from server.front.cache import ResponseCache, is_known
from server.front.disconnects import Watches
from server.front.gateway import Sender, environ_of, for_wsgi, run
from server.front.limits import RefusedError, RequestGuard
from server.front.observation import Exchange, Observer, tell
from server.front.plain import answer_of, compressed, encoding_of, plain_query, refusal_of, shared_headers
from server.front.problems import Answer, problem
from server.front.rates import RateLimit
from server.http.compression import PACKED_BYTES, WORTH_BYTES
from server.http.errors import UNEXPECTED

THREADS: Final = 32
"""So many requests Flask answers at once; those that come beyond wait."""

WAITING: Final = 512
"""So many requests may wait for Flask or be answered by it; those beyond are sent away."""

PROBES: Final = frozenset({"/health", "/ready", "/metrics"})
"""Who watches the server is answered however many pages are asked for."""

_INLINE_BYTES: Final = 1 << 15
"""Larger answers are compressed in a thread, so that others need not wait."""

GRACE_SECONDS: Final = 5.0
"""How long queries and changes under way may take to end when the server stops; then they are told that it does."""

LEFT: Final = Answer(499, [])
"""What is noted where the client left before the answer; nobody gets it."""


@dataclass(frozen=True)
class Layers:
    """What stands before the application.

    `may_upload` tells of an Authorization header whether it allows changes; `counted` asks for the rows of answers.
    `origin` is where the public asks, if that is not here.
    """

    cache: ResponseCache
    guard: RequestGuard
    may_upload: Callable[[str | None], bool]
    rate: RateLimit | None = None
    observers: Sequence[Observer] = ()
    counted: bool = False
    origin: str = ""


class Front:
    """The RSGI application."""

    def __init__(self, application: WSGIApplication, store: Store, layers: Layers, told_stop: int) -> None:
        """`told_stop` is a pipe that ends when the server is to stop."""
        self._application = application
        self._store = store
        self._layers = layers
        self._told_stop = told_stop
        self._threads = ThreadPoolExecutor(THREADS, "flask")
        self._probes = ThreadPoolExecutor(2, "probes")
        self._packers = ThreadPoolExecutor(2, "packers")
        self._flask_waits = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, on Granian's loop."""
        self._loop = loop
        self._sender = Sender(loop)
        self._watches = Watches(loop)
        self._store.start(loop)
        loop.add_reader(self._told_stop, self._stop)

    def _stop(self) -> None:
        self._loop.remove_reader(self._told_stop)
        self._loop.call_later(GRACE_SECONDS, self._store.pool.wind_up)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answers one request, and tells of it."""
        started, began = time.time(), time.perf_counter()
        environ = environ_of(scope)
        try:
            answer = await self._answer(environ, scope, protocol)
        except Exception:
            logging.getLogger("kelisim").exception("Unexpected error before Flask")
            answer = problem(500, *UNEXPECTED)
        size, complete = 0, answer is not LEFT
        if complete:
            try:
                size = self._sender.send(protocol, answer, head=environ["REQUEST_METHOD"] == "HEAD")
            except (RuntimeError, OSError):  # the client has left, or no files are left
                complete = False
        seconds = time.perf_counter() - began
        tell(self._layers.observers, Exchange(environ, answer.status, size, started, seconds, complete))

    async def _answer(self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol) -> Answer:
        layers, guard = self._layers, self._layers.guard
        refusal = (layers.rate.refusal(environ) if layers.rate else None) or guard.refusal(environ)
        sends = "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
        if refusal:
            if sends and "HTTP_EXPECT" not in environ:
                await guard.discard(_parts(protocol))
            return refusal
        if not sends:
            return await self._serve(environ, scope, protocol, None)
        parts = _parts(protocol)
        if environ["PATH_INFO"].startswith("/graphs") and not layers.may_upload(environ.get("HTTP_AUTHORIZATION")):
            await guard.discard(parts)  # Flask says why not
            return await self._pass_on(environ, scope, protocol, io.BytesIO())
        try:
            content = await guard.body(environ, parts)
        except RefusedError as error:
            await guard.discard(parts)
            return error.answer
        try:
            return await self._serve(environ, scope, protocol, content)
        finally:
            guard.release(content)

    async def _serve(
        self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol, content: IO[bytes] | None
    ) -> Answer:
        """Answers a request whose body, if it has one, is here."""
        body = None
        if content and environ["PATH_INFO"] == "/sparql":
            body = content.read()
            content.seek(0)
        cache = self._layers.cache
        key = cache.key(environ, body)
        found = cache.find(key, environ) if key else None
        if found:
            return found
        asked = plain_query(environ, body)
        if asked and not asked.wanted.page:
            answer = await self._ask(asked, environ, protocol)
        else:
            if asked and "HTTP_IF_NONE_MATCH" not in environ:  # else Flask looks first whether it has changed
                reply = await self._evaluate(asked, environ, protocol)
                if reply is None:
                    return LEFT
                environ["kelisim.reply"] = reply
            answer = await self._pass_on(environ, scope, protocol, content or io.BytesIO())
        if key:
            cache.keep(key, environ, answer)
        return answer

    async def _ask(self, asked: Request, environ: WSGIEnvironment, protocol: HTTPProtocol) -> Answer:
        """Answers a plain query."""
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        etag = f'"{asked.etag(self._store.version, accept_encoding)}"'
        if is_known(environ, etag):
            environ["kelisim.query"] = asked.query
            return Answer(304, shared_headers(etag))
        reply = await self._evaluate(asked, environ, protocol)
        if reply is None:
            return LEFT
        if isinstance(reply, Exception):
            return refusal_of(reply, environ)
        answer = answer_of(reply, etag)
        fits = WORTH_BYTES <= len(reply.body) <= PACKED_BYTES
        encoding = encoding_of(accept_encoding) if accept_encoding and fits else ""
        if not encoding:
            return answer
        if len(reply.body) <= _INLINE_BYTES:
            return compressed(answer, encoding)
        return await self._loop.run_in_executor(self._packers, compressed, answer, encoding)

    async def _evaluate(
        self, asked: Request, environ: WSGIEnvironment, protocol: HTTPProtocol
    ) -> Reply | Exception | None:
        """The reply to a query, or the error that it ends in; None if the client has left."""
        environ["kelisim.query"] = asked.query
        task = asked.task(self._store.version, self._store.pool.limits.result, counted=self._layers.counted)
        future = self._store.answer(task, asked.timeout or None)
        self._watches.begin(future, protocol)
        try:
            reply = await future
        except asyncio.CancelledError:
            environ["kelisim.outcome"] = "abandoned"
            return None
        except Exception as error:
            return error
        finally:
            self._watches.end(future)
        if reply.rows >= 0:
            environ["kelisim.rows"] = reply.rows
        return reply

    async def _pass_on(
        self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol, content: IO[bytes]
    ) -> Answer:
        """Has Flask answer."""
        threads = self._probes if environ["PATH_INFO"] in PROBES else self._threads
        if threads is self._threads and self._flask_waits >= WAITING:
            return problem(503, "Busy", "Too many pages are asked for at once.", [("Retry-After", "5")])
        under_way = UnderWay()
        context = copy_context()
        context.run(UNDER_WAY.set, under_way)
        environ = for_wsgi(environ, scope, content, sys.stderr, self._layers.origin)

        def answer() -> Answer:
            return LEFT if under_way.left else context.run(run, self._application, environ)

        self._flask_waits += 1
        self._watches.begin(under_way, protocol)
        try:
            given = await self._loop.run_in_executor(threads, answer)
        finally:
            self._flask_waits -= 1
            self._watches.end(under_way)
        return LEFT if given.status == LEFT.status else given


async def _parts(protocol: HTTPProtocol) -> AsyncIterator[bytes]:
    async for part in protocol:
        yield part
