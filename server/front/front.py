"""The RSGI application in front of Flask, on one event loop: limits, rates, the cache, plain queries, logs and metrics.

Requests that are not answered here are passed to Flask in a thread pool; no thread waits for a slow client.
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
from kg.store.store import CANCEL_SCOPE, CancelScope, Store
from server.endpoint.sparql import QueryRequest
from server.front.cache import ResponseCache, if_none_match
from server.front.disconnects import DisconnectWatcher
from server.front.gateway import Sender, environ_of, run, wsgi_environ
from server.front.limits import RefusedError, RequestGuard
from server.front.observation import Observer, RequestRecord, notify
from server.front.plain import answer_of, compressed, encoding_of, plain_query, refusal_of, shared_headers
from server.front.problems import Answer, problem
from server.front.rates import RateLimit
from server.http.compression import COMPRESS_MAX_BYTES, COMPRESS_MIN_BYTES
from server.http.errors import UNEXPECTED

THREADS: Final = 32
"""Size of Flask's thread pool; further requests wait in its queue."""

WAITING: Final = 512
"""Limit on the requests that Flask answers or that wait for it; further ones get 503."""

PROBES: Final = frozenset({"/health", "/ready", "/metrics"})
"""Paths for monitoring; they have threads of their own and do not count against `WAITING`."""

_INLINE_BYTES: Final = 1 << 15
"""Larger responses are compressed in a thread, so that they do not block the event loop."""

_DISCONNECT_SECONDS: Final = 0.1
"""How long after the end of a chunked body it is watched whether its client is still there."""

GRACE_SECONDS: Final = 5.0
"""How long running queries and changes may take when the server stops; then they end in a StoppedError."""

CLIENT_DISCONNECTED: Final = Answer(499, [])
"""The status that logs and metrics record where the client disconnected before the response; it is never sent."""


class ClientDisconnectedError(Exception):
    """The client of a request disconnected before the response."""


@dataclass(frozen=True)
class Layers:
    """The layers in front of the application.

    may_upload: whether an Authorization header allows changes. counted: whether to count the rows of results.
    origin: the public origin, such as ``https://example.org``, if a proxy stands before the server. links: the header
    Link of answers to queries, the licences of the data; empty for none.
    """

    cache: ResponseCache
    guard: RequestGuard
    may_upload: Callable[[str | None], bool]
    rate: RateLimit | None = None
    observers: Sequence[Observer] = ()
    counted: bool = False
    origin: str = ""
    links: Callable[[], str] = str


