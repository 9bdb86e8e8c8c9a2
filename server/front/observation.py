"""What is told of each request when it is over: status, size and duration, for metrics and logs."""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment


class Exchange(NamedTuple):
    """One request and what became of it.

    started: seconds since the epoch, when the request came. seconds: from then until the end of the body's streaming,
    or until the body is handed over where it is in one part, which the server sends without Python.
    size: bytes of the body. complete: False if the client left, or the body failed, before its end.
    """

    environ: WSGIEnvironment
    status: int
    size: int
    started: float
    seconds: float
    complete: bool


Observer = Callable[[Exchange], None]


def tell(observers: Iterable[Observer], exchange: Exchange) -> None:
    """Tells each observer of an exchange that is over; one that fails is logged and fails no request."""
    for observer in observers:
        try:
            observer(exchange)
        except Exception:
            logging.getLogger("kelisim").exception("An observer of requests failed")
