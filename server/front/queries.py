"""Plain queries at the latest version, from request to response without a task, which would cost as much as the rest.

`Evaluation` is one of them: it is called with the outcome, and cancelled where its client disconnects.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from wsgiref.types import WSGIEnvironment

from kg.engine.replies import Reply
from kg.store.store import Store
from kg.workers.messages import Task
from kg.workers.pool import WorkerPool
from server.endpoint.sparql import QueryRequest
from server.front.cache import CacheKey, if_none_match
from server.front.exchange import Cancellable, Exchange
from server.front.plain import answer_of, encoding_of, refusal_of, shared_headers
from server.front.problems import Answer, unexpected
from server.http.compression import COMPRESS_MAX_BYTES, COMPRESS_MIN_BYTES
from server.http.parameters import ALL, READ

CLIENT_DISCONNECTED: Final = Answer(499, [])
"""The status that logs and metrics record where the client disconnected before the response; it is never sent."""

_ALL: Final = frozenset((ALL,))

Compress = Callable[[Answer, str], Answer | Coroutine[Any, Any, Answer]]
"""Encodes a response with a content encoding, at once or in a thread."""


class QueryResponses:
    """The responses to plain queries, before and after their evaluation.

    compress: encodes a response with a content encoding. links: the value of the header Link. may_upload: whether an
    Authorization header allows changes. counted: whether to count the rows of results.
    """

    def __init__(
        self,
        store: Store,
        compress: Compress,
        links: Callable[[], str],
        may_upload: Callable[[str | None], bool],
        *,
        counted: bool,
    ) -> None:
        self._store = store
        self._compress = compress
        self._links = links
        self._may_upload = may_upload
        self._counted = counted

    def etag(self, query: QueryRequest, environ: WSGIEnvironment) -> str:
        """The ETag of the response, known before the evaluation."""
        return f'"{query.etag(self._store.state(query.at), environ.get("HTTP_ACCEPT_ENCODING", ""))}"'

    def unchanged(self, query: QueryRequest, etag: str, environ: WSGIEnvironment) -> Answer | None:
        """304 if the client has the response already."""
        if "HTTP_IF_NONE_MATCH" not in environ or not if_none_match(environ, etag):
            return None
        environ["kelisim.query"] = query.query
        number = query.at if query.at >= 0 else self._store.number
        return Answer(304, shared_headers(etag, self._links(), number))

    def task(self, query: QueryRequest, environ: WSGIEnvironment) -> Task:
        """What a worker is asked."""
        environ["kelisim.query"] = query.query
        task = query.task(self._store.state(query.at), self._store.pool.limits.result, counted=self._counted)
        if self._store.new_graphs or self._may_upload(environ.get("HTTP_AUTHORIZATION")):
            task = task._replace(new_graphs=True)
        return task

    def response(
        self, query: QueryRequest, etag: str, reply: Reply | Exception, environ: WSGIEnvironment
    ) -> Answer | Coroutine[Any, Any, Answer]:
        """The response to the outcome of a query, compressed if the client accepts it."""
        if isinstance(reply, Exception):
            return refusal_of(reply, environ)
        if reply.rows >= 0:
            environ["kelisim.rows"] = reply.rows
        environ[READ] = _ALL  # graphs, version, format and what else a query is given beside its text
        answer = answer_of(reply, etag, self._links())
        accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        fits = accept_encoding and COMPRESS_MIN_BYTES <= len(reply.body) <= COMPRESS_MAX_BYTES
        encoding = encoding_of(accept_encoding) if fits else ""
        return self._compress(answer, encoding) if encoding else answer


class Evaluation:
    """A plain query at the latest version that a worker evaluates for an exchange; cancelled with its client.

    key: that of the response in the cache, None if it is not cached.
    """

    __slots__ = ("_answered", "_etag", "_exchange", "_query", "_responses", "_waiter", "key")

    def __init__(
        self, query: QueryRequest, etag: str, key: CacheKey | None, exchange: Exchange, responses: QueryResponses
    ) -> None:
        self.key = key
        self._query = query
        self._etag = etag
        self._exchange = exchange
        self._responses = responses
        self._waiter: Cancellable | None = None

    def start(self, pool: WorkerPool, answered: Callable[[Answer | Coroutine[Any, Any, Answer]], None]) -> None:
        """Asks a worker; calls `answered` with the response, or with what will give it."""
        self._answered, environ = answered, self._exchange.environ
        task, client = self._responses.task(self._query, environ), environ.get("REMOTE_ADDR", "")
        self._waiter = pool.submit(task, self._reply, self._query.timeout or None, client)
        if self._waiter:
            self._exchange.watch(self)

    def cancel(self) -> None:
        """The client has disconnected."""
        if self._waiter:
            self._waiter.cancel()
        self._exchange.environ["kelisim.outcome"] = "abandoned"
        self._answered(CLIENT_DISCONNECTED)

    def _reply(self, reply: Reply | Exception) -> None:
        """The pool has the outcome."""
        exchange = self._exchange
        exchange.watch(None)
        try:
            answer = self._responses.response(self._query, self._etag, reply, exchange.environ)
        except Exception:
            answer = unexpected()
        self._answered(answer)
