"""Shuts down the connections of clients that send or read too slowly.

Granian limits the time of the headers, not that of bodies and responses: a client that sends a byte a minute, or does
not read a large response, occupies a thread in native code that Python cannot interrupt. The kernel's counters
(``TCP_INFO``) show the progress of each connection, and shutting it down wakes the thread.
"""

import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_INFO_BYTES: Final = 148
_TCP_INFO: Final = struct.Struct("=120x QQ 8x I")
"""The fields of Linux' ``struct tcp_info`` that count bytes: acknowledged, received, not yet sent."""


@dataclass(frozen=True)
class ConnectionTimeouts:
    """Timeouts of a connection. Times in seconds, `rate` in bytes per second.

    slow: how long a client may send or read more slowly than `rate`. silent: how long a connection may transfer nothing
    at all; this must be above the longest query timeout, since the client of a query waits without sending.
    """

    slow: float = 30.0
    rate: int = 1000
    silent: float = 240.0


@dataclass
class _Connection:
    """The progress of a connection: the kernel's byte counts, and times in seconds.

    moved: when bytes were last received or acknowledged. request_start, request_offset: time and count of bytes
    received at the start of the current request; request_reads: in how many checks bytes of it arrived. unread_since:
    since when the response has unsent bytes, with unread_offset bytes acknowledged by then; None if all is sent.
    """

    received: int
    delivered: int
    moved: float
    request_start: float = 0.0
    request_offset: int = 0
    request_reads: int = 0
    unread_since: float | None = None
    unread_offset: int = 0
    cut: bool = False


class SlowClients:
    """Checks this process's connections to a port, and shuts down those that time out. Linux only.

    `cut` counts the connections that were shut down.
    """

    def __init__(self, port: int, timeouts: ConnectionTimeouts | None = None) -> None:
        self._port = port
        self._timeouts = timeouts or ConnectionTimeouts()
        self._states: dict[int, _Connection] = {}
        self.cut = 0

    def start(self, interval: float = 5.0) -> None:
        """Checks every `interval` seconds, in a daemon thread."""
        threading.Thread(target=self._run, args=(interval,), name="slow-clients", daemon=True).start()

    def _run(self, interval: float) -> None:
        while True:
            time.sleep(interval)
            try:
                self.check(time.monotonic())
            except OSError:  # no file descriptors are left, perhaps because of slow clients
                continue

    def check(self, now: float) -> None:
        """Checks every connection once; `now` is a time in seconds."""
        states: dict[int, _Connection] = {}
        for connection in self._connections():
            with connection:
                try:
                    number = os.fstat(connection.fileno()).st_ino
                    state = states[number] = self._follow(connection, self._states.get(number), now)
                    if state.cut:
                        connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed in the meantime
        self._states = states

    def _connections(self) -> Iterator[socket.socket]:
        """A duplicate of each socket that serves the port, since a descriptor's number may be reused meanwhile."""
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - only the names
            try:
                if not stat.S_ISSOCK(Path(f"/proc/self/fd/{name}").stat().st_mode):
                    continue
                found = socket.socket(fileno=os.dup(int(name)))
            except OSError:
                continue
            try:
                found.getpeername()
                serves = found.type == socket.SOCK_STREAM and found.getsockname()[1:2] == (self._port,)
            except (OSError, TypeError):
                serves = False
            if serves:
                yield found
            else:
                found.close()

    def _follow(self, connection: socket.socket, state: _Connection | None, now: float) -> _Connection:
        """The state after this check, with `cut` set if a timeout has passed."""
        delivered, received, unsent = _TCP_INFO.unpack(
            connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        )
        if state is None:
            state = _Connection(0, delivered, now)
        arrived = received > state.received
        if arrived or delivered > state.delivered:
            state.moved = now
        if delivered > state.delivered:
            state.request_reads = 0  # a response has begun, so the request has ended
        if arrived:
            if not state.request_reads:
                state.request_start, state.request_offset = now, state.received
            state.request_reads += 1
        if not unsent:
            state.unread_since = None
        elif state.unread_since is None or delivered - state.unread_offset >= self._timeouts.slow * self._timeouts.rate:
            state.unread_since, state.unread_offset = now, delivered
        state.received, state.delivered = received, delivered
        if not state.cut and self._is_too_slow(state, arrived, now):
            state.cut = True
            self.cut += 1
        return state

    def _is_too_slow(self, state: _Connection, arrived: bool, now: float) -> bool:
        timeouts = self._timeouts
        if now - state.moved >= timeouts.silent:
            return True
        if state.unread_since is not None and now - state.unread_since >= timeouts.slow:
            return True
        # Only while bytes arrive: a short request whose query runs long is not slow.
        seconds = now - state.request_start
        slow = state.received - state.request_offset < seconds * timeouts.rate
        return arrived and state.request_reads >= 3 and seconds >= timeouts.slow and slow
