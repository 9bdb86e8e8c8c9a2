"""One request of a connection: its environ, its body as it arrives, and the way to answer it."""

import asyncio
from collections import deque
from typing import Final, Protocol
from wsgiref.types import WSGIEnvironment

from server.front.exchange import Cancellable, ClientDisconnectedError, IncompleteBodyError
from server.front.problems import Answer

BUFFERED_BYTES: Final = 1 << 16
"""How much of a body is read ahead of who takes it."""

_PART_COST: Final = 64
"""What each part counts beside its bytes: it is an object, and a call of the parser."""


class Carrier(Protocol):
    """The connection that a request came by, seen from the request; client and server are addresses."""

    client: str
    server: tuple[str, int]

    def read_on(self) -> None:
        """The request's body has been taken, and more is wanted."""

    def send_continue(self) -> None:
        """Asks the client for the body (RFC 9110, section 10.1.1)."""

    def send(self, request: "Request", answer: Answer) -> int:
        """Starts sending the response; returns the bytes of its body. Raises ClientDisconnectedError."""


class Request:
    """An exchange (`server.front.exchange.Exchange`); also the iterator over its body.

    complete: whether the whole body has arrived. body_left: bytes of a body of known length that are still to come.
    buffered: bytes that have arrived and were not taken, with `_PART_COST` for each part.
    """

    __slots__ = (
        "_carrier",
        "_failure",
        "_parts",
        "_scope",
        "_waiter",
        "body_left",
        "buffered",
        "complete",
        "environ",
        "keep_alive",
        "version",
    )

    def __init__(self, carrier: Carrier, environ: WSGIEnvironment, version: str, *, keep_alive: bool) -> None:
        self.environ = environ
        self.version = version
        self.keep_alive = keep_alive
        self.complete = False
        self.body_left = 0
        self.buffered = 0
        self._carrier = carrier
        self._parts: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._scope: Cancellable | None = None

    @property
    def server(self) -> tuple[str, int]:
        """The host and port at which the request arrived."""
        return self._carrier.server

    def body(self) -> "Request":
        """The parts of the body; asks for it where the client waits for ``100 Continue``."""
        if "HTTP_EXPECT" in self.environ and self.version != "1.0" and not (self.complete or self._parts):
            self._carrier.send_continue()
        return self

    def __aiter__(self) -> "Request":
        return self

    async def __anext__(self) -> bytes:
        while not self._parts:
            if self.complete:
                raise StopAsyncIteration
            if self._failure:
                raise self._failure
            self._waiter = asyncio.get_running_loop().create_future()
            self._carrier.read_on()
            try:
                if self._parts or self.complete or self._failure:
                    await asyncio.sleep(0)  # a stream of tiny parts leaves others their turn
                else:
                    await self._waiter
            finally:
                self._waiter = None
        part = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)  # many chunks may be tiny
        self._parts.clear()
        self.buffered = 0
        return part

    def watch(self, scope: Cancellable | None) -> None:
        """Cancels `scope` if the client disconnects; None ends that."""
        self._scope = scope
        if scope and isinstance(self._failure, ClientDisconnectedError):
            scope.cancel()

    def send(self, answer: Answer) -> int:
        """Starts sending the response; returns the bytes of its body. Raises ClientDisconnectedError."""
        return self._carrier.send(self, answer)

    def receive(self, part: bytes, *, last: bool = False) -> None:
        """A part of the body has arrived."""
        self.complete = last
        if part:
            self._parts.append(part)
            self.buffered += len(part) + _PART_COST
            self.body_left -= len(part)
        self._wake()

    def cut(self) -> None:
        """No more of the body will arrive."""
        self._failure = self._failure or IncompleteBodyError()
        self._wake()

    def abandon(self) -> None:
        """The client has disconnected: ends whatever runs for it."""
        self._failure = ClientDisconnectedError()
        self._parts.clear()
        self._wake()
        if self._scope:
            self._scope.cancel()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
