"""Heads of requests that came before: their meaning is known, and they are not parsed again.

Programs and browsers send the same request many times, and to parse a long address is half of the work of a response
from the cache. What counts are the very bytes, so that nothing is read otherwise than it was by the parser.
"""

from typing import Final, NamedTuple
from wsgiref.types import WSGIEnvironment

LONGEST: Final = 4096
"""The longest head that is remembered, in bytes."""

_MOST: Final = 512
_MOST_SEEN: Final = 8192


class Head(NamedTuple):
    """A head of a request without a body, after which the connection stays open."""

    environ: WSGIEnvironment
    version: str


class KnownHeads:
    """Remembers heads that came twice; those that came first are forgotten first. For one event loop."""

    def __init__(self) -> None:
        self._heads: dict[bytes, Head] = {}
        self._seen: dict[int, None] = {}
        """The hashes of heads that came once."""

    def get(self, data: bytes) -> Head | None:
        """The head that these bytes are, if it is known."""
        return self._heads.get(data)

    def add(self, data: bytes, environ: WSGIEnvironment, version: str) -> None:
        """Tells what the bytes mean; the environ is copied."""
        if len(data) > LONGEST:
            return
        digest = hash(data)
        if digest not in self._seen:
            self._seen[digest] = None
            if len(self._seen) > _MOST_SEEN:
                del self._seen[next(iter(self._seen))]
            return
        self._heads[data] = Head(environ.copy(), version)
        if len(self._heads) > _MOST:
            del self._heads[next(iter(self._heads))]
