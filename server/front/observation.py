"""The record of each finished request, status, size and duration, for metrics and logs."""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment


class RequestRecord(NamedTuple):
    """One finished request.

    started: when the request arrived, in seconds since the epoch. seconds: from then until the response was given to
    the connection, which sends it as the client reads. size: bytes of the response body. complete: False if the client
    had disconnected by then.
    """

    environ: WSGIEnvironment
    status: int
    size: int
    started: float
    seconds: float
    complete: bool


Observer = Callable[[RequestRecord], None]


def notify(observers: Iterable[Observer], record: RequestRecord) -> None:
    """Calls each observer with a record; an exception in one is logged and affects nothing else."""
    for observer in observers:
        try:
            observer(record)
        except Exception:
            logging.getLogger("kelisim").exception("An observer of requests failed")
