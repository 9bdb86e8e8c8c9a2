"""All connections of a listening socket: how many there may be, their timeouts, their end."""

import asyncio
import contextlib
import resource
import socket
from typing import Final

from server.connections.connection import Application, Connection
from server.connections.delivery import Timeouts
from server.connections.responses import Dates

CONNECTIONS: Final = 2048
"""Simultaneous connections; further ones wait in the backlog."""

_CHECK_SECONDS: Final = 0.5
_OTHER_FILES: Final = 100
"""File descriptors that are kept for workers, files and logs."""


class Listener:
    """Accepts connections on a bound socket, up to `limit` at once: the `Host` of all of them.

    At the limit idle connections are closed, and slow heads refused earlier; no more connections are accepted until
    others have ended.
    """

    def __init__(
        self, application: Application, listening: socket.socket, timeouts: Timeouts | None = None, limit: int = 0
    ) -> None:
        """`limit` is by default `CONNECTIONS`, or less if the process may open few files."""
        self.application = application
        self.timeouts = timeouts or Timeouts()
        self.date = Dates().now
        self._socket = listening
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._limit = limit or max(16, min(CONNECTIONS, files - _OTHER_FILES))
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._stopping = False
        self._ended = asyncio.Event()

    async def start(self) -> None:
        """Begins to accept connections, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        await self._accept()
        self._check()

    async def stop(self, seconds: float) -> None:
        """Accepts no more connections and lets the requests under way be answered; the rest is cut after `seconds`."""
        self._stopping = True
        self._pause()
        self._socket.close()
        for connection in [*self._connections]:
            connection.stop()
        try:
            async with asyncio.timeout(seconds):
                while self._connections:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            for connection in [*self._connections]:
                connection.abort()

    def connected(self, connection: Connection) -> None:
        """A connection was made."""
        self._connections.add(connection)
        if len(self._connections) >= self._limit:
            self._pause()
        if self._stopping:
            connection.stop()

    def lost(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.discard(connection)
        self._ended.set()
        self._resume()

    def _resume(self) -> None:
        if not (self._server or self._resuming or self._stopping) and len(self._connections) < self._limit:
            self._resuming = self._loop.create_task(self._accept_again())

    async def _accept_again(self) -> None:
        """Accepts again, or not yet, if the process can open no more files."""
        with contextlib.suppress(OSError):
            await self._accept()

    async def _accept(self) -> None:
        """Accepts by a duplicate of the socket, whose backlog grows meanwhile when that is closed."""
        try:
            self._server = await self._loop.create_server(
                lambda: Connection(self, self._loop), sock=self._socket.dup(), backlog=CONNECTIONS
            )
        finally:
            self._resuming = None
        if self._stopping or len(self._connections) >= self._limit:
            self._pause()

    def _pause(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    def _check(self) -> None:
        self._timer = self._loop.call_later(_CHECK_SECONDS, self._check)
        now = self._loop.time()
        for connection in [*self._connections]:
            connection.check(now)
            if not self._server:
                connection.make_room(now)
        self._resume()  # in case that a file descriptor was lacking
