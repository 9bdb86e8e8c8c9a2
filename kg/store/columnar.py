"""Keeps columns (`kg.columns`) of a store with a history: in its folder, made beside the server, anew after changes.

``columns/NAME`` in the folder of a history are the columns of the version that `kg.history.chain` gives that name.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.columns.files import FORMAT, is_whole
from kg.engine.errors import BusyError
from kg.history.history import History
from kg.store.background import PAUSE_FACTOR
from ontology import KelisimError

LEAST_QUADS: Final = 200_000
"""Stores with fewer quads have no columns: the row engine is fast enough there."""

_MOST_PATCHES: Final = 1000
"""Columns that are so many versions behind are of no use."""

_POLL_SECONDS: Final = 1.0


class ColumnsKeeper:
    """A thread that has a process make the columns of the latest version, and then those who answer use them.

    Columns that the store has from before are used at once, if they are whole; what has changed since is told. The
    process that makes columns ends with the thread.
    """

    def __init__(
        self,
        history: History,
        begin: Callable[[], int],
        use: Callable[[str, Sequence[str]], None],
        latest: Callable[[], int],
        least: int = LEAST_QUADS,
    ) -> None:
        """`begin`, `use`: those of the pool, for other threads than its own; `latest` is the number of the version.

        `begin` may raise BusyError: not yet.
        """
        self._history = history
        self._folder = history.folder / "columns"
        self._begin, self._use, self._latest = begin, use, latest
        self._least = least
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kelisim-columns", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, soon."""
        self._stopped.set()
        self._thread.join(5)

    def _run(self) -> None:
        if self._history.snapshot_quads < self._least:
            return
        made, looked = -1, False
        while not self._stopped.wait(_POLL_SECONDS if looked else 0.05):
            if made == self._latest():
                continue
            began = time.monotonic()
            with suppress(BusyError, KelisimError, OSError):
                version = self._begin()
                if not looked:
                    looked, made = True, self._use_kept(version)
                if made != version:
                    made = version
                    self._make(version)
                    self._stopped.wait(PAUSE_FACTOR * (time.monotonic() - began))

    def _name(self, version: int) -> str:
        return f"{self._history.chain.get(version)[:40]}-{FORMAT}"

    def _use_kept(self, version: int) -> int:
        """Uses what is there of that version or of one before, and returns which; -1 if there is nothing."""
        names = {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()
        least = max(self._history.oldest, version - _MOST_PATCHES)
        for before in range(version, least - 1, -1) if names else ():
            if self._name(before) in names and is_whole(folder := self._folder / self._name(before)):
                touched = set[str]()
                for number, patch in self._history.patches(before):
                    if number <= version:
                        touched |= {quad.predicate.value for quad in (*patch.deletes, *patch.adds)}
                self._use(str(folder), sorted(touched))
                return before
        return -1

    def _make(self, version: int) -> None:
        self._folder.mkdir(exist_ok=True)
        folder = self._folder / self._name(version)
        for other in self._folder.iterdir():
            if other.name.count("-") > 1:  # left by a process that was ended
                shutil.rmtree(other, ignore_errors=True)
        if self._build(version, folder):
            self._use(str(folder), ())
            for other in self._folder.iterdir():
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)

    def _build(self, version: int, folder: Path) -> bool:
        command = [
            sys.executable,
            "-P",
            "-m",
            "kg.columns.building",
            str(self._history.folder),
            str(version),
            str(folder),
        ]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:  # noqa: S603 - no input of others
            while process.poll() is None:
                if self._stopped.wait(0.05):
                    process.terminate()
                    process.wait()
        return process.returncode == 0
