"""Clients that disconnect before their response: their queries and requests are cancelled."""

import asyncio
from typing import Final, Protocol

from granian.rsgi import HTTPProtocol  # type: ignore[attr-defined]

WATCH_SECONDS: Final = 0.1
"""A request is watched from one to two such intervals after its begin, in seconds; most have ended by then."""


class Cancellable(Protocol):
    """A query or request that runs for a client, such as a future."""

    def cancel(self) -> object:
        """Cancels it."""


class DisconnectWatcher:
    """Cancels requests whose clients disconnect, from `begin` to `end`. For one event loop.

    One timer serves all requests, so that the many short ones cost no task each.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._new: dict[Cancellable, HTTPProtocol] = {}
        self._due: dict[Cancellable, HTTPProtocol] = {}
        self._tasks: dict[Cancellable, asyncio.Task[None]] = {}
        self._tick()

    def begin(self, scope: Cancellable, protocol: HTTPProtocol) -> None:
        """Watches the client of a request, and cancels `scope` if it disconnects."""
        self._new[scope] = protocol

    def end(self, scope: Cancellable) -> None:
        """Stops watching and releases all references."""
        if self._new.pop(scope, None) or self._due.pop(scope, None):
            return
        self._tasks.pop(scope).cancel()

    def _tick(self) -> None:
        for scope, protocol in self._due.items():
            self._tasks[scope] = self._loop.create_task(_watch(scope, protocol))
        self._due, self._new = self._new, {}
        self._loop.call_later(WATCH_SECONDS, self._tick)


async def _watch(scope: Cancellable, protocol: HTTPProtocol) -> None:
    await protocol.client_disconnect()
    scope.cancel()
