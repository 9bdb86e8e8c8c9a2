"""External merge sort of lines, with temporary files."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Final

_BLOCK_LINES: Final = 10_000
_MAX_RUNS: Final = 200


def sorted_blocks(batches: Iterable[Iterable[bytes]], folder: Path | None = None) -> Iterator[bytes]:
    """The distinct lines of all batches in byte order, in blocks of some thousand lines.

    A batch must fit into memory; lines include their line ends. The temporary files are unnamed, and in `folder` if
    one is given. Raises OSError if the disk is full.
    """
    runs: list[IO[bytes]] = []
    last: list[bytes] = []
    with ExitStack() as stack:
        for batch in batches:
            if last:
                runs.append(_run(stack, last, folder))
            if len(runs) == _MAX_RUNS:
                merged = _run(stack, heapq.merge(*runs), folder)
                for run in runs:  # so that the number of open files is bounded
                    run.close()
                runs = [merged]
            last = sorted({*batch})
        lines = iter(map(itemgetter(0), groupby(heapq.merge(*runs, last))))
        while block := b"".join(islice(lines, _BLOCK_LINES)):
            yield block


def _run(stack: ExitStack, lines: Iterable[bytes], folder: Path | None) -> IO[bytes]:
    run = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - the stack closes it
    run.writelines(lines)
    run.seek(0)
    return run
