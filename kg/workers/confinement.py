"""What keeps a worker process within its bounds."""

import ctypes
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_M_ARENA_MAX: Final = -8


@contextmanager
def forbid_new_files(last: int) -> Iterator[None]:
    """Lets this process open no file or socket beyond `last`: whatever gets past the guard, no request gets out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def allow_new_files() -> Iterator[None]:
    """Lets this process open files again, for code of our own that reads them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class PrivateMemory:
    """DisconnectWatcher how much memory this process shares no more with the one that it was forked from."""

    def __init__(self, limit: int) -> None:
        """`limit` is how many bytes it may have of its own."""
        self.exceeded = False
        """What `is_exceeded` found last."""
        self._limit = limit
        self._step = limit // resource.getpagesize() // 4
        self._next = self._step

    def is_exceeded(self) -> bool:
        """Whether it has more; looked at only when many pages are new, since that takes milliseconds."""
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        if faults < self._next:
            return False
        self._next = faults + self._step
        try:
            with allow_new_files():
                lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        except OSError:  # not every kernel tells
            return False
        self.exceeded = any(int(x.split()[1]) << 10 > self._limit for x in lines if x.startswith("Private_Dirty:"))
        return self.exceeded


def use_one_malloc_arena() -> None:
    """Has all threads of this process allocate from one arena, where the C library has several (mallopt(3)).

    Else each thread reserves 128 MiB for one of its own, and where limits forbid that, tries it again and again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_ARENA_MAX, 1)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Has this process get a signal when the one dies that forked it (prctl(2), PR_SET_PDEATHSIG). Linux only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
