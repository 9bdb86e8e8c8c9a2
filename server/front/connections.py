"""Cuts the connections of clients that hold them without getting on.

Granian bounds the time of headers, not that of bodies and answers: who sends a byte a minute, or asks for a large
answer and does not read it, keeps a thread in native code that Python cannot call back. The kernel knows how each
connection gets on, and shutting it down wakes the thread.
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
"""Of Linux' ``struct tcp_info``: bytes acknowledged, bytes received, bytes not yet sent."""


@dataclass(frozen=True)
class Patience:
    """How long a client may take. Times in seconds, `rate` in bytes per second.

    slow: how long it may send or read more slowly than `rate`. silent: how long nothing may move at all; this is above
    the longest time that a query may take, since its client waits silently.
    """

    slow: float = 30.0
    rate: int = 1000
    silent: float = 240.0


@dataclass
class _Course:
    """What a connection did: counts of the kernel, and times at which something began."""

    received: int
    delivered: int
    moved: float
    asking: float = 0.0
    asked: int = 0
    arrivals: int = 0
    unread: float | None = None
    read: int = 0
    cut: bool = False


class SlowClients:
    """Looks at this process's connections to a port, and cuts those that do not get on. Linux only."""

    def __init__(self, port: int, patience: Patience | None = None) -> None:
        self._port = port
        self._patience = patience or Patience()
        self._courses: dict[int, _Course] = {}
        self.cut = 0

    def start(self, interval: float = 5.0) -> None:
        """Looks every so many seconds, in a thread that ends with the process."""
        threading.Thread(target=self._run, args=(interval,), name="slow-clients", daemon=True).start()

    def _run(self, interval: float) -> None:
        while True:
            time.sleep(interval)
            try:
                self.look(time.monotonic())
            except OSError:  # no files are left, perhaps because of those that it is to cut
                continue

    def look(self, now: float) -> None:
        """Looks once, at a time in seconds."""
        courses: dict[int, _Course] = {}
        for connection in self._connections():
            with connection:
                try:
                    number = os.fstat(connection.fileno()).st_ino
                    course = courses[number] = self._follow(connection, self._courses.get(number), now)
                    if course.cut:
                        connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it ended by itself
        self._courses = courses

    def _connections(self) -> Iterator[socket.socket]:
        """A duplicate of each socket that serves the port, so that what is cut is what was looked at."""
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

    def _follow(self, connection: socket.socket, course: _Course | None, now: float) -> _Course:
        """The course with what happened since the last look; cut if patience is at its end."""
        delivered, received, unsent = _TCP_INFO.unpack(
            connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        )
        if course is None:
            course = _Course(0, delivered, now)
        arrived = received > course.received
        if arrived or delivered > course.delivered:
            course.moved = now
        if delivered > course.delivered:
            course.arrivals = 0  # an answer began: what was asked is over
        if arrived:
            if not course.arrivals:
                course.asking, course.asked = now, course.received
            course.arrivals += 1
        if not unsent:
            course.unread = None
        elif course.unread is None or delivered - course.read >= self._patience.slow * self._patience.rate:
            course.unread, course.read = now, delivered
        course.received, course.delivered = received, delivered
        if not course.cut and self._tries_patience(course, arrived, now):
            course.cut = True
            self.cut += 1
        return course

    def _tries_patience(self, course: _Course, arrived: bool, now: float) -> bool:
        patience = self._patience
        if now - course.moved >= patience.silent:
            return True
        if course.unread is not None and now - course.unread >= patience.slow:
            return True
        # Only while bytes come: a short request whose answer takes long is no slow one.
        asking = now - course.asking
        slowly = course.received - course.asked < asking * patience.rate
        return arrived and course.arrivals >= 3 and asking >= patience.slow and slowly
