"""The application in front of Flask, on one event loop: limits, rates, the cache, plain queries, logs and metrics.

Requests that are not answered here are passed to Flask in a thread pool; no thread waits for a slow client.
"""

import asyncio
import io
import logging
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Any, Final
from wsgiref.types import WSGIApplication, WSGIEnvironment

from kg.engine.replies import Reply
from kg.store.store import CANCEL_SCOPE, CancelScope, Store
from server.endpoint.sparql import QueryRequest
from server.front.cache import CacheKey, ResponseCache, if_none_match
from server.front.exchange import ClientDisconnectedError, Exchange
from server.front.following import LOG_PATH, LogFeed
from server.front.forwarding import Forwarding
from server.front.gateway import run, wsgi_environ
from server.front.limits import RefusedError, RequestGuard
from server.front.observation import Observer, RequestRecord, notify
from server.front.plain import answer_of, compressed, encoding_of, plain_query, refusal_of, shared_headers
from server.front.problems import Answer, problem
from server.front.rates import RateLimit
from server.front.replicas import ReplicaFront
from server.http.access import LogAccess
from server.http.compression import COMPRESS_MAX_BYTES, COMPRESS_MIN_BYTES
from server.http.errors import UNEXPECTED

THREADS: Final = 32
"""Size of Flask's thread pool; further requests wait in its queue."""

WAITING: Final = 512
"""Limit on the requests that Flask answers or that wait for it; further ones get 503."""

PROBES: Final = frozenset({"/health", "/ready", "/metrics"})
"""Paths for monitoring; they have threads of their own and do not count against `WAITING`."""

_FORMS: Final = frozenset({"/sparql", "/q"})
"""Where a body may hold a query and the version that it asks."""

_INLINE_BYTES: Final = 1 << 15
"""Larger responses are compressed in a thread, so that they do not block the event loop."""

GRACE_SECONDS: Final = 5.0
"""How long running queries and changes may take when the server stops; then they end in a StoppedError."""

CLIENT_DISCONNECTED: Final = Answer(499, [])
"""The status that logs and metrics record where the client disconnected before the response; it is never sent."""


@dataclass(frozen=True)
class Layers:
    """The layers in front of the application.

    may_upload: whether an Authorization header allows changes. counted: whether to count the rows of results.
    origin: the public origin, such as ``https://example.org``, if a proxy stands before the server. links: the header
    Link of answers to queries, the licences of the data; empty for none. forwarding: what is believed of proxies.
    may_follow: raises ProblemError by an Authorization header that does not allow to follow the log. replica: what is
    different in front of a replica.
    """

    cache: ResponseCache
    guard: RequestGuard
    may_upload: Callable[[str | None], bool]
    rate: RateLimit | None = None
    observers: Sequence[Observer] = ()
    counted: bool = False
    origin: str = ""
    links: Callable[[], str] = str
    forwarding: Forwarding | None = None
    may_follow: Callable[[str | None], object] = LogAccess().check
    replica: ReplicaFront | None = None


