"""A lock in the engine: one writer at a time, on engines whose updates do not wait for one another.

Neither oxigraph's server nor Virtuoso has the condition of an update hold until it is committed: of two at once each
may see the state before the other. So a writer first says in a graph that it is there, then looks who else is. Of two
that do so at once at least one sees the other; who sees another goes back and tries again (as in Dekker's algorithm).

A lock is a lease (Gray, Cheriton: Leases, SOSP 1989) without times in it: its holder counts a heartbeat up. Whoever has
seen no change of it for `LEASE_SECONDS` by its own clock takes the holder for dead and removes the lock; clocks of two
machines are never compared. A holder that was stopped or cut off finds the lock gone before its next write, and ends.
"""

import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import pyoxigraph as ox

from kg.engine.errors import EngineBusyError
from kg.upload.connection import Connection
from kg.upload.names import LOCK_GRAPH, within
from ontology import KelisimError

LEASE_SECONDS: Final = 120.0
"""A heartbeat that stands still for so long is that of a dead holder."""
BEAT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 30.0
"""How long each request of a heartbeat may take: oxigraph has it wait 17 s while 190,000 quads are switched."""
PUBLISH: Final = "kelisim publish"
SERVE: Final = "kelisim serve"

_HOLDER: Final = f"<{LOCK_GRAPH}#holder>"
_PLACE: Final = f"<{LOCK_GRAPH}#place>"
_BEAT: Final = f"<{LOCK_GRAPH}#beat>"


class LockLostError(KelisimError):
    """Others took the holder of a lock for dead."""


class _Entry(NamedTuple):
    """A lock as it is in the engine: its node, who has it, where that process is, its heartbeat."""

    node: str
    holder: str
    place: str
    beat: str


class Lock:
    """A lock that is held. `pattern` matches in the engine as long as it is."""

    def __init__(self, connection: Connection, node: str, holder: str, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._node = node
        self.pattern = within(LOCK_GRAPH, f"{node} {_HOLDER} {ox.Literal(holder)}")
        self._clock = clock
        self._beats, self._lost = 0, False
        self._since = clock()
        self._one_at_a_time = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="kelisim-lock", daemon=True)

    def start(self) -> None:
        """Begins to count the heartbeat up."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the heartbeat; the lock remains."""
        self._ending.set()
        self._thread.join()

    def check(self) -> None:
        """Raises LockLostError if the lock is gone, and KelisimError if that cannot be found out when it must be."""
        if not self._lost and self._clock() - self._since > LEASE_SECONDS / 3:
            self.renew()
        if self._lost:
            raise LockLostError(
                f"Nothing was heard of this writer for {LEASE_SECONDS:.0f} s, so another took its lock in the engine; "
                "it writes no more. Do it again: what was sent already is not sent twice."
            )

    def renew(self) -> None:
        """Counts the heartbeat up."""
        with self._one_at_a_time:
            began = self._clock()
            self._beats += 1
            own = f"{self._node} {_BEAT} ?n"
            where = within(LOCK_GRAPH, f"{self._node} {_HOLDER} ?h . {own}")
            new = within(LOCK_GRAPH, f'{self._node} {_BEAT} "{self._beats}"')
            self._connection.update(f"DELETE {{ {within(LOCK_GRAPH, own)} }} INSERT {{ {new} }} WHERE {{ {where} }}")
            if self._connection.select(f"SELECT ?n WHERE {{ {where} }}"):
                self._since = began
            else:
                self._lost = True

    def _beat(self) -> None:
        while not self._ending.wait(BEAT_SECONDS):
            with suppress(KelisimError):  # the next may come through; `check` says if none does
                self.renew()


