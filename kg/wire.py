"""Messages between the server and its workers: two lengths, a description in JSON, a body; perhaps a file beside."""

import array
import json
import socket
import struct
from typing import Any, Final

INLINE_BYTES: Final = 1 << 20
"""Results up to this size come over the socket; bigger ones as a file."""

_HEAD: Final = struct.Struct("!II")


def send(channel: socket.socket, description: dict[str, Any], body: bytes = b"", file: int = -1) -> None:
    """Sends one message."""
    head = json.dumps(description).encode()
    message = _HEAD.pack(len(head), len(body)) + head
    if file >= 0:
        sent = channel.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])
        channel.sendall(message[sent:])
    else:
        channel.sendall(message + body if len(body) < INLINE_BYTES else message)
        if len(body) >= INLINE_BYTES:
            channel.sendall(body)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes, int]:
    """The next message: description, body, and a file or -1. Raises EOFError when the other side is gone."""
    data, files, _, _ = socket.recv_fds(channel, _HEAD.size, 4)  # no further: the next message may follow at once
    file = files[0] if files else -1
    sizes = bytearray(data)
    fill(channel, sizes, _HEAD.size)
    head, body = _HEAD.unpack(sizes)
    buffer = bytearray()
    fill(channel, buffer, head + body)
    return json.loads(buffer[:head]), bytes(memoryview(buffer)[head:]), file


def fill(channel: socket.socket, buffer: bytearray, size: int) -> None:
    """Reads on until the buffer has `size` bytes. Raises EOFError when the other side is gone."""
    while len(buffer) < size:
        data = channel.recv(min(1 << 20, size - len(buffer)))
        if not data:
            raise EOFError
        buffer += data