class Front:
    """The RSGI application.

    The ways that a request can go, in the order in which they are tried:

    ==============  ======================================================  ==========================================
    way             taken if                                                ends with
    ==============  ======================================================  ==========================================
    rate limit      the client is beyond its rate                           429
    head limits     the target, the headers or the declared body is         400, 411, 413, 414 or 431
                    beyond a limit
    no permission   it sends a body to ``/graphs`` without a valid token    Flask's 401 or 403; the body is dropped
    body limits     the body is too long, too slow or incomplete, or too    400, 408, 413 or 503
                    many bodies are being received
    cache hit       the cache has a response for this version of the data   200, or 304 if the client has it
    plain query     `plain_query` reads one, and no HTML is wanted          200, 304, or the query's error
    query page      `plain_query` reads one, and HTML is wanted             Flask's response with the reply evaluated
                                                                            here; with If-None-Match as the next way
    Flask           anything else                                           Flask's response, or 503 beyond `WAITING`
    ==============  ======================================================  ==========================================

    Only responses of the last three ways are put into the cache. While a query or Flask runs, a disconnect of the
    client cancels the request and ends it with `CLIENT_DISCONNECTED`, which is recorded and not sent. An unexpected
    exception ends in 500. Every request ends in one `RequestRecord`.
    """

    def __init__(self, application: WSGIApplication, store: Store, layers: Layers, stop_pipe: int) -> None:
        """`stop_pipe` is the read end of a pipe whose other end is closed when the server is to stop."""
        self._application = application
        self._store = store
        self._layers = layers
        self._stop_pipe = stop_pipe
        self._threads = ThreadPoolExecutor(THREADS, "flask")
        self._probes = ThreadPoolExecutor(2, "probes")
        self._compressors = ThreadPoolExecutor(2, "compression")
        self._flask_requests = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts on Granian's event loop."""
        self._loop = loop
        self._sender = Sender(loop)
        self._disconnects = DisconnectWatcher(loop)
        self._store.start(loop)
        loop.add_reader(self._stop_pipe, self._stop)

    def _stop(self) -> None:
        self._loop.remove_reader(self._stop_pipe)
        self._loop.call_later(GRACE_SECONDS, self._store.shut_down)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answers one request, and notifies the observers of it."""
        started, began = time.time(), time.perf_counter()
        environ = environ_of(scope)
        try:
            answer = await self._admit(environ, scope, protocol)
        except ClientDisconnectedError:
            answer = CLIENT_DISCONNECTED
        except Exception:
            logging.getLogger("kelisim").exception("Unexpected error before Flask")
            answer = problem(500, *UNEXPECTED)
        size, complete = 0, answer is not CLIENT_DISCONNECTED
        if complete:
            try:
                size = self._sender.send(protocol, answer, head=environ["REQUEST_METHOD"] == "HEAD")
            except (RuntimeError, OSError):  # the client has disconnected, or no file descriptors are left
                complete = False
        seconds = time.perf_counter() - began
        notify(self._layers.observers, RequestRecord(environ, answer.status, size, started, seconds, complete))

    async def _admit(self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol) -> Answer:
        """Checks a request against the limits and receives its body, then answers it."""
        layers, guard = self._layers, self._layers.guard
        refusal = (layers.rate.refusal(environ) if layers.rate else None) or guard.refusal(environ)
        has_body = "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
        if refusal:
            if has_body and "HTTP_EXPECT" not in environ:
                await guard.discard(_parts(protocol))
            return refusal
        if not has_body:
            return await self._serve(environ, scope, protocol, None)
        parts, chunked = _parts(protocol), "CONTENT_LENGTH" not in environ
        if environ["PATH_INFO"].startswith("/graphs") and not layers.may_upload(environ.get("HTTP_AUTHORIZATION")):
            await guard.discard(parts)  # Flask makes the 401 or 403
            return await self._call_flask(environ, scope, protocol, io.BytesIO())
        try:
            content = await guard.body(environ, parts)
        except RefusedError as error:
            await guard.discard(parts)
            return error.answer
        try:
            if chunked:
                await _check_connected(protocol)
            return await self._serve(environ, scope, protocol, content)
        finally:
            guard.release(content)

    async def _serve(
        self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol, content: IO[bytes] | None
    ) -> Answer:
        """Answers a request that is within the limits; `content` is its received body, if it has one."""
        body = None
        if content and environ["PATH_INFO"] == "/sparql":
            body = content.read()
            content.seek(0)
        cache = self._layers.cache
        key = cache.key(environ, body)
        cached = cache.find(key, environ) if key else None
        if cached:
            return cached
        query = plain_query(environ, body)
        if query and not self._store.has(query.at):
            query = None  # Flask tells which versions there are
        if query and not query.wanted.may_be_page:
            answer = await self._answer_query(query, environ, protocol)
        else:
            if query and "HTTP_IF_NONE_MATCH" not in environ:  # else Flask compares the ETags first
                environ["kelisim.reply"] = await self._evaluate(query, environ, protocol)
            answer = await self._call_flask(environ, scope, protocol, content or io.BytesIO())
        if key:
            cache.put(key, environ, answer)
        return answer

    async def _answer_query(self, query: QueryRequest, environ: WSGIEnvironment, protocol: HTTPProtocol) -> Answer:
        """Answers a plain query without Flask, compressed if the client accepts it."""
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        etag = f'"{query.etag(self._store.state(query.at), accept_encoding)}"'
        if if_none_match(environ, etag):
            environ["kelisim.query"] = query.query
            number = query.at if query.at >= 0 else self._store.number
            return Answer(304, shared_headers(etag, self._layers.links(), number, lasting=query.at >= 0))
        reply = await self._evaluate(query, environ, protocol)
        if isinstance(reply, Exception):
            return refusal_of(reply, environ)
        answer = answer_of(reply, etag, self._layers.links(), lasting=query.at >= 0)
        fits = COMPRESS_MIN_BYTES <= len(reply.body) <= COMPRESS_MAX_BYTES
        encoding = encoding_of(accept_encoding) if accept_encoding and fits else ""
        if not encoding:
            return answer
        if len(reply.body) <= _INLINE_BYTES:
            return compressed(answer, encoding)
        return await self._loop.run_in_executor(self._compressors, compressed, answer, encoding)

    async def _evaluate(
        self, query: QueryRequest, environ: WSGIEnvironment, protocol: HTTPProtocol
    ) -> Reply | Exception:
        """Evaluates a query in a worker: its reply, or the error that it ends in.

        Raises ClientDisconnectedError if the client disconnects, which cancels the query.
        """
        environ["kelisim.query"] = query.query
        task = query.task(self._store.state(query.at), self._store.pool.limits.result, counted=self._layers.counted)
        if self._store.new_graphs or self._layers.may_upload(environ.get("HTTP_AUTHORIZATION")):
            task = task._replace(new_graphs=True)
        future = self._store.answer(task, query.timeout or None, environ.get("REMOTE_ADDR", ""))
        self._disconnects.begin(future, protocol)
        try:
            reply = await future
        except asyncio.CancelledError:
            environ["kelisim.outcome"] = "abandoned"
            raise ClientDisconnectedError from None
        except Exception as error:
            return error
        finally:
            self._disconnects.end(future)
        if reply.rows >= 0:
            environ["kelisim.rows"] = reply.rows
        return reply

    async def _call_flask(
        self, environ: WSGIEnvironment, scope: Scope, protocol: HTTPProtocol, content: IO[bytes]
    ) -> Answer:
        """Calls Flask in a thread. Raises ClientDisconnectedError if the client disconnects before the response."""
        threads = self._probes if environ["PATH_INFO"] in PROBES else self._threads
        if threads is self._threads and self._flask_requests >= WAITING:
            return problem(503, "Busy", "Too many pages are asked for at once.", [("Retry-After", "5")])
        cancel_scope = CancelScope()
        context = copy_context()
        context.run(CANCEL_SCOPE.set, cancel_scope)
        environ = wsgi_environ(environ, scope, content, sys.stderr, self._layers.origin)

        def call() -> Answer:
            return CLIENT_DISCONNECTED if cancel_scope.cancelled else context.run(run, self._application, environ)

        self._flask_requests += 1
        self._disconnects.begin(cancel_scope, protocol)
        try:
            answer = await self._loop.run_in_executor(threads, call)
        finally:
            self._flask_requests -= 1
            self._disconnects.end(cancel_scope)
        if answer.status == CLIENT_DISCONNECTED.status:
            raise ClientDisconnectedError
        return answer


async def _check_connected(protocol: HTTPProtocol) -> None:
    """Raises ClientDisconnectedError if the client is gone whose chunked body has ended.

    Granian does not tell the end of such a body from a lost connection, so that half a document would be taken for all.
    """
    gone = asyncio.ensure_future(protocol.client_disconnect())
    done, _ = await asyncio.wait({gone}, timeout=_DISCONNECT_SECONDS)
    gone.cancel()
    if done:
        raise ClientDisconnectedError


async def _parts(protocol: HTTPProtocol) -> AsyncIterator[bytes]:
    async for part in protocol:
        yield part
