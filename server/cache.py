"""The response cache: answers what was asked before of the same version, before Flask is reached.

Flask alone costs more than a whole small query, so what stands in front of it decides how fast hot answers are.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from server.logs import query_hash

_Key = tuple[str, ...] | tuple[str | bytes, ...]

CACHED_PATHS: Final = frozenset({"/sparql"})
ENTRY_BYTES: Final = 1 << 20
"""Larger answers are not kept."""

_KEY_BODY_BYTES: Final = 1 << 16
_NOT_FOR_304: Final = frozenset({"content-type", "content-length", "content-encoding"})


@dataclass(frozen=True)
class _Entry:
    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    query: str


class ResponseCache:
    """WSGI middleware that keeps public answers of the query endpoint, the least recently used going first.

    `version` tells the dataset's version of now; an answer is found again only under the version that it was given for.
    `capacity` bounds the kept bodies in bytes. It sets ``kelisim.cache`` in the environ to ``hit`` or ``miss``.
    """

    def __init__(self, application: WSGIApplication, version: Callable[[], str], capacity: int = 1 << 26) -> None:
        self._application = application
        self._version = version
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers from the cache, or from the application."""
        key = self._key(environ)
        if key is None:
            return self._application(environ, start_response)
        with self._lock:
            entry = self._entries.get(key)
            if entry:
                self._entries.move_to_end(key)
        if entry is None:
            environ["kelisim.cache"] = "miss"
            return self._ask(key, environ, start_response)
        environ["kelisim.cache"] = "hit"
        environ["kelisim.query"] = entry.query
        if environ.get("HTTP_IF_NONE_MATCH") == entry.etag:
            start_response("304 Not Modified", [h for h in entry.headers if h[0].lower() not in _NOT_FOR_304])
            return []
        start_response("200 OK", entry.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [entry.body]

    def _key(self, environ: WSGIEnvironment) -> _Key | None:
        """What the answer depends on; None where it is not one to keep."""
        if environ["PATH_INFO"] not in CACHED_PATHS or "HTTP_AUTHORIZATION" in environ:
            return None
        method = environ["REQUEST_METHOD"]
        key = (
            self._version(),
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        if method in ("GET", "HEAD"):
            return key
        length = environ.get("CONTENT_LENGTH") or ""
        if method != "POST" or not length.isdigit() or int(length) > _KEY_BODY_BYTES:
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        return (*key, environ.get("CONTENT_TYPE", ""), body)

    def _ask(self, key: _Key, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, headers = "", list[tuple[str, str]]()

        def start(given: str, pairs: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, headers
            status, headers = given, pairs
            return start_response(given, pairs, exc_info) if exc_info else start_response(given, pairs)

        body = self._application(environ, start)
        names = {name.lower(): value for name, value in headers}
        keep = status.startswith(str(HTTPStatus.OK.value)) and "public" in names.get("cache-control", "")
        if (
            not keep
            or environ["REQUEST_METHOD"] == "HEAD"
            or int(names.get("content-length", ENTRY_BYTES + 1)) > ENTRY_BYTES
        ):
            return body
        whole = b"".join(body)
        close = getattr(body, "close", None)
        if close:
            close()
        self._keep(key, _Entry(headers, whole, names.get("etag", ""), query_hash(environ.get("kelisim.query", ""))))
        return [whole]

    def _keep(self, key: _Key, entry: _Entry) -> None:
        with self._lock:
            old = self._entries.pop(key, None)
            self._size -= len(old.body) if old else 0
            self._entries[key] = entry
            self._size += len(entry.body)
            while self._size > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                self._size -= len(oldest.body)
