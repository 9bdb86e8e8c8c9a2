"""One connection: its requests are answered one after another, and nothing of it grows without bound."""

import asyncio
import math
from typing import Final, Protocol, cast
from wsgiref.types import WSGIEnvironment

from server.connections.delivery import Delivery, Timeouts, departure
from server.connections.parser import RequestParser
from server.connections.request import BUFFERED_BYTES, Request
from server.connections.responses import BODILESS, CONTINUE, FilePart, head_of
from server.front.exchange import ClientDisconnectedError, Exchange
from server.front.problems import Answer, problem
from server.http.errors import UNEXPECTED

_JOINED_BYTES: Final = 1 << 16
"""Shorter bodies are sent in one piece with their head."""

_AT_ONCE: Final = 8
"""How many pipelined requests are begun before other connections have their turn."""


class Application(Protocol):
    """What answers requests: `server.front.front.Front`."""

    def __call__(self, exchange: Exchange) -> None:
        """Answers a request, at once or later, by its `send`."""

    def refused(self, environ: WSGIEnvironment, answer: Answer) -> None:
        """A request was refused whose head could not be read; the environ holds what is known of it."""


class Host(Protocol):
    """What all connections share. timeouts: theirs."""

    application: Application
    timeouts: Timeouts

    def connected(self, connection: "Connection") -> None:
        """A connection was made."""

    def lost(self, connection: "Connection") -> None:
        """A connection has ended."""

    def date(self) -> str:
        """The value of the header Date."""


