"""One answer from request to last byte: for queries timed one by one, and for large answers to many clients."""

import io
import math
import socket
import threading
import time
from typing import Final

from tests.benchmarks.limits import ANSWER_SECONDS, LARGE_SECONDS
from tests.benchmarks.peers import Server
from tests.benchmarks.workloads import request

_BUFFER: Final = 1 << 20


class Connection:
    """A keep-alive connection to a server, for one request after another."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._server.port), timeout=ANSWER_SECONDS)
        self._file = io.BufferedReader(self._socket.makefile("rb", 0), _BUFFER)

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self._socket.close()

    def ask(self, query: str) -> bytes:
        """The body of the answer. Raises RuntimeError where that is no success, TimeoutError where it is late."""
        self._end = time.monotonic() + ANSWER_SECONDS
        try:
            return self._ask(query)
        except TimeoutError:
            self.close()
            self._open()
            raise

    def _ask(self, query: str) -> bytes:
        _wait_until(self._end, self._socket)
        self._socket.sendall(request(self._server.address, query))
        status = self._file.readline()
        length, chunked = 0, False
        while (line := self._file.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            chunked = chunked or line.startswith(b"transfer-encoding: chunked")
        body = self._chunks() if chunked else self._read(length)
        if b" 200 " not in status:
            raise RuntimeError(f"{self._server.name}: {status!r} {body[:300]!r} for {query}")
        return body

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._file.readline(), 16):
            parts.append(self._read(size))
            self._file.readline()
        self._file.readline()
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            _wait_until(self._end, self._socket)
            parts.append(part := self._file.read1(size))
            if not part:
                raise RuntimeError(f"{self._server.name} hung up")
            size -= len(part)
        return b"".join(parts)


def _wait_until(end: float, connection: socket.socket) -> None:
    """Limits the next operation. Raises TimeoutError where the end is past."""
    if (left := end - time.monotonic()) <= 0:
        raise TimeoutError
    connection.settimeout(left)


def drain(server: Server, query: str) -> int:
    """Bytes of a whole response, which are thrown away as they come.

    Raises RuntimeError where it is cut short, TimeoutError where it comes too late.
    """
    end = time.monotonic() + LARGE_SECONDS
    buffer = bytearray(_BUFFER)
    with socket.create_connection(("127.0.0.1", server.port), timeout=LARGE_SECONDS) as connection:
        connection.sendall(request(server.address, query, patient=True))
        total = size = connection.recv_into(buffer)
        head = bytes(buffer[: buffer.find(b"\r\n\r\n") + 4]).lower()
        tail = b""
        while size:
            tail = (tail + buffer[max(0, size - 5) : size])[-5:]
            _wait_until(end, connection)
            size = connection.recv_into(buffer)
            total += size
    declared = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    whole = total == len(head) + int(declared) if declared else tail == b"0\r\n\r\n"
    if b" 200 " not in head or not whole:
        raise RuntimeError(f"{server.name}: cut short after {total} bytes: {head!r}")
    return total


def drain_together(server: Server, queries: list[str]) -> list[float]:
    """Seconds that each of several clients waits for its whole answer, all asking at once; infinite where too late."""
    seconds: list[float] = []

    def one(query: str) -> None:
        start = time.perf_counter()
        try:
            drain(server, query)
            seconds.append(time.perf_counter() - start)
        except TimeoutError:
            seconds.append(math.inf)

    threads = [threading.Thread(target=one, args=(q,), daemon=True) for q in queries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(seconds) < len(queries):
        raise RuntimeError(f"{server.name}: {len(queries) - len(seconds)} of {len(queries)} answers did not come whole")
    return seconds
