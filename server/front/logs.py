"""The access log and the query log: JSON lines, written so that no request can forge a line or fail for one."""

import contextlib
import hashlib
import json
import os
import re
import select
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ontology import KelisimError
from server.front.observation import Exchange

LINE_BYTES: Final = 4096
"""No line is longer (PIPE_BUF of Linux: a pipe takes such a line whole or not at all)."""

_OUTCOMES: Final = {
    304: "not-modified",
    400: "malformed",
    401: "refused",
    403: "refused",
    406: "not-acceptable",
    408: "too-slow",
    413: "too-large",
    422: "invalid",
    429: "rate-limited",
    503: "unavailable",
}
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
_HASH: Final = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{48})?")


class LineLog:
    """A log that takes one JSON object a line, by one write each; safe for several threads.

    `target` is a file, made with mode 0640 and appended to (rotate it with copytruncate), or ``-`` for standard error.
    Raises KelisimError if it cannot be opened. Afterwards nothing that happens to it reaches the caller: a line that a
    full disk, a closed terminal or a reader that does not read refuses is counted in `dropped`, and lost.
    """

    def __init__(self, target: str) -> None:
        self.dropped = 0
        self._lock = threading.Lock()
        self._torn = False
        try:
            # A descriptor of its own: the number 2, once closed, may come to mean some client's socket.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.dup(2) if target == "-" else os.open(Path(target), flags, 0o640)
        except OSError as error:
            if target != "-":
                raise KelisimError(f"Cannot write the log {target}: {error.strerror}.") from error
            self._file = -1
        self._room = select.poll()
        if self._file >= 0:
            self._room.register(self._file, select.POLLOUT)

    def write(self, record: dict[str, Any]) -> None:
        """Writes one line, its strings cut where it would be too long."""
        line = _line(record)
        with self._lock:
            try:
                if self._file < 0 or not self._room.poll(0):
                    self.dropped += 1  # a pipe that is full would hold this thread
                    return
                # A line that a full disk cut off is ended before the next begins.
                data = b"\n" + line if self._torn else line
                written = os.write(self._file, data)
                self._torn = written < len(data)
                self.dropped += self._torn
            except OSError:
                self.dropped += 1

    def close(self) -> None:
        """Closes the log; later lines are dropped."""
        with self._lock, contextlib.suppress(OSError):
            if self._file >= 0:
                os.close(self._file)
            self._file = -1


class AccessLog:
    """An observer that logs each request: who asked for what, and what it got and cost.

    Fields: time (ISO 8601, UTC, when the request came), client, method, path (without the query), status, duration_ms
    (with the streaming of the body), bytes, user_agent (null if none was sent), cache (hit, miss, or null),
    complete (false if the client left before the end).
    """

    def __init__(self, log: LineLog) -> None:
        self._log = log

    def __call__(self, exchange: Exchange) -> None:
        """Logs one exchange."""
        environ = exchange.environ
        self._log.write(
            {
                "time": _time(exchange.started),
                "client": environ.get("REMOTE_ADDR"),
                "method": environ.get("REQUEST_METHOD"),
                "path": _decoded(environ.get("PATH_INFO", "")),
                "status": exchange.status,
                "duration_ms": round(exchange.seconds * 1000, 3),
                "bytes": exchange.size,
                "user_agent": environ.get("HTTP_USER_AGENT"),
                "cache": environ.get("kelisim.cache"),
                "complete": exchange.complete,
            }
        )


class QueryLog:
    """An observer that logs each query, without its text: that may hold what the asker wants to keep to himself.

    It logs exchanges whose environ has ``kelisim.query``: the text, or its SHA-256 in hexadecimal (16 or 64 digits).
    Fields: time, hash (SHA-256 of the UTF-8 text, first 16 digits), duration_ms, rows (``kelisim.rows``, else null),
    bytes, outcome (``kelisim.outcome`` if an inner layer knows better, else from the status: ok, malformed, ...).
    """

    def __init__(self, log: LineLog) -> None:
        self._log = log

    def __call__(self, exchange: Exchange) -> None:
        """Logs one exchange, if it was a query."""
        environ = exchange.environ
        query = environ.get("kelisim.query")
        if query is None:
            return
        self._log.write(
            {
                "time": _time(exchange.started),
                "hash": query_hash(query),
                "duration_ms": round(exchange.seconds * 1000, 3),
                "rows": environ.get("kelisim.rows"),
                "bytes": exchange.size,
                "outcome": environ.get("kelisim.outcome") or _outcome(exchange),
            }
        )


def query_hash(query: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a query's text; a hash stays what it is."""
    if _HASH.fullmatch(query):
        return query[:16]
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _outcome(exchange: Exchange) -> str:
    if not exchange.complete:
        return "failed" if exchange.status >= 500 else "aborted"
    known = _OUTCOMES.get(exchange.status)
    return known or ("ok" if exchange.status < 400 else "refused" if exchange.status < 500 else "failed")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decoded(path: str) -> str:
    """The path as text: PEP 3333 gives its bytes as Latin-1, Granian gives it decoded."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def _line(record: dict[str, Any]) -> bytes:
    """The record as ASCII: JSON escapes line breaks, controls, and all that a terminal or a log reader might obey."""
    line = _escaped(record)
    for most in (256, 32):
        if len(line) < LINE_BYTES:
            break
        line = _escaped({k: v[:most] if isinstance(v, str) else v for k, v in record.items()})
    return line.encode("ascii") + b"\n"


def _escaped(record: dict[str, Any]) -> str:
    return _ENCODE(record).replace("\x7f", "\\u007f")  # the one control that JSON lets stand
