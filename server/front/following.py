"""``/replication/log``: the log of the store's changes, for replicas that wait for the next one.

A follower that waits holds a connection and a future, no thread and no worker; what it gets is sent from the file.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Final, NamedTuple

from kg.engine.errors import BusyError
from kg.history.history import History
from kg.history.timeline import VersionGoneError
from kg.replication.upstream import Evidence
from kg.store.store import Store
from ontology import KelisimError
from server.front.exchange import ClientDisconnectedError, Exchange
from server.front.parameters import parameters_of
from server.front.plain import refusal_of
from server.front.problems import Answer, FileRange
from server.http.errors import ProblemError
from server.http.headers import HEADERS
from server.http.versions import is_number

LOG_PATH: Final = "/replication/log"

CHUNK_BYTES: Final = 1 << 23
"""How much of the log one answer holds at most, but for one patch that is longer."""

MOST_SECONDS: Final = 30.0
"""The longest wait that may be asked for."""

FOLLOWERS: Final = 256
"""How many may wait at once; further ones get 503."""


class _Asked(NamedTuple):
    """A request: the version that the follower has, its evidence of that, and how long it waits, in seconds."""

    after: int
    wait: float
    evidence: Evidence


class LogFeed:
    """Answers the requests for the log of a store; `authorize` raises ProblemError by an Authorization header."""

    def __init__(self, store: Store, authorize: Callable[[str | None], object]) -> None:
        self._store = store
        self._authorize = authorize
        self._waiting = 0

    async def answer(self, exchange: Exchange) -> Answer:
        """200 with frames of `kg.history.patch_log`, 204 if there is nothing new, or problem details.

        Raises ClientDisconnectedError.
        """
        environ = exchange.environ
        try:
            if environ["REQUEST_METHOD"] != "GET":
                raise ProblemError(405, "Method not allowed", "The log can only be read.", {"Allow": "GET"})
            self._authorize(environ.get("HTTP_AUTHORIZATION"))
            asked = _asked(environ["QUERY_STRING"])
            self._checked(asked)
            if asked.wait and asked.after == self._store.number:
                await self._wait(asked, exchange)
            return self._found(self._checked(asked), asked)
        except KelisimError as error:
            return refusal_of(error, environ)

    async def _wait(self, asked: _Asked, exchange: Exchange) -> None:
        if self._waiting >= FOLLOWERS:
            raise BusyError(f"{FOLLOWERS} replicas wait already. Try again later, or follow one of them.")
        waiting = asyncio.ensure_future(self._store.arrivals.wait_beyond(asked.after, asked.wait))
        exchange.watch(waiting)
        self._waiting += 1
        try:
            await waiting
        except asyncio.CancelledError:
            raise ClientDisconnectedError from None
        finally:
            self._waiting -= 1
            exchange.watch(None)

    def _checked(self, asked: _Asked) -> History:
        """The history, which has the version that is asked for, with the data that the follower has."""
        store, after, history = self._store, asked.after, self._store.history
        if history is None:
            detail = "This server has no log to follow, since its data are in memory alone. Start it with --store."
            raise ProblemError(404, "Not found", detail)
        if after < history.oldest:
            raise VersionGoneError(
                f"Version {after} is gone: the log begins after {history.oldest}. Fetch the snapshot of that version."
            )
        if after > store.number:
            latest = store.known_latest
            if latest is None or latest >= after:
                raise BusyError(f"This replica has version {store.number} and not yet {after}. Try again in a second.")
            raise ProblemError(409, "Other data", f"There is no version {after} here; the latest is {store.number}.")
        if asked.evidence.agrees(Evidence.of(history, after)) is False:
            detail = f"Version {after} has other data here than at the replica. Fetch the snapshot again."
            raise ProblemError(409, "Other data", detail)
        return history

    def _found(self, history: History, asked: _Asked) -> Answer:
        store, last, body = self._store, asked.after, b""
        part: FileRange | None = None
        if store.number > asked.after:
            file, offset, length, last = history.chunk(asked.after, store.number, CHUNK_BYTES)
            part = FileRange(file, offset, offset + length)
        evidence = Evidence.of(history, last)
        headers = [
            ("Kelisim-Version", str(last)),
            ("Kelisim-Latest", str(max(store.known_latest or 0, store.number))),
            ("Kelisim-Oldest", str(evidence.base)),
            ("Kelisim-Chain", evidence.chain),
            ("Kelisim-State", store.identity),
            ("Kelisim-Digest", evidence.digest),
            ("Cache-Control", "no-store"),
            *HEADERS,
        ]
        if part is None:
            return Answer(204, headers, body)
        return Answer(200, [("Content-Type", "application/octet-stream"), *headers], part)


def _asked(query: str) -> _Asked:
    """The parameters of a request; raises a 400 ProblemError."""
    try:
        parameters = {name: values[-1] for name, values in parameters_of(query).items()}
    except ValueError as error:
        raise ProblemError(400, "Malformed request", "The parameters are not URL-encoded UTF-8.") from error
    after, given = parameters.get("after", ""), parameters.get("wait", "0")
    if not is_number(after):
        raise ProblemError(400, "Malformed request", "Give the number of the version that you have: after=N.")
    try:
        wait = float(given)
    except ValueError:
        wait = math.nan
    if not 0 <= wait <= MOST_SECONDS:
        raise ProblemError(400, "Malformed request", f"wait= is a number of seconds from 0 to {MOST_SECONDS:g}.")
    base = parameters.get("base", "")
    evidence = Evidence(int(base) if is_number(base) else -1, parameters.get("chain", ""), parameters.get("digest", ""))
    return _Asked(int(after), wait, evidence)
