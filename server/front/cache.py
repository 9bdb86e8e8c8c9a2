"""The response cache in front of Flask: responses by request and version of the data.

Flask alone costs more than a small query, so a hit must not pass through it. Parameters that a page does not read, such
as those that campaigns append to links, are no part of a key: for each path the names are kept that any response from
there was made from (``kelisim.parameters`` in the environ). They are in the key with their values, so that an entry is
found only by requests that agree in all that it was made from.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple
from wsgiref.types import WSGIEnvironment

from werkzeug.http import parse_etags, unquote_etag

from server.front.parameters import parameters_named
from server.front.problems import Answer, KeptHeaders

CacheKey = tuple[str | bytes | None, ...]

ENTRY_BYTES: Final = 1 << 20
"""Larger response bodies are not cached."""

_KEY_BODY_BYTES: Final = 1 << 13
_MOST_PATHS: Final = 10_000
"""The most paths whose parameters are known."""

_ENTRY_OVERHEAD: Final = 2500
"""Estimated bytes of an entry's headers and Python objects, beside its key and body."""

_KEYED: Final = ("host", "accept", "accept-encoding", "accept-language", "cookie")
_HEADERS: Final = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in _KEYED)
_NOT_FOR_304: Final = frozenset({"content-type", "content-length", "content-encoding"})


class _Entry(NamedTuple):
    answer: Answer
    etag: str
    query: str | None
    rows: int | None
    size: int


class ResponseCache:
    """A least-recently-used cache of public responses. For one event loop.

    `version` returns the dataset's current version, which is part of every key, so that a change invalidates all
    entries. `capacity` limits the bytes of bodies, keys and `_ENTRY_OVERHEAD` together. A lookup sets
    ``kelisim.cache`` in the environ to ``hit`` or ``miss``.
    """

    def __init__(self, version: Callable[[], str], capacity: int = 1 << 26) -> None:
        self._version = version
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[CacheKey, _Entry] = OrderedDict()
        self._read: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        """The names of the parameters from which responses were made, in order, by path."""

    def key(self, environ: WSGIEnvironment, body: bytes | None = None) -> CacheKey | None:
        """The cache key: all that the response depends on; None for a request that is not cacheable."""
        if "HTTP_AUTHORIZATION" in environ or "HTTP_RANGE" in environ or "HTTP_ACCEPT_DATETIME" in environ:
            return None
        address = environ["PATH_INFO"], self._parameters(environ)
        key = (self._version(), *address, *map(environ.get, _HEADERS), environ.get("wsgi.url_scheme"))
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return key
        if environ["PATH_INFO"] != "/sparql" or body is None or len(body) > _KEY_BODY_BYTES:
            return None
        return (*key, environ.get("CONTENT_TYPE", ""), body)

    def find(self, key: CacheKey, environ: WSGIEnvironment) -> Answer | None:
        """The cached response, or 304 if the client has it already (If-None-Match); None for a miss."""
        entry = self._entries.get(key)
        if entry is None:
            environ["kelisim.cache"] = "miss"
            return None
        self._entries.move_to_end(key)
        environ["kelisim.cache"] = "hit"
        environ["kelisim.query"] = entry.query
        environ["kelisim.rows"] = entry.rows
        answer = entry.answer
        if entry.etag and if_none_match(environ, entry.etag):
            return Answer(304, [h for h in answer.headers if h[0].lower() not in _NOT_FOR_304])
        return answer

    def put(self, key: CacheKey, environ: WSGIEnvironment, answer: Answer) -> None:
        """Caches the response to a request, if it is public and varies by nothing but the key.

        `key` is that which `key` gave; where it is known only now which parameters count, that is what will be found.
        """
        body = answer.body
        if answer.status != 200 or not isinstance(body, bytes) or environ["REQUEST_METHOD"] == "HEAD":
            return
        etag = answer.public or _etag_if_public(answer.headers)
        if etag is None or len(body) > ENTRY_BYTES:
            return
        self._learn(environ)
        key = (*key[:2], self._parameters(environ), *key[3:])  # others may have learned more since
        size = len(body) + sum(map(len, filter(None, key))) + _ENTRY_OVERHEAD
        old = self._entries.pop(key, None)
        self._size += size - (old.size if old else 0)
        answer = answer._replace(headers=KeptHeaders(answer.headers))
        self._entries[key] = _Entry(answer, etag, environ.get("kelisim.query"), environ.get("kelisim.rows"), size)
        while self._size > self._capacity:
            _, oldest = self._entries.popitem(last=False)
            self._size -= oldest.size

    def _parameters(self, environ: WSGIEnvironment) -> str:
        """The parameters that count for the path, as far as is known, with the names of all that would."""
        given: str = environ["QUERY_STRING"]
        if environ["REQUEST_METHOD"] == "POST":  # of which nobody notes what is read
            return given
        names = self._read.get(environ["PATH_INFO"])
        return "\n".join((parameters_named(names, given), *names)) if names and "*" not in names else given

    def _learn(self, environ: WSGIEnvironment) -> None:
        """Notes the parameters that a response was made from."""
        read, path = environ.get("kelisim.parameters"), environ["PATH_INFO"]
        known = self._read.get(path, ())
        if not read or environ["REQUEST_METHOD"] == "POST" or read.issubset(known):
            return
        self._read[path] = tuple(sorted(read.union(known)))
        self._read.move_to_end(path)
        if len(self._read) > _MOST_PATHS:
            self._read.popitem(last=False)


def if_none_match(environ: WSGIEnvironment, etag: str) -> bool:
    """Whether If-None-Match holds this ETag, by weak comparison (RFC 9110, section 13.1.2)."""
    given = environ.get("HTTP_IF_NONE_MATCH")
    return bool(given) and (given == etag or parse_etags(given).contains_weak(unquote_etag(etag)[0]))


def _etag_if_public(headers: list[tuple[str, str]]) -> str | None:
    """The ETag of a response that is public and varies by the key alone, empty if it has none; None for others."""
    public, etag = False, ""
    for name, value in headers:
        name = name.lower()  # noqa: PLW2901 - the same name
        if name == "cache-control":
            public = "public" in value
        elif name == "etag":
            etag = value
        elif name == "set-cookie" or (name == "vary" and not _is_keyed(value)):
            return None
    return etag if public else None


@lru_cache(maxsize=256)
def _is_keyed(vary: str) -> bool:
    return {name.strip().lower() for name in vary.split(",")} <= {*_KEYED}
