"""The response cache: answers what was asked before of the same version, before Flask is reached.

Flask alone costs more than a whole small query, so what stands in front of it decides how fast hot answers are.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple
from wsgiref.types import WSGIEnvironment

from werkzeug.http import parse_etags, unquote_etag

from server.front.problems import Answer

_Key = tuple[str | bytes | None, ...]

ENTRY_BYTES: Final = 1 << 20
"""Larger answers are not kept."""

_KEY_BODY_BYTES: Final = 1 << 13
_ENTRY_COSTS: Final = 2500
"""What headers and bookkeeping take beside key and body, about."""

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
    """Keeps public answers, the least recently used going first. For one event loop.

    `version` tells the dataset's version of now; an answer is found again only under the version that it was given for.
    `capacity` bounds what is kept in bytes, keys too. It sets ``kelisim.cache`` in the environ to ``hit`` or ``miss``.
    """

    def __init__(self, version: Callable[[], str], capacity: int = 1 << 26) -> None:
        self._version = version
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def key(self, environ: WSGIEnvironment, body: bytes | None = None) -> _Key | None:
        """What the answer to a request depends on; None where it is not one to keep."""
        if "HTTP_AUTHORIZATION" in environ or "HTTP_RANGE" in environ:
            return None
        address = environ["PATH_INFO"], environ["QUERY_STRING"]
        key = (self._version(), *address, *map(environ.get, _HEADERS))
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return key
        if environ["PATH_INFO"] != "/sparql" or body is None or len(body) > _KEY_BODY_BYTES:
            return None
        return (*key, environ.get("CONTENT_TYPE", ""), body)

    def find(self, key: _Key, environ: WSGIEnvironment) -> Answer | None:
        """The answer that is kept, or that it has not changed for a client that knows it."""
        entry = self._entries.get(key)
        if entry is None:
            environ["kelisim.cache"] = "miss"
            return None
        self._entries.move_to_end(key)
        environ["kelisim.cache"] = "hit"
        environ["kelisim.query"] = entry.query
        environ["kelisim.rows"] = entry.rows
        answer = entry.answer
        if entry.etag and is_known(environ, entry.etag):
            return Answer(304, [h for h in answer.headers if h[0].lower() not in _NOT_FOR_304])
        return answer

    def keep(self, key: _Key, environ: WSGIEnvironment, answer: Answer) -> None:
        """Keeps the answer to a request, if it is public and depends on nothing but the key."""
        body = answer.body
        if answer.status != 200 or not isinstance(body, bytes) or environ["REQUEST_METHOD"] == "HEAD":
            return
        etag = answer.public or _etag_if_public(answer.headers)
        if etag is None or len(body) > ENTRY_BYTES:
            return
        size = len(body) + sum(map(len, filter(None, key))) + _ENTRY_COSTS
        old = self._entries.pop(key, None)
        self._size += size - (old.size if old else 0)
        self._entries[key] = _Entry(answer, etag, environ.get("kelisim.query"), environ.get("kelisim.rows"), size)
        while self._size > self._capacity:
            _, oldest = self._entries.popitem(last=False)
            self._size -= oldest.size


def is_known(environ: WSGIEnvironment, etag: str) -> bool:
    """Whether the client says that it has the answer with this tag (RFC 9110, section 13.1.2)."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    return bool(known) and (known == etag or parse_etags(known).contains_weak(unquote_etag(etag)[0]))


def _etag_if_public(headers: list[tuple[str, str]]) -> str | None:
    """The ETag of an answer that any client may get that asks alike, empty if it has none; None for other answers."""
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
