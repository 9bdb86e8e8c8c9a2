"""The access log and the query log as JSON lines. No request can forge a line, and no log error fails a request."""

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
from server.front.observation import RequestRecord

LINE_BYTES: Final = 4096
"""The longest line (PIPE_BUF of Linux: up to it, a write to a pipe is atomic)."""

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
    """A log of one JSON object a line, one write each; safe for several threads.

    `target` is a file, created with mode 0640 and appended to (rotate it with copytruncate), or ``-`` for standard
    error. Raises KelisimError if it cannot be opened. Later errors are not raised: a line that cannot be written (disk
    full, terminal closed, pipe full) is dropped and counted in `dropped`.
    """

    def __init__(self, target: str) -> None:
        self.dropped = 0
        self._lock = threading.Lock()
        self._incomplete = False
        try:
            # A descriptor of its own: number 2, once closed, may be reused for a client's socket.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.dup(2) if target == "-" else os.open(Path(target), flags, 0o640)
        except OSError as error:
            if target != "-":
                raise KelisimError(f"Cannot write the log {target}: {error.strerror}.") from error
            self._file = -1
        self._poll = select.poll()
        if self._file >= 0:
            self._poll.register(self._file, select.POLLOUT)

    def write(self, record: dict[str, Any]) -> None:
        """Writes one line; strings are truncated to fit `LINE_BYTES`."""
        line = _line(record)
        with self._lock:
            try:
                if self._file < 0 or not self._poll.poll(0):
                    self.dropped += 1  # writing to a full pipe would block
                    return
                # A line that was written incompletely is ended before the next.
                data = b"\n" + line if self._incomplete else line
                written = os.write(self._file, data)
                self._incomplete = written < len(data)
                self.dropped += self._incomplete
            except OSError:
                self.dropped += 1

    def close(self) -> None:
        """Closes the log; later lines are dropped."""
        with self._lock, contextlib.suppress(OSError):
            if self._file >= 0:
                os.close(self._file)
            self._file = -1


class AccessLog:
    """An observer that logs each request.

    Fields: time (ISO 8601, UTC, when the request arrived), client (IP address), method, path (without the query
    string), status, duration_ms, bytes (of the body), user_agent (null if none was sent), cache (hit, miss, or null),
    complete (false if the client disconnected before the response).
    """

    def __init__(self, log: LineLog) -> None:
        self._log = log

    def __call__(self, record: RequestRecord) -> None:
        """Logs one request."""
        environ = record.environ
        self._log.write(
            {
                "time": _time(record.started),
                "client": environ.get("REMOTE_ADDR"),
                "method": environ.get("REQUEST_METHOD"),
                "path": _decoded(environ.get("PATH_INFO", "")),
                "status": record.status,
                "duration_ms": round(record.seconds * 1000, 3),
                "bytes": record.size,
                "user_agent": environ.get("HTTP_USER_AGENT"),
                "cache": environ.get("kelisim.cache"),
                "complete": record.complete,
            }
        )


class QueryLog:
    """An observer that logs each query by its hash, since its text may be confidential.

    It logs requests whose environ has ``kelisim.query``: the text, or its SHA-256 in hexadecimal (16 or 64 digits).
    Fields: time, hash (SHA-256 of the UTF-8 text, first 16 digits), duration_ms, rows (``kelisim.rows``, else null),
    bytes, outcome (``kelisim.outcome`` if an inner layer set it, else from the status: ok, malformed, ...).
    """

    def __init__(self, log: LineLog) -> None:
        self._log = log

    def __call__(self, record: RequestRecord) -> None:
        """Logs one request, if it was a query."""
        environ = record.environ
        query = environ.get("kelisim.query")
        if query is None:
            return
        self._log.write(
            {
                "time": _time(record.started),
                "hash": query_hash(query),
                "duration_ms": round(record.seconds * 1000, 3),
                "rows": environ.get("kelisim.rows"),
                "bytes": record.size,
                "outcome": environ.get("kelisim.outcome") or _outcome(record),
            }
        )


def query_hash(query: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a query's text, which may be given as its hash already."""
    if _HASH.fullmatch(query):
        return query[:16]
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _outcome(record: RequestRecord) -> str:
    if not record.complete:
        return "failed" if record.status >= 500 else "aborted"
    known = _OUTCOMES.get(record.status)
    return known or ("ok" if record.status < 400 else "refused" if record.status < 500 else "failed")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decoded(path: str) -> str:
    """The path as text: in an environ its bytes are decoded as Latin-1 (PEP 3333)."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def _line(record: dict[str, Any]) -> bytes:
    """The record as ASCII: JSON escapes line breaks and control characters, also those that terminals interpret."""
    line = _escaped(record)
    for length in (256, 32):
        if len(line) < LINE_BYTES:
            break
        line = _escaped({k: v[:length] if isinstance(v, str) else v for k, v in record.items()})
    return line.encode("ascii") + b"\n"


def _escaped(record: dict[str, Any]) -> str:
    return _ENCODE(record).replace("\x7f", "\\u007f")  # the one control character that JSON does not escape
