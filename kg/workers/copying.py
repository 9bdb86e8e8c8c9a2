"""The process that writes the copy of a snapshot on disk beside a server: ``python -m kg.workers.copying FOLDER``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from kg.history.history import History
from kg.workers.confinement import die_with_parent

_NICENESS: Final = 19
"""The lowest priority: queries go first."""


def start_copying(folder: Path) -> "subprocess.Popen[bytes]":
    """Starts it for the history in the folder. It ends with the thread that called this."""
    command = [sys.executable, "-m", __name__, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - no input of others


def main(folder: str) -> None:
    """Writes the copy; raises what `History.open` and `History.write_disk_copy` raise."""
    die_with_parent()
    os.nice(_NICENESS)
    with History.open(Path(folder), read_only=True) as history:
        history.write_disk_copy()


if __name__ == "__main__":
    main(sys.argv[1])
