"""Watches every request from outside: one place where status, size and duration are seen, for metrics and logs."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Exchange(NamedTuple):
    """One request and what became of it.

    started: seconds since the epoch, when the request came. seconds: from then until the end of the body's streaming,
    or until the body is handed over where it is a list, which the server sends without Python.
    size: bytes of the body. complete: False if the client left, or the body failed, before its end.
    """

    environ: WSGIEnvironment
    status: int
    size: int
    started: float
    seconds: float
    complete: bool


Observer = Callable[[Exchange], None]


class Observation:
    """WSGI middleware, the outermost: tells each observer of each exchange when it is over.

    A list stays a list, since Granian sends lists without holding a thread. An observer that fails is logged and never
    fails the request. An application that raises is told of as status 500, and the error goes on to the server.
    """

    def __init__(
        self,
        application: WSGIApplication,
        observers: Sequence[Observer],
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._application = application
        self._observers = tuple(observers)
        self._clock = clock
        self._now = now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes the request on and watches it."""
        started, began = self._now(), self._clock()
        status = "500"

        def start(given: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = given
            return start_response(given, headers, exc_info) if exc_info else start_response(given, headers)

        try:
            body = self._application(environ, start)
        except BaseException:
            self._tell(Exchange(environ, 500, 0, started, self._clock() - began, False))
            raise
        if isinstance(body, list):
            size = len(body[0]) if len(body) == 1 else sum(map(len, body))
            self._tell(Exchange(environ, int(status[:3]), size, started, self._clock() - began, True))
            return body

        def over(size: int, complete: bool) -> None:
            self._tell(Exchange(environ, int(status[:3]), size, started, self._clock() - began, complete))

        return _Watched(body, over)

    def _tell(self, exchange: Exchange) -> None:
        for observer in self._observers:
            try:
                observer(exchange)
            except Exception:
                logging.getLogger("kelisim").exception("An observer of requests failed")


class _Watched:
    """A body that counts its bytes, and tells once when it is closed."""

    def __init__(self, body: Iterable[bytes], over: Callable[[int, bool], None]) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._over: Callable[[int, bool], None] | None = over
        self._size = 0
        self._complete = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._parts is None:
            self._parts = iter(self._body)
        try:
            part = next(self._parts)
        except StopIteration:
            self._complete = True
            raise
        self._size += len(part)
        return part

    def close(self) -> None:
        """Closes what is inside (PEP 3333: always called, also after an error), then tells."""
        try:
            with suppress(AttributeError):
                close = self._body.close  # type: ignore[attr-defined]
                close()
        finally:
            over, self._over = self._over, None
            if over:
                over(self._size, self._complete)
