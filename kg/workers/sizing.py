"""How much memory a query may take if the operator does not say: by the size of the store and the machine's memory."""

import os
from pathlib import Path
from typing import Final

USUAL_MEMORY: Final = 1 << 30
"""What a query may take of a small store, in bytes."""

LEAST_MEMORY: Final = 1 << 28
"""What it may take on a machine that is too small for its store."""

_COPY: Final = 2.5
"""The size of a store in memory for each byte of its N-Quads: some 340 bytes a quad of some 135."""

_CGROUP: Final = Path("/proc/self/cgroup")
_CGROUPS: Final = Path("/sys/fs/cgroup")


def query_memory(snapshot_bytes: int, machine_bytes: int, workers: int) -> int:
    """What one query may take, in bytes, over a store whose N-Quads are so long.

    A query that reads everything copies all that it reads, since reading counts references in it, so it may take as
    much as the store; no less than 1 GiB, and no more than its share of what the store leaves of the machine's memory,
    one for each of the `workers` that may have a long query and one for all else; but always 256 MiB.
    """
    store = int(_COPY * snapshot_bytes)
    share = (machine_bytes - store) // (workers + 1)
    return max(LEAST_MEMORY, min(max(USUAL_MEMORY, store), share))


def machine_memory() -> int:
    """The memory of this machine, or the limit of the control group (cgroup version 2) that is less; in bytes."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    try:
        own = next(line[3:] for line in _CGROUP.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return found[0]
    group = _CGROUPS / own.strip("/")
    for folder in (group, *group.parents):
        if not folder.is_relative_to(_CGROUPS):
            break
        try:
            found.append(int((folder / "memory.max").read_text()))
        except (OSError, ValueError):  # the root has none, and one without a limit says "max"
            continue
    return min(found)
