"""A circuit breaker shared by all processes that ask one engine (Nygard, Release It!, section 5.2).

Closed, requests go through. After `FAILURES` failures in a row it is open: requests are refused at once, so that nobody
waits for an engine that is down. After `OPEN_SECONDS` it is half-open: one request may try; its success closes the
breaker, its failure opens it again. A failure is that of the engine, not of one query: it cannot be reached, it breaks
off, or says itself that it is overloaded.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from kg.engine.errors import EngineBusyError

FAILURES: Final = 5
"""After so many failures in a row the breaker opens."""

OPEN_SECONDS: Final = 5.0
TRIAL_SECONDS: Final = 15.0
"""After so long a trial counts as lost: the process that made it may have been killed."""

_STATE: Final = struct.Struct("=qdd")


class Breaker:
    """The state, in memory that processes share which are forked after its construction."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`name` is that of the engine, for the error."""
        self._name = name
        self._clock = clock
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._lock = os.memfd_create("breaker")

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        failures, opened, _ = self._read()
        if failures < FAILURES:
            return "closed"
        return "open" if self._clock() < opened + OPEN_SECONDS else "half-open"

    def admit(self) -> None:
        """Raises EngineBusyError if no request may be made now."""
        if self._read()[0] < FAILURES:  # the common case, without a lock
            return
        with self._locked():
            failures, opened, trial = self._read()
            now = self._clock()
            if failures < FAILURES:
                return
            if now < opened + OPEN_SECONDS or now < trial + TRIAL_SECONDS:
                raise EngineBusyError(
                    f"The engine {self._name} failed {failures} times in a row, and is tried again in a few seconds. "
                    "What is cached is answered meanwhile."
                )
            self._write(failures, opened, now)

    def succeeded(self) -> None:
        """Notes that the engine answered."""
        if self._read()[0]:
            with self._locked():
                self._write(0, 0.0, -TRIAL_SECONDS)

    def failed(self) -> None:
        """Notes a failure of the engine."""
        with self._locked():
            self._write(self._read()[0] + 1, self._clock(), -TRIAL_SECONDS)

    def _read(self) -> tuple[int, float, float]:
        failures, opened, trial = _STATE.unpack_from(self._memory)
        return failures, opened, trial

    def _write(self, failures: int, opened: float, trial: float) -> None:
        _STATE.pack_into(self._memory, 0, failures, opened, trial)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """A lock between processes, which the kernel takes from one that is killed (fcntl(2))."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)