class Connection(asyncio.Protocol):
    """The server's end of a connection.

    Requests may be pipelined: while one is being answered nothing is parsed, at most one buffer is read ahead, and the
    next begins when its predecessor's response has left this process but for 64 KiB. After `_AT_ONCE` requests other
    connections have their turn.

    A client that leaves cancels its request (`Request.abandon`). A reset says so at once. The end of input alone does
    not tell whether the client has closed the connection or only its sending side: TCP would tell that only after the
    first bytes of the response. So its request goes on for ``timeouts.half_closed`` seconds, which suffice for all but
    long queries; if it is not answered by then, the client counts as gone. A body that ends too early is refused.
    """

    client = ""
    server = ("", 0)

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._loop = loop
        self._parser = RequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._current: Request | None = None
        self._file: FilePart | None = None
        self._unparsed = b""
        self._paused = False
        self._writable = True
        self._at_end = False
        """Whether the client sends no more."""
        self._closing = False
        """Whether the last response has been given; what is still read is dropped."""
        self._last = False
        """Whether the next response is the last."""
        self._proceeding = False
        self._postponed = False
        """Whether the next request waits for its turn."""
        self._deadline = math.inf
        self._in_head = False
        self._delivery = Delivery(host.timeouts)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self.client = str((transport.get_extra_info("peername") or ("",))[0])
        own = transport.get_extra_info("sockname") or ("", 0)
        self.server = str(own[0]), int(own[1])
        self._deadline = self._until(self._host.timeouts.head)
        self._host.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, by either side."""
        self._transport = None
        self._closing = True
        self._unparsed = b""
        self._end_file()
        for request in (self._current, self._parser.incoming):
            if request:
                request.abandon()
        self._parser.arrived.clear()
        self._host.lost(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived: at most 256 KiB, as uvloop reads."""
        if not self._closing:
            self._unparsed = self._unparsed + data if self._unparsed else data
            self._proceed()

    def eof_received(self) -> bool:
        """The client sends no more; returns whether the connection stays open for responses."""
        self._at_end = True
        self._proceed()
        if self._current and self._deadline == math.inf:
            self._deadline = self._until(self._host.timeouts.half_closed)
        return self._is_busy and not self._closing

    def pause_writing(self) -> None:
        """The client reads more slowly than this process writes."""
        self._writable = False

    def resume_writing(self) -> None:
        """The client has read on."""
        self._writable = True
        if self._file:
            self._send_file()
        else:
            self._proceed()

    def read_on(self) -> None:
        """The body of the current request has been taken, and more is wanted."""
        self._proceed()

    def send_continue(self) -> None:
        """Asks the client for the body."""
        self._write(CONTINUE)

    def send(self, request: Request, answer: Answer) -> int:
        """Starts sending the response to the current request; returns the bytes of its body."""
        body = answer.body
        file = None if isinstance(body, bytes) else FilePart(body)
        if request is not self._current or self._transport is None or self._transport.is_closing():
            if file:
                file.close()
            raise ClientDisconnectedError
        more_to_come = bool(self._unparsed or self._parser.arrived)
        last = self._last or not (request.keep_alive and request.complete) or (self._at_end and not more_to_come)
        connection = "close" if last else "keep-alive" if request.version == "1.0" else ""
        without_body = request.environ["REQUEST_METHOD"] == "HEAD" or answer.status in BODILESS
        size = file.size if file else len(body) if isinstance(body, bytes) else 0
        try:
            head = head_of(answer, None if without_body else size, connection, self._host.date())
        except ValueError:
            if file:
                file.close()
            return self.send(request, problem(500, *UNEXPECTED))
        self._last = last
        if without_body:
            size = 0
            if file:
                file.close()
            self._write(head)
        elif file:
            self._file = file
            self._write(head)
            self._send_file()
            return size
        elif isinstance(body, bytes):
            self._write(head + body) if size <= _JOINED_BYTES else self._write(head, body)
        self._responded()
        return size

    def stop(self) -> None:
        """Ends the connection after the response under way."""
        self._last = True
        if not self._is_busy and self._transport:
            self._transport.close()

    def make_room(self, now: float) -> None:
        """Ends the connection if it waits for another request, or if the head of one comes slowly."""
        if self._is_busy or self._closing or not self._transport or self._transport.get_write_buffer_size():
            return
        if not self._in_head:
            self._transport.close()
        elif now >= self._deadline - self._host.timeouts.head + self._host.timeouts.crowded:
            self._refuse_slow_head()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport:
            self._transport.abort()

    def check(self, now: float) -> None:
        """Cuts the connection if one of its timeouts is over; `now` is a time of the event loop in seconds."""
        if not self._transport:
            return
        if self._delivery.unread(self._transport):
            if self._delivery.is_too_slow(now):
                self.abort()
            if self._closing:  # the client gets its time when the response is out
                self._deadline = max(self._deadline, now + self._host.timeouts.linger)
            return
        self._delivery.all_read()
        if self._paused and self._current:
            self._check_client()
        if now < self._deadline:
            return
        if self._in_head and not self._closing:
            self._refuse_slow_head()
        else:  # idle, half-closed without an answer, or it has been told to go
            self.abort()

    def _check_client(self) -> None:
        """Sees whether the client has left."""
        assert self._transport
        left = departure(self._transport)
        if left == "gone":
            self.abort()
        elif left and self._deadline == math.inf:
            self._deadline = self._until(self._host.timeouts.half_closed)

    @property
    def _is_busy(self) -> bool:
        return bool(self._current or self._parser.arrived or self._parser.refusal or self._file)

    def _proceed(self) -> None:
        """Parses, and begins the next request, as far as that can go now."""
        if self._proceeding or self._closing:
            return
        self._proceeding = True
        parser, begun = self._parser, 0
        try:
            while not self._closing:
                if self._current is None and self._writable and not self._file:
                    if parser.arrived:
                        if begun == _AT_ONCE:
                            self._postpone()
                            break
                        begun += 1
                        self._current = parser.arrived.popleft()
                        self._deadline = math.inf if not self._at_end else self._until(self._host.timeouts.half_closed)
                        self._host.application(self._current)
                        continue
                    if parser.refusal:
                        self._refuse(parser.refusal)
                        break
                if not (self._unparsed and self._wants_input):
                    break
                self._unparsed = parser.feed(self._unparsed)
        finally:
            self._proceeding = False
        if not self._closing:
            self._wait_for_more()

    def _postpone(self) -> None:
        if not self._postponed:
            self._postponed = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._postponed = False
        self._proceed()

    def _wait_for_more(self) -> None:
        """Pauses or resumes reading, and sets the deadline of a head that has begun."""
        if self._at_end:
            if not self._unparsed:
                self._parser.end_of_input()
                if not self._is_busy:
                    self._finish()
            return
        if self._parser.in_head != self._in_head:
            self._in_head = self._parser.in_head
            if self._in_head and not self._current:
                self._deadline = self._until(self._host.timeouts.head)
        if self._paused != bool(self._unparsed) and self._transport and not self._transport.is_closing():
            self._paused = not self._paused
            self._transport.pause_reading() if self._paused else self._transport.resume_reading()

    @property
    def _wants_input(self) -> bool:
        """Whether to parse on: into the body under way, or between requests if none waits."""
        incoming = self._parser.incoming
        if incoming:
            return incoming.buffered < BUFFERED_BYTES
        return not (self._current or self._parser.arrived or self._file)

    def _until(self, seconds: float) -> float:
        return self._loop.time() + seconds

    def _write(self, *parts: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._delivery.write(self._transport, *parts)

    def _send_file(self) -> None:
        """Sends the file on, as far as the client has read."""
        assert self._file
        try:
            while self._writable and not self._file.is_sent:
                self._write(self._file.read())
        except (OSError, EOFError):  # what has been sent is not whole, and the client is to see that
            self.abort()
            return
        if self._file.is_sent:
            self._end_file()
            self._responded()

    def _end_file(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _responded(self) -> None:
        """The response has been given to the transport."""
        self._current, incomplete = None, not (self._current and self._current.complete)
        if self._last:
            self._finish(unread_input=incomplete)
            return
        self._deadline = self._until(self._host.timeouts.idle)
        self._in_head = False  # the time of a head that has begun meanwhile is counted from now
        self._proceed()

    def _refuse(self, answer: Answer) -> None:
        """Answers what is no request that could be answered, and ends."""
        assert isinstance(answer.body, bytes)
        self._host.application.refused(self._parser.environ, answer)
        self._write(head_of(answer, len(answer.body), "close", self._host.date()) + answer.body)
        self._finish(unread_input=True)

    def _refuse_slow_head(self) -> None:
        self._in_head = False
        self._refuse(problem(408, "Too slow", "The head of the request comes too slowly."))

    def _finish(self, *, unread_input: bool = False) -> None:
        """Ends the connection; if the client may send still, it is let read first (RFC 9112, section 9.6)."""
        self._closing = True
        transport = self._transport
        if not transport or transport.is_closing():
            return
        if self._at_end or not (unread_input or self._unparsed):
            transport.close()
            return
        self._unparsed = b""
        if self._paused:
            self._paused = False
            transport.resume_reading()
        self._deadline = self._until(self._host.timeouts.linger)
        transport.write_eof()
