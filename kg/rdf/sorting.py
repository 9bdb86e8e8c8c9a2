"""Lines in order, however many: what does not fit into memory at once goes to temporary files."""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Final

_BLOCK_LINES: Final = 10_000
_MOST_RUNS: Final = 200


def sorted_blocks(batches: Iterable[Iterable[bytes]], folder: Path | None = None) -> Iterator[bytes]:
    """All lines of all batches, each once, in the order of their bytes, some thousand at a time.

    A batch is what may be in memory; lines have their line ends. The temporary files have no names, and are in `folder`
    if one is given. Raises OSError where there is no room for them.
    """
    runs: list[IO[bytes]] = []
    last: list[bytes] = []
    with ExitStack() as stack:
        for batch in batches:
            if last:
                runs.append(_run(stack, last, folder))
            if len(runs) == _MOST_RUNS:
                merged = _run(stack, heapq.merge(*runs), folder)
                for run in runs:  # so that no more files are open
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
