"""Something made from the store that is made again in the background when the store has changed."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from kg.engine.errors import BusyError

REST: Final = 3.0
"""How many times as long as it worked the maker rests: it takes a quarter of one processor at most."""

PATIENCE_SECONDS: Final = 2.0
"""How long a request waits for the state of now before it gets the one before."""

_LOOK_SECONDS: Final = 1.0

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Cached(Generic[_Value]):
    """What was made, the version of the store that it was made from, and whether that is the version of now."""

    value: _Value
    version: str
    fresh: bool


class Refresher(Generic[_Value]):
    """Keeps what is made from a store up to date; safe for several threads.

    It is made first when it is first asked for. From then on a thread looks for a new version every second, and makes
    it anew after a rest in proportion to what the making takes. So it is never further behind than five times that and
    a second, and where the making is quick a request that comes after a change waits for it.
    """

    def __init__(self, version: Callable[[], str], make: Callable[[], _Value]) -> None:
        """`version` names the store's state of now; `make` reads it."""
        self._version = version
        self._make = make
        self._held: tuple[_Value, str] | None = None
        self._changed = threading.Condition()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def made(self) -> bool:
        """Whether there is something already, of whatever version."""
        return self._held is not None

    def get(self, patience: float = PATIENCE_SECONDS) -> Cached[_Value]:
        """What is made of the version of now, or after `patience` seconds that of an older one.

        Raises BusyError while nothing is made yet.
        """
        version = self._version()
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="kelisim-current", daemon=True)
                self._thread.start()
            if self._held is None or self._held[1] != version:
                self._wanted.set()
                self._changed.wait_for(lambda: self._held is not None and self._held[1] == version, patience)
            if self._held is None:
                raise BusyError("The search index is being made for the first time. Try again in a few seconds.")
            value, made_of = self._held
            return Cached(value, made_of, made_of == version)

    def _keep(self) -> None:
        made_of = ""
        while True:
            self._wanted.wait(_LOOK_SECONDS)
            self._wanted.clear()
            version = self._version()
            if version == made_of:
                continue
            began = time.monotonic()
            try:
                value = self._make()
            except Exception:
                # Whatever it was, such as a store out of workers: the next round tries again.
                logging.getLogger("kelisim").exception("The search index could not be made")
            else:
                made_of = version
                with self._changed:
                    self._held = value, version
                    self._changed.notify_all()
            time.sleep(REST * (time.monotonic() - began))
