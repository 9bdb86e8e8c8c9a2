"""One time limit for a whole exchange over HTTP: a socket's time-out alone begins anew with each byte that comes."""

import http.client
import io
import socket
import time
from typing import Any, cast


class Deadline:
    """A moment by which an exchange must have ended; never, for None."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """The seconds that are left, more than 0; raises TimeoutError if there are none."""
        if self._until is None:
            return None
        if (left := self._until - time.monotonic()) <= 0:
            raise TimeoutError("The time for the exchange is over.")
        return left

    def response(self, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        """What `http.client.HTTPConnection.response_class` is for: a response whose reads all end by the deadline."""
        made = http.client.HTTPResponse(sock, *args, **kwargs)
        made.fp = io.BufferedReader(_Reader(made.fp.detach(), sock, self))
        return made


class _Reader(io.RawIOBase):
    """Reads from a socket, each time with what is left as its time-out."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.left())
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()