class Front:
    """The application.

    The ways that a request can go, in the order in which they are tried:

    ==============  ======================================================  ==========================================
    way             taken if                                                ends with
    ==============  ======================================================  ==========================================
    rate limit      the client is beyond its rate                           429
    head limits     the target, the headers or the declared body is         400, 411, 413, 414 or 431
                    beyond a limit
    no data         this is a replica that has none to serve                502
    no permission   it sends a body to ``/graphs`` without a valid token    Flask's 401 or 403; the body is dropped
    body limits     the body is too long, too slow or incomplete, or too    400, 408, 413 or 503
                    many bodies are being received
    log             it asks for the log of the store (`LogFeed`)            200, 204, or problem details
    cache hit       the cache has a response for this version of the data   200, or 304 if the client has it
    not here yet    it asks a version by number that a replica waits for    503
    plain query     `plain_query` reads one, and no HTML is wanted          200, 304, or the query's error
    query page      `plain_query` reads one, and HTML is wanted             Flask's response with the reply evaluated
                                                                            here; with If-None-Match as the next way
    Flask           anything else                                           Flask's response, or 503 beyond `WAITING`
    ==============  ======================================================  ==========================================

    Only responses of the last three ways are put into the cache. While a query or Flask runs, a disconnect of the
    client cancels the request and ends it with `CLIENT_DISCONNECTED`, which is recorded and not sent. An unexpected
    exception ends in 500. Every request ends in one `RequestRecord`.
    """

    def __init__(self, application: WSGIApplication, store: Store, layers: Layers) -> None:
        self._application = application
        self._store = store
        self._layers = layers
        self._feed = LogFeed(store, layers.may_follow)
        self._threads = ThreadPoolExecutor(THREADS, "flask")
        self._probes = ThreadPoolExecutor(2, "probes")
        self._compressors = ThreadPoolExecutor(2, "compression")
        self._flask_requests = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the store's workers, on the event loop on which requests are answered."""
        self._loop = loop
        self._store.start(loop)

    def stop(self) -> None:
        """Lets queries and changes end for `GRACE_SECONDS`, then ends them; who waits for a version ends at once."""
        if self._layers.replica:
            self._layers.replica.stop()
        self._store.arrivals.end()
        self._loop.call_later(GRACE_SECONDS, self._store.shut_down)

    def __call__(self, exchange: Exchange) -> None:
        """Answers one request, and notifies the observers of it: at once if nothing must be waited for."""
        started, began = time.time(), time.perf_counter()
        try:
            if self._layers.forwarding:
                self._layers.forwarding.apply(exchange.environ)
            admitted = self._admit(exchange)
        except Exception:
            admitted = _failed()
        if isinstance(admitted, Answer):
            self._send(exchange, admitted, started, began)
            return
        task = self._loop.create_task(self._answer(exchange, admitted, started, began))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def refused(self, environ: WSGIEnvironment, answer: Answer) -> None:
        """Notifies the observers of a request whose head could not be read."""
        if self._layers.forwarding:
            self._layers.forwarding.apply(environ)
        notify(self._layers.observers, RequestRecord(environ, answer.status, len(answer.body), time.time(), 0.0, True))

    async def _answer(
        self, exchange: Exchange, answering: Coroutine[Any, Any, Answer], started: float, began: float
    ) -> None:
        try:
            answer = await answering
            if self._layers.replica:
                answer = self._layers.replica.passed_on(answer)
        except ClientDisconnectedError:
            answer = CLIENT_DISCONNECTED
        except Exception:
            answer = _failed()
        self._send(exchange, answer, started, began)

    def _send(self, exchange: Exchange, answer: Answer, started: float, began: float) -> None:
        size, complete = 0, answer is not CLIENT_DISCONNECTED
        if complete:
            try:
                size = exchange.send(answer)
            except ClientDisconnectedError:
                complete = False
        seconds = time.perf_counter() - began
        notify(self._layers.observers, RequestRecord(exchange.environ, answer.status, size, started, seconds, complete))

    def _admit(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, Answer]:
        """Checks a request against the limits: its answer if that is known already, or what will give it."""
        layers, environ = self._layers, exchange.environ
        refusal = (layers.rate.refusal(environ) if layers.rate else None) or layers.guard.refusal(environ)
        if layers.replica and not refusal:
            refusal = layers.replica.refusal(environ)
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            return self._receive(exchange, refusal)
        if refusal:
            return refusal
        key = layers.cache.key(environ)
        return (key and layers.cache.find(key, environ)) or self._serve(exchange, None, None, key)

    async def _receive(self, exchange: Exchange, refusal: Answer | None) -> Answer:
        """Answers a request that has a body, after its head was refused or was within the limits.

        The body of a refused request is read all the same, unless the client waits for ``100 Continue``.
        """
        layers, environ, guard = self._layers, exchange.environ, self._layers.guard
        permitted = not environ["PATH_INFO"].startswith("/graphs") or layers.may_upload(
            environ.get("HTTP_AUTHORIZATION")
        )
        if refusal or not permitted:
            if "HTTP_EXPECT" not in environ:
                await guard.discard(exchange.body())
            return refusal or await self._call_flask(exchange, io.BytesIO())  # Flask makes the 401 or 403
        parts = exchange.body()
        try:
            content = await guard.body(environ, parts)
        except RefusedError as error:
            await guard.discard(parts)
            return error.answer
        try:
            body = None
            if environ["PATH_INFO"] in _FORMS:
                body = content.read()
                content.seek(0)
            key = layers.cache.key(environ, body)
            cached = layers.cache.find(key, environ) if key else None
            return cached or await self._serve(exchange, content, body, key)
        finally:
            guard.release(content)

    async def _serve(
        self, exchange: Exchange, content: IO[bytes] | None, body: bytes | None, key: CacheKey | None
    ) -> Answer:
        """Answers a request that is within the limits and not in the cache.

        `content` is its received body, if it has one, and `body` the same as bytes if it may be a query.
        """
        environ = exchange.environ
        if environ["PATH_INFO"] == LOG_PATH:
            return await self._feed.answer(exchange)
        query = plain_query(environ, body)
        if self._layers.replica and (missing := await self._layers.replica.arrival(query, body, exchange)):
            return missing
        if query and not self._store.has(query.at):
            query = None  # Flask tells which versions there are
        if query and not query.wanted.may_be_page:
            answer = await self._answer_query(query, exchange)
        else:
            if query and "HTTP_IF_NONE_MATCH" not in environ:  # else Flask compares the ETags first
                environ["kelisim.reply"] = await self._evaluate(query, exchange)
            answer = await self._call_flask(exchange, content or io.BytesIO())
        if key:
            self._layers.cache.put(key, environ, answer)
        return answer

    async def _answer_query(self, query: QueryRequest, exchange: Exchange) -> Answer:
        """Answers a plain query without Flask, compressed if the client accepts it."""
        environ = exchange.environ
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        etag = f'"{query.etag(self._store.state(query.at), accept_encoding)}"'
        if if_none_match(environ, etag):
            environ["kelisim.query"] = query.query
            number = query.at if query.at >= 0 else self._store.number
            return Answer(304, shared_headers(etag, self._layers.links(), number))
        reply = await self._evaluate(query, exchange)
        if isinstance(reply, Exception):
            return refusal_of(reply, environ)
        answer = answer_of(reply, etag, self._layers.links())
        fits = COMPRESS_MIN_BYTES <= len(reply.body) <= COMPRESS_MAX_BYTES
        encoding = encoding_of(accept_encoding) if accept_encoding and fits else ""
        if not encoding:
            return answer
        if len(reply.body) <= _INLINE_BYTES:
            return compressed(answer, encoding)
        return await self._loop.run_in_executor(self._compressors, compressed, answer, encoding)

    async def _evaluate(self, query: QueryRequest, exchange: Exchange) -> Reply | Exception:
        """Evaluates a query in a worker: its reply, or the error that it ends in.

        Raises ClientDisconnectedError if the client disconnects, which cancels the query.
        """
        environ = exchange.environ
        environ["kelisim.query"] = query.query
        task = query.task(self._store.state(query.at), self._store.pool.limits.result, counted=self._layers.counted)
        if self._store.new_graphs or self._layers.may_upload(environ.get("HTTP_AUTHORIZATION")):
            task = task._replace(new_graphs=True)
        future = self._store.answer(task, query.timeout or None, environ.get("REMOTE_ADDR", ""))
        exchange.watch(future)
        try:
            reply = await future
        except asyncio.CancelledError:
            environ["kelisim.outcome"] = "abandoned"
            raise ClientDisconnectedError from None
        except Exception as error:
            return error
        finally:
            exchange.watch(None)
        if reply.rows >= 0:
            environ["kelisim.rows"] = reply.rows
        return reply

    async def _call_flask(self, exchange: Exchange, content: IO[bytes]) -> Answer:
        """Calls Flask in a thread. Raises ClientDisconnectedError if the client disconnects before the response."""
        threads = self._probes if exchange.environ["PATH_INFO"] in PROBES else self._threads
        if threads is self._threads and self._flask_requests >= WAITING:
            return problem(503, "Busy", "Too many pages are asked for at once.", [("Retry-After", "5")])
        cancel_scope = CancelScope()
        context = copy_context()
        context.run(CANCEL_SCOPE.set, cancel_scope)
        environ = wsgi_environ(exchange, content, sys.stderr, self._layers.origin)

        def call() -> Answer:
            return CLIENT_DISCONNECTED if cancel_scope.cancelled else context.run(run, self._application, environ)

        self._flask_requests += 1
        exchange.watch(cancel_scope)
        try:
            answer = await self._loop.run_in_executor(threads, call)
        finally:
            self._flask_requests -= 1
            exchange.watch(None)
        if answer.status == CLIENT_DISCONNECTED.status:
            raise ClientDisconnectedError
        return answer


def _failed() -> Answer:
    logging.getLogger("kelisim").exception("Unexpected error before Flask")
    return problem(500, *UNEXPECTED)
