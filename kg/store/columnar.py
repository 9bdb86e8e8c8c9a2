"""Keeps columns (`kg.columns`) of a store with a history: made beside the server, and anew after changes."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.engine.errors import BusyError
from kg.history.history import History
from kg.store.background import PAUSE_FACTOR

LEAST_QUADS: Final = 200_000
"""Stores with fewer quads have no columns: the row engine is fast enough there."""

_POLL_SECONDS: Final = 1.0


class ColumnsKeeper:
    """A thread that has a process make the columns of the latest version, and then those who answer use them.

    The files are in a temporary folder, which is removed at the end; a process that makes columns ends with it.
    """

    def __init__(
        self,
        history: History,
        begin: Callable[[], int],
        use: Callable[[str], None],
        latest: Callable[[], int],
        least: int = LEAST_QUADS,
    ) -> None:
        """`begin`, `use`: those of the pool, for other threads than its own; `latest` is the number of the version.

        `begin` may raise BusyError: not yet.
        """
        self._history = history
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
        with tempfile.TemporaryDirectory(prefix="kelisim-columns-") as folder:
            made = -1
            while not self._stopped.wait(_POLL_SECONDS):
                if made == self._latest():
                    continue
                began = time.monotonic()
                with suppress(BusyError):
                    made = self._begin()
                    file = Path(folder) / f"columns-{made}"
                    if self._build(made, file):
                        self._use(str(file))
                    for other in Path(folder).glob("columns-*"):
                        if other != file:
                            other.unlink(missing_ok=True)
                self._stopped.wait(PAUSE_FACTOR * (time.monotonic() - began))

    def _build(self, version: int, file: Path) -> bool:
        command = [
            sys.executable,
            "-P",
            "-m",
            "kg.columns.building",
            str(self._history.folder),
            str(version),
            str(file),
        ]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:  # noqa: S603 - no input of others
            while process.poll() is None:
                if self._stopped.wait(0.05):
                    process.terminate()
                    process.wait()
        return process.returncode == 0
