"""Whether clients read what is sent to them, and are still there: the timeouts of a connection."""

import contextlib
import fcntl
import select
import struct
import termios
from asyncio import Transport
from dataclasses import dataclass
from typing import Final

_SIZE: Final = struct.Struct("i")
_NO_SIZE: Final = bytes(_SIZE.size)


@dataclass(frozen=True)
class Timeouts:
    """Timeouts of a connection. Times in seconds, `rate` in bytes per second.

    head: how long the head of a request may take, and the first one may let wait. crowded: the same for heads that have
    begun, while no more connections are accepted. idle: how long a connection may be
    kept without a request. unread: how long a response may be read more slowly than `rate`. half_closed: how long a
    request whose client sends no more may run on before the response. linger: how long what a client still sends is
    dropped, so that it can read the response. The time of bodies is limited in `server.front.limits`.
    """

    head: float = 10.0
    crowded: float = 1.0
    idle: float = 60.0
    unread: float = 30.0
    rate: int = 1000
    half_closed: float = 3.0
    linger: float = 2.0


class Delivery:
    """What is written to a client, and how fast it reads that."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._written = 0
        self._read = 0
        self._unread_since: float | None = None
        self._unread_from = 0

    def write(self, transport: Transport, *parts: bytes) -> None:
        """Writes to the client."""
        self._written += sum(map(len, parts))
        transport.write(parts[0]) if len(parts) == 1 else transport.writelines(parts)

    def unread(self, transport: Transport) -> int:
        """Bytes written that the client has not acknowledged, here or in the kernel (tcp(7), SIOCOUTQ)."""
        if self._written == self._read:
            return 0
        size = transport.get_write_buffer_size()
        with contextlib.suppress(OSError, ValueError):  # it has just been closed
            size += _SIZE.unpack(fcntl.ioctl(transport.get_extra_info("socket"), termios.TIOCOUTQ, _NO_SIZE))[0]
        self._read = self._written - size
        return size

    def all_read(self) -> None:
        """The client has read all: its time is counted anew when more is written."""
        self._unread_since = None

    def is_too_slow(self, now: float) -> bool:
        """Whether the client has read too slowly for too long, by what `unread` found; `now` is in seconds."""
        timeouts = self._timeouts
        if self._unread_since is None or self._read - self._unread_from >= timeouts.unread * timeouts.rate:
            self._unread_since, self._unread_from = now, self._read
            return False
        return now - self._unread_since >= timeouts.unread


def departure(transport: Transport) -> str:
    """How a client has left, which is not told while reading is paused: ``gone``, ``half`` if it only sends no more.

    Empty if it has not.
    """
    poll = select.poll()
    poll.register(transport.get_extra_info("socket"), select.POLLRDHUP)
    for _, events in poll.poll(0):
        return "gone" if events & (select.POLLERR | select.POLLHUP) else "half"
    return ""
