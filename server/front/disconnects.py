"""Clients that leave before their answers: what is under way for them is given up."""

import asyncio
from typing import Final, Protocol

from granian.rsgi import HTTPProtocol  # type: ignore[attr-defined]

WATCH_SECONDS: Final = 0.1
"""What takes no longer is not worth a watch; what takes twice as long has one."""


class Cancellable(Protocol):
    """What is under way for a client."""

    def cancel(self) -> object:
        """Gives it up."""


class Watches:
    """Watches the clients of what is under way, from `begin` to `end`. For one event loop.

    One timer serves all, since nearly everything ends before its client need be watched.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._young: dict[Cancellable, HTTPProtocol] = {}
        self._old: dict[Cancellable, HTTPProtocol] = {}
        self._tasks: dict[Cancellable, asyncio.Task[None]] = {}
        self._tick()

    def begin(self, under_way: Cancellable, protocol: HTTPProtocol) -> None:
        """Something is begun for the client of a request."""
        self._young[under_way] = protocol

    def end(self, under_way: Cancellable) -> None:
        """It is over; nothing of it is held on to."""
        if self._young.pop(under_way, None) or self._old.pop(under_way, None):
            return
        self._tasks.pop(under_way).cancel()

    def _tick(self) -> None:
        for under_way, protocol in self._old.items():
            self._tasks[under_way] = self._loop.create_task(_watch(under_way, protocol))
        self._old, self._young = self._young, {}
        self._loop.call_later(WATCH_SECONDS, self._tick)


async def _watch(under_way: Cancellable, protocol: HTTPProtocol) -> None:
    await protocol.client_disconnect()
    under_way.cancel()
