"""The process that works out the digest of a large snapshot beside a server: ``python -m kg.workers.digesting FOLDER``.

It prints the version of the snapshot and the sum (`kg.rdf.set_digest`) in hexadecimal.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from kg.history.digests import QUICK_BYTES, Digests
from kg.history.history import History
from kg.workers.confinement import die_with_parent
from ontology import KelisimError

_NICENESS: Final = 19


def digest_beside(history: History) -> None:
    """Sets the sum over the history's snapshot, if it is large and not known; waits for the process."""
    try:
        digests, base, size = history.digests, history.oldest, history.snapshot_bytes
    except KelisimError:  # it was closed
        return
    if digests.known or size <= QUICK_BYTES:
        return
    command = [sys.executable, "-P", "-m", __name__, str(history.folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own
    found, _, total = done.stdout.decode().strip().partition(" ")
    if done.returncode == 0 and found == str(base):  # else it was compacted meanwhile
        digests.set_base(bytes.fromhex(total))


def main(folder: str) -> None:
    """Prints the sum; a failure is told on standard error, and versions have no digest."""
    die_with_parent()
    os.nice(_NICENESS)
    try:
        with History.open(Path(folder), read_only=True) as history:
            digests: Digests = history.digests
            print(history.oldest, digests.compute().hex())
    except KelisimError as error:
        sys.exit(f"No digests of versions: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