class Locks:
    """The locks of an engine as one writer sees them, which remembers since when it has seen each heartbeat."""

    def __init__(
        self, connection: Connection, *, lease: float = LEASE_SECONDS, clock: Callable[[], float] | None = None
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._clock = clock or _clock
        self._seen: dict[str, tuple[str, float]] = {}

    @contextmanager
    def held(
        self,
        who: str,
        wait: float,
        told: Callable[[str, float], None] = lambda *_: None,
        *,
        yields_to: str = "-",
    ) -> Iterator[Lock]:
        """Holds the lock while the block runs; all writes by the connection check it.

        `told` is called with who has it and the seconds for which that was waited. A holder whose name begins with
        `yields_to` is not waited for. Raises EngineBusyError, with who has it and what to do, if others have it for
        longer than `wait` seconds.
        """
        node = f"<{LOCK_GRAPH}#{secrets.token_hex(16)}>"
        holder = f"{who} on {socket.gethostname()}, process {os.getpid()}"
        began = self._clock()
        while others := self._tried(node, holder):
            waited = self._clock() - began
            if waited >= wait or others[0].holder.startswith(yields_to):
                raise self._busy(others[0], waited)
            told(others[0].holder, waited)
            time.sleep(random.uniform(0.05, 0.4))  # noqa: S311 - so that two do not meet again
        lock = Lock(self._connection.another(_ANSWER_SECONDS), node, holder, self._clock)
        lock.start()
        self._connection.before_write = lock.check
        try:
            yield lock
        finally:
            self._connection.before_write = None
            lock.stop()
            with suppress(KelisimError):  # an engine that is gone: others see that the heartbeat stands still
                self._remove(node)

    def _tried(self, node: str, holder: str) -> list[_Entry]:
        """Takes the lock, and gives none; or gives who has it."""
        if others := self._others(node):
            return others
        own = f'{node} {_HOLDER} {ox.Literal(holder)} ; {_PLACE} "{_place()}" ; {_BEAT} "0"'
        others, taken = [], False
        try:
            self._connection.update(f"INSERT DATA {{ {within(LOCK_GRAPH, own)} }}")
            others = self._others(node, own=True)
            taken = not others
        finally:
            if not taken:
                with suppress(KelisimError):
                    self._remove(node)
        return others

    def _others(self, node: str, *, own: bool = False) -> list[_Entry]:
        """The locks of others that live, by name; the others' are removed. `own`: that of `node` must be there."""
        asked = self._clock()
        inside = within(LOCK_GRAPH, f"?lock {_HOLDER} ?holder ; {_PLACE} ?place ; {_BEAT} ?beat")
        rows = self._connection.select(f"SELECT ?lock ?holder ?place ?beat WHERE {{ {inside} }}")
        found = [_Entry(str(r["lock"]), *(str(getattr(r[n], "value", "")) for n in _Entry._fields[1:])) for r in rows]
        if own and all(entry.node != node for entry in found):
            raise self._connection.unseen()
        others, seen = [], dict[str, tuple[str, float]]()
        for entry in found:
            if entry.node == node:
                continue
            beat, since = self._seen.get(entry.node, ("", 0.0))
            seen[entry.node] = (beat, since) if beat == entry.beat else (entry.beat, self._clock())
            if asked - seen[entry.node][1] > self._lease or _is_dead(entry.place):
                self._remove(entry.node, entry.beat)
            else:
                others.append(entry)
        self._seen = seen
        return sorted(others, key=lambda entry: entry.holder)

    def _remove(self, node: str, beat: str = "") -> None:
        """Removes a lock; with `beat` if that is its heartbeat still."""
        of = f"{node} ?p ?o"
        where = f'{of} ; {_BEAT} "{beat}"' if beat else of
        self._connection.update(
            f"DELETE {{ {within(LOCK_GRAPH, of)} }} WHERE {{ {within(LOCK_GRAPH, where)} }}", anyway=True
        )

    def _busy(self, other: _Entry, waited: float) -> EngineBusyError:
        seconds = self._clock() - self._seen[other.node][1]
        return EngineBusyError(
            f"The engine is being written to by {other.holder} (its heartbeat last changed {seconds:.0f} s ago"
            f"{f'; waited {waited:.0f} s' if waited >= 1 else ''}), so nothing was written. Wait until it is done, or "
            f"end it, and try again. If it does not run any more, its lock ends {self._lease:.0f} s after its last "
            "heartbeat."
        )


def _clock() -> float:
    """Seconds, those in which the machine slept too where the system tells them (clock_gettime(2))."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _place() -> str:
    """This process, for those who can see it: its machine since the last start, its namespace of processes, its number.

    Empty where the system does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino} {os.getpid()}"
    except OSError:
        return ""


def _is_dead(place: str) -> bool:
    """Whether it is a process that we would see and do not: then nobody has to wait until its lease is over."""
    there, _, number = place.rpartition(" ")
    if not there or there != _place().rpartition(" ")[0]:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return False
