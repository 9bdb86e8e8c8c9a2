"""Lines in order, however many: what does not fit into memory at once goes to temporary files."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

_BLOCK_LINES: Final = 10_000


def sorted_blocks(batches: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """All lines of all batches, each once, in the order of their bytes, some thousand at a time.

    A batch is what may be in memory; lines have their line ends. Raises OSError where there is no room for the files.
    """
    with ExitStack() as stack:
        runs: list[Iterable[bytes]] = []
        last: list[bytes] = []
        for batch in batches:
            if last:
                run = stack.enter_context(tempfile.TemporaryFile())
                run.writelines(last)
                run.seek(0)
                runs.append(run)
            last = sorted({*batch})
        lines = iter(map(itemgetter(0), groupby(heapq.merge(*runs, last))))
        while block := b"".join(islice(lines, _BLOCK_LINES)):
            yield block
