"""Message framing on Unix sockets: two lengths, a JSON description, a body; file descriptors as ancillary data."""

import array
import asyncio
import os
import select
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

INLINE_BYTES: Final = 1 << 20
"""Results up to this size are sent over the socket; larger ones as a file descriptor."""

_HEAD: Final = struct.Struct("!II")
_RECEIVE_BYTES: Final = 1 << 16
_FILES: Final = 2
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(4)
_T = TypeVar("_T")
_encode: Final = msgspec.json.Encoder().encode


def encode_message(description: Any, body: bytes = b"") -> bytes:
    """One message as bytes; `description` is of types that msgspec encodes."""
    head = _encode(description)
    return b"".join((_HEAD.pack(len(head), len(body)), head, body))


def send(channel: socket.socket, description: Any, body: bytes = b"", file: int = -1) -> None:
    """Sends one message; blocks until it is sent."""
    message = encode_message(description, body)
    if file >= 0:
        sent = channel.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])
        message = message[sent:]
    channel.sendall(message)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes, list[int]]:
    """Waits for the next message: description, body, files. Raises EOFError if the peer has closed."""
    data, files, _, _ = socket.recv_fds(channel, _HEAD.size, _FILES)  # not more: the next message may follow
    sizes = bytearray(data)
    _fill(channel, sizes, _HEAD.size)
    head, body = _HEAD.unpack(sizes)
    buffer = bytearray()
    _fill(channel, buffer, head + body)
    return msgspec.json.decode(buffer[:head]), bytes(memoryview(buffer)[head:]), files


def _fill(channel: socket.socket, buffer: bytearray, size: int) -> None:
    while len(buffer) < size:
        data = channel.recv(min(1 << 20, size - len(buffer)))
        if not data:
            raise EOFError
        buffer += data


class Inbox:
    """Receives messages without files; blocking, with a read buffer."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._buffer = bytearray()
        self._receive_buffer = memoryview(bytearray(_RECEIVE_BYTES))

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message: description and body. Raises EOFError if the peer has closed."""
        buffer = self._buffer
        self._read_until(_HEAD.size)
        head, body = _HEAD.unpack_from(buffer)
        start, end = _HEAD.size + head, _HEAD.size + head + body
        self._read_until(end)
        with memoryview(buffer) as view:
            description, content = msgspec.json.decode(view[_HEAD.size : start]), bytes(view[start:end])
        del buffer[:end]
        return description, content

    def _read_until(self, size: int) -> None:
        while len(self._buffer) < size:
            received = self._channel.recv_into(self._receive_buffer)
            if not received:
                raise EOFError
            self._buffer += self._receive_buffer[:received]


