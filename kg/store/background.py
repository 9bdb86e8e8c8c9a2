"""A value derived from the store, such as the search index, refreshed in the background after changes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from kg.engine.errors import BusyError

PAUSE_FACTOR: Final = 3.0
"""The pause after a refresh as a multiple of its duration: the thread uses at most a quarter of one processor."""

WAIT_SECONDS: Final = 2.0
"""How long a request waits for the current value before it gets the previous one, in seconds."""

_POLL_SECONDS: Final = 1.0

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Cached(Generic[_Value]):
    """A value, the version of the store from which it was made, and whether that is the current version."""

    value: _Value
    version: str
    fresh: bool


class Refresher(Generic[_Value]):
    """Keeps a value derived from the store up to date; thread-safe.

    It is made on the first request. From then on a thread polls for a new version every second and makes the value
    again, with a pause in proportion to the time that takes. So its age is at most five times that time plus a second.
    A request after a change waits for the new value for a limited time.
    """

    def __init__(self, version: Callable[[], str], make: Callable[[], _Value], name: str = "search index") -> None:
        """`version` returns the store's current version; `make` computes the value; `name` is for messages."""
        self._name = name
        self._version = version
        self._make = make
        self._cached: tuple[_Value, str] | None = None
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a value, of any version."""
        return self._cached is not None

    def get(self, timeout: float = WAIT_SECONDS) -> Cached[_Value]:
        """The value for the current version, or after `timeout` seconds the latest one.

        Raises BusyError if there is none yet.
        """
        version = self._version()
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._refresh_forever, name="kelisim-current", daemon=True)
                self._thread.start()
            if self._cached is None or self._cached[1] != version:
                self._wanted.set()
                self._changed.wait_for(lambda: self._cached is not None and self._cached[1] == version, timeout)
            if self._cached is None:
                raise BusyError(f"The {self._name} is being made for the first time. Try again in a few seconds.")
            value, made_from = self._cached
            return Cached(value, made_from, made_from == version)

    def _refresh_forever(self) -> None:
        made_from = ""
        while True:
            self._wanted.wait(_POLL_SECONDS)
            self._wanted.clear()
            version = self._version()
            if version == made_from:
                continue
            began = time.monotonic()
            try:
                value = self._make()
            except Exception:
                # Any error, such as an overloaded store: the next round tries again.
                logging.getLogger("kelisim").exception("The %s could not be made", self._name)
            else:
                made_from = version
                with self._changed:
                    self._cached = value, version
                    self._changed.notify_all()
            time.sleep(PAUSE_FACTOR * (time.monotonic() - began))
