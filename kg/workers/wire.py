"""Messages between the server and its workers: two lengths, a description in JSON, a body; perhaps files beside."""

import array
import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

INLINE_BYTES: Final = 1 << 20
"""Results up to this size come over the socket; bigger ones as a file."""

_HEAD: Final = struct.Struct("!II")
_PART_BYTES: Final = 1 << 16
_FILES: Final = 2
_BESIDE_BYTES: Final = socket.CMSG_SPACE(4)
_T = TypeVar("_T")
_encode: Final = msgspec.json.Encoder().encode


def packed(description: Any, body: bytes = b"") -> bytes:
    """One message as bytes; `description` is of types that msgspec knows."""
    head = _encode(description)
    return b"".join((_HEAD.pack(len(head), len(body)), head, body))


def send(channel: socket.socket, description: Any, body: bytes = b"", file: int = -1) -> None:
    """Sends one message, and waits until it is sent."""
    message = packed(description, body)
    if file >= 0:
        sent = channel.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])
        message = message[sent:]
    channel.sendall(message)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes, list[int]]:
    """Waits for the next message: description, body, files. Raises EOFError when the other side is gone."""
    data, files, _, _ = socket.recv_fds(channel, _HEAD.size, _FILES)  # no further: the next message may follow at once
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
    """Waits for messages without files, and takes each in one go where it comes in one."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._buffer = bytearray()
        self._part = memoryview(bytearray(_PART_BYTES))

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message: description and body. Raises EOFError when the other side is gone."""
        buffer = self._buffer
        self._need(_HEAD.size)
        head, body = _HEAD.unpack_from(buffer)
        start, end = _HEAD.size + head, _HEAD.size + head + body
        self._need(end)
        with memoryview(buffer) as view:
            description, content = msgspec.json.decode(view[_HEAD.size : start]), bytes(view[start:end])
        del buffer[:end]
        return description, content

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            received = self._channel.recv_into(self._part)
            if not received:
                raise EOFError
            self._buffer += self._part[:received]


class Channel(Generic[_T]):
    """The server's end of a socket, on an event loop: messages go out without waiting, and come in by a callback.

    `received` gets description, of type `kind`, body and a file or -1; `lost` is called once, when the other side is
    gone or talks nonsense.
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
        self._buffer = bytearray()
        self._part = memoryview(bytearray(_PART_BYTES))
        self._file = -1
        loop.add_reader(end.fileno(), self._read)

    def send(self, message: bytes, files: Sequence[int] = ()) -> None:
        """Sends a message of `packed`, after those before it; `files` are closed here once they are sent."""
        sent = 0
        if not self._unsent and not files:  # as a rule
            try:
                sent = self._end.send(message)
            except BlockingIOError:
                pass
            except OSError:
                self._end_of_it()
                return
            if sent == len(message):
                return
        self._unsent.append((memoryview(message)[sent:], files))
        if len(self._unsent) == 1:
            self._write()

    def close(self) -> None:
        """Closes this end; nothing is called any more."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end.fileno())
            self._loop.remove_writer(self._end.fileno())
            self._end.close()
        for _, files in self._unsent:
            for file in files:
                os.close(file)
        self._unsent.clear()

    def _write(self) -> None:
        while self._unsent:
            message, files = self._unsent[0]
            try:
                sent = socket.send_fds(self._end, [message], files) if files else self._end.send(message)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._end_of_it()
                return
            if sent:
                for file in files:
                    os.close(file)
                files = ()
            if sent < len(message):
                self._unsent[0] = (message[sent:], files)
                self._loop.add_writer(self._end.fileno(), self._write_on)
                return
            self._unsent.popleft()

    def _write_on(self) -> None:
        self._loop.remove_writer(self._end.fileno())
        self._write()

    def _read(self) -> None:
        try:
            received, beside, _, _ = self._end.recvmsg_into((self._part,), _BESIDE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            received, beside = 0, []
        for _, _, numbers in beside:
            (self._file,) = array.array("i", numbers[:4])
        if not received:
            self._end_of_it()
            return
        try:
            if self._buffer or not self._take(self._part[:received]):
                self._buffer += self._part[:received]
                self._take_all()
        except msgspec.MsgspecError:
            self._end_of_it()

    def _take_all(self) -> None:
        """Takes all whole messages."""
        while len(self._buffer) >= _HEAD.size:
            size = _HEAD.size + sum(_HEAD.unpack_from(self._buffer))
            if len(self._buffer) < size:
                return
            message = memoryview(bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._take(message)

    def _take(self, message: memoryview) -> bool:
        """Takes what is one whole message, as it comes as a rule."""
        size = len(message)
        if size < _HEAD.size:
            return False
        head, body = _HEAD.unpack_from(message)
        start = _HEAD.size + head
        if size != start + body:
            return False
        file, self._file = self._file, -1
        self._received(self._decode(message[_HEAD.size : start]), bytes(message[start:]), file)
        return True

    def _end_of_it(self) -> None:
        if self._end.fileno() >= 0:
            self.close()
            self._lost()