class Channel(Generic[_T]):
    """The server's end of a socket on an event loop: non-blocking sends, and a callback for received messages.

    `received` gets the description, of type `kind`, the body and a file descriptor or -1. `lost` is called once, if the
    peer closes or sends a malformed message.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        end: socket.socket,
        kind: type[_T],
        received: Callable[[_T, bytes, int], None],
        lost: Callable[[], None],
    ) -> None:
        end.setblocking(False)
        self._loop = loop
        self._end = end
        self._decode = msgspec.json.Decoder(kind).decode
        self._received = received
        self._lost = lost
        self._unsent: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._collected: list[bytes] = []
        """What `send_soon` got; sent before anything that `send` gets later."""
        self._buffer = bytearray()
        self._receive_buffer = memoryview(bytearray(_RECEIVE_BYTES))
        self._files: deque[tuple[int, int]] = deque()
        """Received files, each with where what came with it ends in the buffer: it is of the message that is there."""
        self._events = select.epoll()
        """Readable also at an error of the socket, as when the peer dies before it has read all (epoll(7)).

        Of that uvloop tells a reader of the socket itself nothing."""
        self._events.register(end.fileno(), select.EPOLLIN)
        loop.add_reader(self._events.fileno(), self._read)

    def send(self, message: bytes, files: Sequence[int] = ()) -> None:
        """Queues an encoded message; `files` are closed once they are sent."""
        if self._collected:  # goes first
            self._send_collected()
        sent = 0
        if not self._unsent and not files:  # the common case
            try:
                sent = self._end.send(message)
            except BlockingIOError:
                pass
            except OSError as error:
                self._fail(error)
                return
            if sent == len(message):
                return
        self._unsent.append((memoryview(message)[sent:], files))
        if len(self._unsent) == 1:
            self._write()

    def send_soon(self, message: bytes) -> None:
        """Queues an encoded message for the end of this turn of the event loop: several are sent together then."""
        if not self._collected:
            self._loop.call_soon(self._send_collected)
        self._collected.append(message)

    def _send_collected(self) -> None:
        if self._collected:
            message = b"".join(self._collected)
            self._collected.clear()
            self.send(message)

    def close(self) -> None:
        """Closes the socket and the unsent files; no callback is called any more."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._events.fileno())
            self._events.close()
            self._loop.remove_writer(self._end.fileno())
            self._end.close()
        self._collected.clear()
        self._drop_unsent()
        for _, file in self._files:
            os.close(file)
        self._files.clear()

    def _drop_unsent(self) -> None:
        for _, files in self._unsent:
            for file in files:
                os.close(file)
        self._unsent.clear()

    def _fail(self, error: OSError) -> None:
        """Nothing can be sent; if the peer has closed, what it sent before is read first, and then its end."""
        if isinstance(error, BrokenPipeError | ConnectionResetError):
            self._drop_unsent()
        else:
            self._disconnect()

    def _write(self) -> None:
        while self._unsent:
            message, files = self._unsent[0]
            try:
                sent = socket.send_fds(self._end, [message], files) if files else self._end.send(message)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._fail(error)
                return
            if sent:
                for file in files:
                    os.close(file)
                files = ()
            if sent < len(message):
                self._unsent[0] = (message[sent:], files)
                self._loop.add_writer(self._end.fileno(), self._resume_write)
                return
            self._unsent.popleft()

    def _resume_write(self) -> None:
        self._loop.remove_writer(self._end.fileno())
        self._write()

    def _read(self) -> None:
        try:
            received, ancillary, _, _ = self._end.recvmsg_into((self._receive_buffer,), _ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            received, ancillary = 0, []
        for _, _, numbers in ancillary:
            self._files.append((len(self._buffer) + received, array.array("i", numbers[:4])[0]))
        if not received:
            self._disconnect()
            return
        try:
            if self._buffer or not self._parse_message(self._receive_buffer[:received]):
                self._buffer += self._receive_buffer[:received]
                self._parse_buffer()
        except msgspec.MsgspecError:
            self._disconnect()

    def _parse_buffer(self) -> None:
        """Handles all complete messages in the buffer, until one has this end closed."""
        while len(self._buffer) >= _HEAD.size and self._end.fileno() >= 0:
            size = _HEAD.size + sum(_HEAD.unpack_from(self._buffer))
            if len(self._buffer) < size:
                return
            message = memoryview(bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._parse_message(message)

    def _parse_message(self, message: memoryview) -> bool:
        """Handles the data if it is exactly one message, which is the common case; returns whether it was."""
        size = len(message)
        if size < _HEAD.size:
            return False
        head, body = _HEAD.unpack_from(message)
        start = _HEAD.size + head
        if size != start + body:
            return False
        file = self._files.popleft()[1] if self._files and self._files[0][0] <= size else -1
        if self._files:
            self._files = deque((end - size, other) for end, other in self._files)
        self._received(self._decode(message[_HEAD.size : start]), bytes(message[start:]), file)
        return True

    def _disconnect(self) -> None:
        if self._end.fileno() >= 0:
            self.close()
            self._lost()
