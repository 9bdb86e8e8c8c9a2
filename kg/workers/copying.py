"""The process that writes the copy of a snapshot on disk beside a server: ``python -m kg.workers.copying FOLDER``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from kg.history.history import History
from kg.workers.confinement import die_with_parent
from ontology import KelisimError

_NICENESS: Final = 19
"""The lowest priority: queries go first."""


def start_copying(folder: Path) -> "subprocess.Popen[bytes]":
    """Starts it for the history in the folder. It ends with the thread that called this."""
    command = [sys.executable, "-P", "-m", __name__, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - no input of others


def main(folder: str) -> None:
    """Writes the copy; a failure is told on standard error, and the next start is slower."""
    die_with_parent()
    os.nice(_NICENESS)
    try:
        with History.open(Path(folder), read_only=True) as history:
            history.write_disk_copy()
    except KelisimError as error:
        sys.exit(f"No copy on disk for a fast start: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
