"""What is different in front of a replica: data that are not here yet, and servers that are asked instead.

A replica that has no data to serve, or that is being stopped, answers 502: a proxy before several replicas passes such
a request on to the next (nginx: ``proxy_next_upstream http_502``). 503 it may not pass on, since queries can be made to
end so: each would run on all replicas.
"""

import asyncio
from typing import Final
from wsgiref.types import WSGIEnvironment

from kg.replication.replica import ReplicaStore
from server.endpoint.sparql import QueryRequest
from server.front.exchange import ClientDisconnectedError, Exchange
from server.front.parameters import parameters_of
from server.front.plain import FORM
from server.front.problems import Answer, problem
from server.http.versions import is_number

WAIT_SECONDS: Final = 3.0
"""How long a request waits for a version that is not here yet."""

WAITING: Final = 1024
"""How many may wait for versions at once, with the followers of the replica; further ones do not wait."""

_UNHINDERED: Final = frozenset({"/health", "/metrics"})
_READY: Final = "/ready"
_DIFFERENCE: Final = "/diff/"
_RETRY: Final = ("Retry-After", "1")


class ReplicaFront:
    """The layer before a replica's store."""

    def __init__(self, store: ReplicaStore) -> None:
        self._store = store
        self._stopping = False

    def stop(self) -> None:
        """The server stops: from now on requests that cannot be answered are to be sent elsewhere."""
        self._stopping = True

    def refusal(self, environ: WSGIEnvironment) -> Answer | None:
        """502 while there are no data that may be served; 503 for ``/ready``."""
        reason, path = self._store.obstacle, environ["PATH_INFO"]
        if reason is None or path in _UNHINDERED:
            return None
        return problem(503 if path == _READY else 502, "No data yet", reason, [_RETRY])

    async def arrival(self, query: QueryRequest | None, body: bytes | None, exchange: Exchange) -> Answer | None:
        """Waits for the version that a request asks by number; 503 with what is here if that does not come in time.

        `body` is that of a request that may hold a query. Raises ClientDisconnectedError.
        """
        store, number = self._store, query.at if query else _latest_of(exchange.environ, body)
        if number <= store.number:
            return None
        if len(store.arrivals) < WAITING:
            until = asyncio.get_running_loop().time() + WAIT_SECONDS
            waiting = asyncio.ensure_future(self._reach(number, until))
            exchange.watch(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                raise ClientDisconnectedError from None
            finally:
                exchange.watch(None)
        if number <= store.number:
            return None
        detail = (
            f"This replica has version {store.number} and not yet {number}, if there is such a version. Try again in a "
            f"second, or ask {store.writer}"
        )
        return problem(503, "Not here yet", detail, [_RETRY, ("Kelisim-Version", str(store.number))])

    async def _reach(self, number: int, until: float) -> None:
        store, loop = self._store, asyncio.get_running_loop()
        while store.number < number and not self._stopping and (left := until - loop.time()) > 0:
            await store.arrivals.wait_beyond(store.number, left)

    def passed_on(self, answer: Answer) -> Answer:
        """The answer, or 502 instead of 503 if the server is being stopped, so that another one is asked."""
        if answer.status != 503 or not self._stopping:
            return answer
        return problem(502, "Being stopped", "This replica is being stopped. Ask again: another one answers.", [_RETRY])


def _latest_of(environ: WSGIEnvironment, body: bytes | None) -> int:
    """The latest version that a request names by number, in the address or a form; -1 if there is none.

    Of a parameter the first value counts, as everywhere.
    """
    form = body if body and environ.get("CONTENT_TYPE", "").startswith(FORM) else b""
    path: str = environ["PATH_INFO"]
    found = path.split("/")[2:] if path.startswith(_DIFFERENCE) else []
    names = ("a", "b") if path == _DIFFERENCE.rstrip("/") else ("version",)
    for part in (environ["QUERY_STRING"], form.decode("latin-1")):
        if not any(f"{name}=" in part for name in names):
            continue
        try:
            parameters = parameters_of(part)
        except ValueError:
            return -1
        given = [parameters.get(name, [""])[0] for name in names]
        found += given
        if any(given):
            break
    return max((int(each) for each in found if is_number(each)), default=-1)
