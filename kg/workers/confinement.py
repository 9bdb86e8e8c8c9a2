"""Limits on a worker process: file descriptors, memory, lifetime."""

import ctypes
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kg.workers.allocator import in_use

_PR_SET_PDEATHSIG: Final = 1
_M_ARENA_MAX: Final = -8
_SIZES: Final = ("VmSize", "VmData", "RssAnon")
_LEAST_MEMORY: Final = 1 << 24
"""Of address space, in bytes, so that a process can begin at all."""


@contextmanager
def forbid_new_files(last: int) -> Iterator[None]:
    """Limits file descriptors to `last`, so that the process can open no socket even if the guard missed a SERVICE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def allow_new_files() -> Iterator[None]:
    """Lifts the limit on file descriptors for trusted code."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class PrivateMemory:
    """Measures how much memory this process no longer shares with the process that it was forked from."""

    def __init__(self, limit: int) -> None:
        """`limit` is the maximum of private memory in bytes."""
        self.exceeded = False
        """The latest result of `is_exceeded`."""
        self._limit = limit
        self._step = limit // resource.getpagesize() // 4
        self._next = self._step

    def is_exceeded(self) -> bool:
        """Whether private memory exceeds the limit; measured only after many page faults, for speed."""
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        if faults < self._next:
            return False
        self._next = faults + self._step
        try:
            with allow_new_files():
                lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
        except OSError:  # not all kernels have it
            return False
        self.exceeded = any(int(x.split()[1]) << 10 > self._limit for x in lines if x.startswith("Private_Dirty:"))
        return self.exceeded


def limit_memory(memory: int, stack: int) -> None:
    """Limits what this process, of one thread, may take beyond what it uses now, with a thread of such a stack.

    The limit is one of address space (setrlimit(2), RLIMIT_AS). Of that mimalloc reserves much which it has not used
    yet, and which counts as part of `memory`; if that is less, what is reserved may be used nevertheless. In bytes.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    pairs = (line.partition(":") for line in status.splitlines())
    sizes = {name: int(value.split()[0]) << 10 for name, _, value in pairs if name in _SIZES}
    reserved = 0
    if in_use() != "system" and "RssAnon" in sizes:  # else it is no allocator that reserved it
        reserved = max(0, sizes["VmData"] - sizes["RssAnon"])
    limit = sizes["VmSize"] + stack + max(memory - reserved, _LEAST_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def use_one_malloc_arena() -> None:
    """Makes all threads of this process allocate from one malloc arena (mallopt(3)).

    Otherwise each thread reserves 128 MiB for an arena of its own, and retries if the memory limit forbids that.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Gives what the allocator holds free back to the system, before processes are forked that would share it.

    Else it stays: an allocator does so while it works, and a process that has loaded a store only waits.
    """
    library = ctypes.CDLL(None)
    if collect := getattr(library, "mi_collect", None):
        collect(True)
    elif trim := getattr(library, "malloc_trim", None):
        trim(0)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Sends this process a signal when its parent dies (prctl(2), PR_SET_PDEATHSIG). Linux only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
