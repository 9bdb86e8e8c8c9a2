"""A small application for tests of connections, and a listener that serves it on a free port."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIEnvironment

import uvloop

from server.connections.delivery import Timeouts
from server.connections.listener import Listener
from server.front.exchange import ClientDisconnectedError, Exchange, IncompleteBodyError
from server.front.problems import Answer, FileRange

LARGE = 12_000_000


class Running:
    """What runs for a client until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        self.cancelled.set()


class Sample:
    """Answers by the path of a request.

    ``/now`` at once, ``/later`` a little later, ``/never`` only after `release`, ``/echo`` with its body, ``/early``
    before its body; ``/large`` and ``/file`` with `LARGE` bytes, from memory and from `file`; ``/status/N`` with that
    status.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, file: Path | None = None) -> None:
        self.loop = loop
        self.file = file
        self.seen: list[str] = []
        self.running: list[Running] = []
        self.refusals: list[tuple[WSGIEnvironment, int]] = []
        self.incomplete: list[str] = []
        self.waiting: list[Exchange] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, exchange: Exchange) -> None:
        """Answers a request."""
        environ = exchange.environ
        path = environ["PATH_INFO"]
        self.seen.append(f"{path}?{environ['QUERY_STRING']}")
        text = Answer(200, [("Content-Type", "text/plain")], self.seen[-1].encode())
        if path == "/later":
            self.loop.call_later(0.05, exchange.send, text)
        elif path == "/never":
            self.running.append(Running())
            self.waiting.append(exchange)
            exchange.watch(self.running[-1])
        elif path == "/echo":
            task = self.loop.create_task(self._echo(exchange))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif path == "/large":
            exchange.send(Answer(200, [], bytes(LARGE)))
        elif path == "/file":
            assert self.file
            exchange.send(Answer(200, [], FileRange(os.open(self.file, os.O_RDONLY), 0, LARGE)))
        elif path.startswith("/status/"):
            exchange.send(Answer(int(path[8:]), [("Content-Length", "7")], b"ignored"))
        else:
            exchange.send(text)

    async def _echo(self, exchange: Exchange) -> None:
        body = b""
        try:
            async for part in exchange.body():
                body += part
            exchange.send(Answer(200, [], body))
        except IncompleteBodyError:
            self.incomplete.append("cut")
            exchange.send(Answer(400, [], b"cut"))
        except ClientDisconnectedError:
            self.incomplete.append("gone")

    def refused(self, environ: WSGIEnvironment, answer: Answer) -> None:
        """Keeps what was refused."""
        self.refusals.append((environ, answer.status))

    def release(self) -> None:
        """Answers all requests that wait."""
        for exchange in self.waiting:
            with contextlib.suppress(ClientDisconnectedError):
                exchange.send(Answer(200, [], b"released"))
        self.waiting.clear()


class Served:
    """A running listener: its port, and its application."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, sample: Sample, listener: Listener) -> None:
        self.loop, self.port, self.sample, self.listener = loop, port, sample, listener

    def connect(self, data: bytes = b"", *, buffer_size: int = 0) -> socket.socket:
        """A connection that has sent these bytes."""
        connection = socket.socket()
        if buffer_size:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_size)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(data)
        return connection

    def ask(self, data: bytes) -> bytes:
        """All that is answered to these bytes until the server closes the connection."""
        with self.connect(data) as connection:
            return rest(connection)

    def release(self) -> None:
        """Answers all requests that wait."""
        self.loop.call_soon_threadsafe(self.sample.release)


def rest(connection: socket.socket) -> bytes:
    """All bytes until the server closes the connection, or resets it."""
    received = b""
    try:
        while part := connection.recv(1 << 16):
            received += part
    except ConnectionError:
        received += b"(reset)"
    return received


@contextmanager
def served(timeouts: Timeouts | None = None, *, limit: int = 0, file: Path | None = None) -> Iterator[Served]:
    """Serves the application in a thread."""
    loop = uvloop.new_event_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    sample = Sample(loop, file)
    listener = Listener(sample, listening, timeouts, limit)
    started, end = threading.Event(), asyncio.Event()

    async def run() -> None:
        await listener.start()
        started.set()
        await end.wait()
        await listener.stop(2)

    thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=lambda: loop).run(run()))
    thread.start()
    assert started.wait(20)
    try:
        yield Served(loop, listening.getsockname()[1], sample, listener)
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(20)
        assert not thread.is_alive()
